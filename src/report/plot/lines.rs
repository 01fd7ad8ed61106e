//! The lines of a panel: interval bands below, strokes above them, markers on top.

use super::canvas::{Canvas, Pen, Point};
use super::figure::{Area, Extent, Figure, Line, Mark, Panel, pixels};
use super::style::{BAND_OPACITY, MARKER_RADIUS, STROKE, colour, marker};

/// Draws the lines of a panel.
pub(super) fn draw(canvas: &mut Canvas<'_>, figure: &Figure, panel: &Panel, area: Area) {
    for line in &panel.lines {
        draw_intervals(canvas, figure, line, area);
    }
    for line in &panel.lines {
        draw_strokes(canvas, line, &pixels(figure, line, area));
    }
    for line in &panel.lines {
        for (mark, at) in line.marks.iter().zip(pixels(figure, line, area)).filter(|(mark, _)| mark.marked) {
            canvas.marker(at, marker(line.style), colour(line.style), mark.hollow);
        }
        for stray in &line.strays {
            let at = (area.x(&figure.x, stray.x), area.y(&figure.y, stray.y));
            canvas.small_marker(at, marker(line.style), colour(line.style));
        }
    }
}

/// A band along neighbouring marks, a whisker at a mark that stands alone.
fn draw_intervals(canvas: &mut Canvas<'_>, figure: &Figure, line: &Line, area: Area) {
    let tone = colour(line.style);
    for run in line.marks.chunk_by(|left, right| !right.gap && left.extent.is_some() && right.extent.is_some()) {
        let edges: Vec<(Point, Point)> = run.iter().filter_map(|mark| edge(figure, mark, area)).collect();
        match edges[..] {
            [] => {}
            [(from, to)] => draw_whisker(canvas, from, to, Pen::solid(tone, 2)),
            _ => {
                let back = edges.iter().rev().map(|edge| edge.1);
                canvas.polygon(edges.iter().map(|edge| edge.0).chain(back).collect(), tone, BAND_OPACITY);
            }
        }
    }
}

/// The ends of a mark's interval.
fn edge(figure: &Figure, mark: &Mark, area: Area) -> Option<(Point, Point)> {
    let (x, y) = (|value| area.x(&figure.x, value), |value| area.y(&figure.y, value));
    mark.extent.map(|extent| match extent {
        Extent::Across(low, high) => ((x(low), y(mark.y)), (x(high), y(mark.y))),
        Extent::Along(low, high) => ((x(mark.x), y(low)), (x(mark.x), y(high))),
    })
}

fn draw_whisker(canvas: &mut Canvas<'_>, from: Point, to: Point, pen: Pen) {
    canvas.line(&[from, to], pen);
    let upright = from.1 == to.1;
    let cap = if upright { (0, MARKER_RADIUS) } else { (MARKER_RADIUS, 0) };
    for end in [from, to] {
        canvas.line(&[(end.0 - cap.0, end.1 - cap.1), (end.0 + cap.0, end.1 + cap.1)], pen);
    }
}

/// Strokes between neighbours, dashed where the topology does not work at either end.
fn draw_strokes(canvas: &mut Canvas<'_>, line: &Line, at: &[Point]) {
    let tone = colour(line.style);
    let segments: Vec<(usize, bool)> = (1..line.marks.len())
        .filter(|&index| !line.marks[index].gap)
        .map(|index| (index, line.marks[index].hollow || line.marks[index - 1].hollow))
        .collect();
    for run in segments.chunk_by(|left, right| left.0 + 1 == right.0 && left.1 == right.1) {
        let (first, last) = (run[0].0 - 1, run[run.len() - 1].0);
        canvas.line(&at[first..=last], Pen { colour: tone, width: STROKE, dashed: run[0].1 });
    }
}
