//! Which line is which topology: labels at line ends, a list beside the panel, or rows above
//! several panels.

use super::canvas::{Align, Canvas, Pen, Point, text_width, wrap};
use super::figure::{Area, Figure, Key, Line, Panel, int, line_height, pixels};
use super::style::{LABEL, LABEL_WIDTH_MAX, MARGIN, MUTED, NOTE, STROKE, WIDTH, colour, label_colour, marker};

/// Length of the leader from a line's end to its label.
const LEADER: i32 = 34;
/// Length of the sample of a line in lists and rows.
const SAMPLE: i32 = 44;
/// Room between a sample and its label, and between labels in a row.
const GAP: i32 = 10;

/// The width that the key takes beside the panel.
pub(super) fn width_beside(figure: &Figure) -> i32 {
    let before = match figure.key {
        Key::LineEnds => LEADER + GAP,
        Key::List => 2 * GAP + SAMPLE + GAP,
        Key::Rows | Key::None => return 0,
    };
    before + lines_of(figure).map(label_width).max().unwrap_or(0)
}

/// The height that the key needs beside the panel.
pub(super) fn height_beside(figure: &Figure) -> i32 {
    match figure.key {
        Key::LineEnds | Key::List => lines_of(figure).map(label_height).sum(),
        Key::Rows | Key::None => 0,
    }
}

fn lines_of(figure: &Figure) -> impl Iterator<Item = &Line> {
    figure.panels.iter().flat_map(|panel| &panel.lines)
}

fn label_lines(line: &Line) -> Vec<String> {
    wrap(&line.label, LABEL, LABEL_WIDTH_MAX)
}

fn label_width(line: &Line) -> i32 {
    let label = label_lines(line).iter().map(|text| text_width(text, LABEL)).max().unwrap_or(0);
    label.max(line.detail.as_ref().map_or(0, |detail| text_width(detail, NOTE)))
}

fn label_height(line: &Line) -> i32 {
    let detail = line.detail.as_ref().map_or(0, |_| line_height(NOTE) + 6);
    int(label_lines(line).len()) * line_height(LABEL) + detail
}

/// Labels at the right ends of the lines, moved up or down where they would touch. A line that ends
/// early has its label where it ends, if there is room.
pub(super) fn draw_line_ends(canvas: &mut Canvas<'_>, figure: &Figure, panel: &Panel, area: Area) {
    let ends = panel.lines.iter().filter_map(|line| Some((line, *pixels(figure, line, area).last()?)));
    let has_room = |line: &Line, end: Point| end.0 + 2 * GAP + label_width(line) < area.right;
    let (early, ends): (Vec<_>, Vec<_>) = ends.partition(|&(line, end)| has_room(line, end));
    let settled = |ends: &[(&Line, Point)]| {
        let wanted: Vec<(i32, i32)> = ends.iter().map(|(line, end)| (end.1, label_height(line))).collect();
        settle(&wanted, area.top - 10, area.bottom + 10)
    };
    for ((line, end), centre) in early.iter().zip(settled(&early)) {
        draw_label(canvas, line, (end.0 + 2 * GAP, centre - label_height(line) / 2));
    }
    for ((line, end), centre) in ends.iter().zip(settled(&ends)) {
        let label_left = area.right + LEADER + GAP / 2;
        let knee = (area.right + GAP, end.1);
        canvas.line(&[*end, knee, (label_left - 4, centre)], Pen::solid(colour(line.style), 1));
        draw_label(canvas, line, (label_left, centre - label_height(line) / 2));
    }
}

/// A list to the right of the panel, with a sample of each line.
pub(super) fn draw_list(canvas: &mut Canvas<'_>, panel: &Panel, area: Area) {
    let left = area.right + 2 * GAP;
    let mut top = area.top;
    for line in &panel.lines {
        draw_sample(canvas, line, (left, top + line_height(LABEL) / 2));
        draw_label(canvas, line, (left + SAMPLE + GAP, top));
        top += label_height(line);
    }
}

/// Rows above the panels, with a sample of each topology's line.
pub(super) fn draw_rows(canvas: &mut Canvas<'_>, panels: &[Panel], top: i32) {
    for (line, left, row) in flow(panels) {
        let y = top + row * line_height(LABEL);
        draw_sample(canvas, line, (left, y + line_height(LABEL) / 2));
        let at = (left + SAMPLE + GAP, y + line_height(LABEL) / 2);
        canvas.text(&line.label, at, LABEL, label_colour(line.style), Align::Left);
    }
}

/// The height of [`draw_rows`].
pub(super) fn rows_height(panels: &[Panel]) -> i32 {
    flow(panels).last().map_or(0, |(_, _, row)| (row + 1) * line_height(LABEL))
}

/// One line a topology, with the left end of its sample and its row.
fn flow(panels: &[Panel]) -> Vec<(&Line, i32, i32)> {
    let mut lines: Vec<&Line> = panels.iter().flat_map(|panel| &panel.lines).collect();
    lines.sort_by_key(|line| line.topology);
    lines.dedup_by_key(|line| line.topology);
    let (mut left, mut row) = (MARGIN, 0);
    let mut placed = Vec::new();
    for line in lines {
        let width = SAMPLE + GAP + text_width(&line.label, LABEL);
        if left > MARGIN && left + width > WIDTH - MARGIN {
            (left, row) = (MARGIN, row + 1);
        }
        placed.push((line, left, row));
        left += width + 2 * GAP;
    }
    placed
}

fn draw_sample(canvas: &mut Canvas<'_>, line: &Line, (left, y): (i32, i32)) {
    let tone = colour(line.style);
    let hollow = !line.marks.is_empty() && line.marks.iter().all(|mark| mark.hollow);
    canvas.line(&[(left, y), (left + SAMPLE, y)], Pen { colour: tone, width: STROKE, dashed: hollow });
    canvas.marker((left + SAMPLE / 2, y), marker(line.style), tone, hollow);
}

fn draw_label(canvas: &mut Canvas<'_>, line: &Line, (left, top): (i32, i32)) {
    let mut y = top + line_height(LABEL) / 2;
    for text in label_lines(line) {
        canvas.text(&text, (left, y), LABEL, label_colour(line.style), Align::Left);
        y += line_height(LABEL);
    }
    if let Some(detail) = &line.detail {
        canvas.text(detail, (left, y - 3), NOTE, MUTED, Align::Left);
    }
}

/// The centres of labels that want to be at `wanted` (centre and height) but may not touch: those
/// that would touch become a stack around the mean of their places, within `low` and `high`.
fn settle(wanted: &[(i32, i32)], low: i32, high: i32) -> Vec<i32> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by_key(|&index| wanted[index].0);
    let mut stacks: Vec<Stack> = Vec::new();
    for index in order {
        let mut stack = Stack::of(index, wanted[index], low, high);
        while let Some(above) = stacks.pop_if(|above| above.top + above.height > stack.top) {
            stack = above.with(stack, low, high);
        }
        stacks.push(stack);
    }
    let mut centres = vec![0; wanted.len()];
    for stack in &stacks {
        let mut top = stack.top;
        for &index in &stack.members {
            centres[index] = top + wanted[index].1 / 2;
            top += wanted[index].1;
        }
    }
    centres
}

/// Labels on top of each other.
struct Stack {
    members: Vec<usize>,
    height: i32,
    /// The sum over the members of where they want the stack's top to be.
    wanted_tops: i32,
    top: i32,
}

impl Stack {
    fn of(index: usize, (centre, height): (i32, i32), low: i32, high: i32) -> Self {
        let wanted_tops = centre - height / 2;
        let mut stack = Self { members: vec![index], height, wanted_tops, top: 0 };
        stack.place(low, high);
        stack
    }

    fn with(mut self, below: Self, low: i32, high: i32) -> Self {
        self.wanted_tops += below.wanted_tops - self.height * int(below.members.len());
        self.height += below.height;
        self.members.extend(below.members);
        self.place(low, high);
        self
    }

    fn place(&mut self, low: i32, high: i32) {
        let mean = self.wanted_tops / int(self.members.len());
        self.top = mean.min(high - self.height).max(low);
    }
}

#[cfg(test)]
mod tests {
    use super::settle;

    #[test]
    fn labels_that_have_room_stay() {
        assert_eq!(settle(&[(100, 20), (50, 20)], 0, 200), [100, 50]);
    }

    #[test]
    fn labels_that_would_touch_share_the_way() {
        assert_eq!(settle(&[(100, 20), (100, 20), (104, 20)], 0, 200), [81, 101, 121]);
    }

    #[test]
    fn labels_stay_within_bounds_and_in_order() {
        let centres = settle(&[(195, 20), (199, 20), (3, 20), (2, 20)], 0, 200);
        assert_eq!(centres, [170, 190, 30, 10]);
    }
}
