//! The axes of a panel: grid, ticks, titles and reference lines.

use super::canvas::{Align, Canvas, Pen, Point, text_width, wrap};
use super::figure::{Area, Axis, Figure, Panel, Reference, Side, TICK_GAP, int, line_height, pixels};
use super::scale::Tick;
use super::style::{AXIS, BAND_OPACITY, GRID, INK, LABEL, LABEL_WIDTH_MAX, MARGIN, MUTED, NOTE, TICK};

/// Draws everything of a panel that lies below its lines.
pub(super) fn draw(canvas: &mut Canvas<'_>, figure: &Figure, panel: &Panel, area: Area, first_in_row: bool) {
    if !panel.title.is_empty() {
        let at = (area.left, area.top - line_height(LABEL) / 2 - 2);
        canvas.bold(&panel.title, at, TICK, INK, Align::Left);
    }
    for [low, high] in figure.shaded.iter().map(|ends| ends.map(|value| area.x(&figure.x, value))) {
        canvas.rectangle((low, area.top), (high.max(low + 2), area.bottom), MUTED, BAND_OPACITY);
    }
    draw_grid(canvas, figure, area);
    draw_x_labels(canvas, &figure.x, area);
    if first_in_row {
        draw_y_labels(canvas, &figure.y, area);
    }
    for reference in &figure.references {
        let (from, to) = ends(figure, reference, area);
        canvas.line(&[from, to], Pen::dashed(MUTED, 2));
    }
    canvas.line(&[(area.left, area.top), (area.left, area.bottom), (area.right, area.bottom)], Pen::solid(AXIS, 1));
    draw_breaks(canvas, figure, area);
}

/// Two strokes across an axis where it leaps from one value, zero or 100 %, to a logarithmic scale.
fn draw_breaks(canvas: &mut Canvas<'_>, figure: &Figure, area: Area) {
    let mut strokes = |(x, y): Point, (dx, dy): Point, (along_x, along_y): Point| {
        for shift in [-3, 3] {
            let (x, y) = (x + shift * along_x, y + shift * along_y);
            canvas.line(&[(x - dx, y + dy), (x + dx, y - dy)], Pen::solid(MUTED, 2));
        }
    };
    if let Some(share) = figure.x.scale.break_at() {
        strokes((area.x_at(&figure.x, share), area.bottom), (3, 7), (1, 0));
    }
    if let Some(share) = figure.y.scale.break_at() {
        strokes((area.left, area.y_at(&figure.y, share)), (7, 3), (0, 1));
    }
}

fn draw_grid(canvas: &mut Canvas<'_>, figure: &Figure, area: Area) {
    for tick in &figure.x.ticks {
        let x = area.x(&figure.x, tick.value);
        canvas.line(&[(x, area.top), (x, area.bottom)], Pen::solid(GRID, 1));
    }
    for tick in &figure.y.ticks {
        let y = area.y(&figure.y, tick.value);
        canvas.line(&[(area.left, y), (area.right, y)], Pen::solid(GRID, 1));
    }
}

fn draw_x_labels(canvas: &mut Canvas<'_>, axis: &Axis, area: Area) {
    let y = area.bottom + 8 + line_height(TICK) / 2;
    for (tick, x) in legible(axis, |value| area.x(axis, value)) {
        canvas.line(&[(x, area.bottom), (x, area.bottom + 6)], Pen::solid(AXIS, 1));
        canvas.text(tick, (x, y), TICK, MUTED, Align::Centre);
    }
    let at = (i32::midpoint(area.left, area.right), area.bottom + 10 + line_height(TICK) + line_height(LABEL) / 2);
    canvas.text(&axis.title, at, LABEL, INK, Align::Centre);
}

/// The labelled ticks whose labels keep clear of each other. Where not all of a logarithmic axis
/// do, those at powers of ten.
fn legible(axis: &Axis, place: impl Fn(f64) -> i32) -> Vec<(&str, i32)> {
    let labelled: Vec<&Tick> = axis.ticks.iter().filter(|tick| !tick.label.is_empty()).collect();
    let all = clear_of_each_other(&labelled, &place);
    if all.len() == labelled.len() || !axis.scale.is_log() {
        return all;
    }
    let powers: Vec<&Tick> = labelled.into_iter().filter(|tick| tick.label.starts_with(['0', '1'])).collect();
    if powers.len() < 2 { all } else { clear_of_each_other(&powers, place) }
}

/// The last tick always, and of the others those that have room.
fn clear_of_each_other<'a>(ticks: &[&'a Tick], place: impl Fn(f64) -> i32) -> Vec<(&'a str, i32)> {
    let mut kept: Vec<(&str, i32)> = Vec::new();
    let mut free_until = i32::MAX;
    for tick in ticks.iter().rev() {
        let (x, half) = (place(tick.value), text_width(&tick.label, TICK) / 2);
        if x + half + 6 <= free_until {
            kept.push((&tick.label, x));
            free_until = x - half;
        }
    }
    kept
}

/// The lines of the title of an axis of this height; none without one.
pub(super) fn y_title(axis: &Axis, height: i32) -> Vec<String> {
    let mut lines = wrap(&axis.title, LABEL, height);
    if let (true, Some((title, unit))) = (lines.len() > 1, axis.title.split_once(" (")) {
        // A unit with its scale stays in one piece.
        lines = [wrap(title, LABEL, height), wrap(&format!("({unit}"), LABEL, height)].concat();
    }
    lines.into_iter().filter(|line| !line.is_empty()).collect()
}

fn draw_y_labels(canvas: &mut Canvas<'_>, axis: &Axis, area: Area) {
    let mut free_until = i32::MAX;
    for tick in axis.ticks.iter().filter(|tick| !tick.label.is_empty()) {
        let y = area.y(axis, tick.value);
        let lines = wrap(&tick.label, TICK, LABEL_WIDTH_MAX);
        let height = int(lines.len()) * line_height(TICK);
        if y + height / 2 > free_until {
            continue;
        }
        free_until = y - height / 2;
        canvas.line(&[(area.left - 6, y), (area.left, y)], Pen::solid(AXIS, 1));
        for (index, line) in lines.iter().enumerate() {
            let at = (area.left - TICK_GAP, y - height / 2 + line_height(TICK) / 2 + int(index) * line_height(TICK));
            canvas.text(line, at, TICK, MUTED, Align::Right);
        }
    }
    for (line, row) in y_title(axis, area.bottom - area.top).iter().zip(0..) {
        let at = (MARGIN + row * line_height(LABEL) + line_height(LABEL) / 2, i32::midpoint(area.top, area.bottom));
        canvas.text(line, at, LABEL, INK, Align::Upwards);
    }
}

/// The width that the tick labels of a vertical axis take.
pub(super) fn tick_labels_width(axis: &Axis) -> i32 {
    let lines = axis.ticks.iter().flat_map(|tick| wrap(&tick.label, TICK, LABEL_WIDTH_MAX));
    lines.map(|line| text_width(&line, TICK)).max().unwrap_or(0)
}

/// The height that the tick labels of a vertical axis take where they are words.
pub(super) fn tick_labels_height(axis: &Axis) -> i32 {
    let words = axis.ticks.iter().filter(|tick| tick.label.contains(char::is_alphabetic));
    let most = words.clone().map(|tick| wrap(&tick.label, TICK, LABEL_WIDTH_MAX).len()).max().unwrap_or(0);
    int(words.count()) * (int(most) * line_height(TICK) + 10)
}

fn ends(figure: &Figure, reference: &Reference, area: Area) -> (Point, Point) {
    match reference.on {
        Side::X => {
            let x = area.x(&figure.x, reference.value);
            ((x, area.top), (x, area.bottom))
        }
        Side::Y => {
            let y = area.y(&figure.y, reference.value);
            ((area.left, y), (area.right, y))
        }
    }
}

/// Labels the reference lines where they hide least of the data.
pub(super) fn draw_reference_labels(canvas: &mut Canvas<'_>, figure: &Figure, panel: &Panel, area: Area) {
    let mut taken: Vec<Point> = panel.lines.iter().flat_map(|line| along(&pixels(figure, line, area))).collect();
    for reference in &figure.references {
        let width = text_width(&reference.text, NOTE);
        let boxes = label_boxes(figure, reference, area, width);
        let hits = |label: &Area| taken.iter().filter(|&&point| encloses(*label, point)).count();
        let Some(best) = boxes.into_iter().min_by_key(hits) else { continue };
        canvas.rectangle((best.left, best.top), (best.right, best.bottom), plotters::style::WHITE, 0.8);
        let at = (best.left + 4, i32::midpoint(best.top, best.bottom));
        canvas.text(&reference.text, at, NOTE, MUTED, Align::Left);
        let inside = (best.left..best.right).step_by(8).map(|x| (x, i32::midpoint(best.top, best.bottom)));
        taken.extend(inside);
    }
}

/// The places for a reference line's label: on either side of it, from one end to the other.
fn label_boxes(figure: &Figure, reference: &Reference, area: Area, width: i32) -> Vec<Area> {
    let (from, _) = ends(figure, reference, area);
    let (width, height) = (width + 8, line_height(NOTE));
    let along = |low: i32, high: i32| (0..=8).map(move |step| low + (high - low) * step / 8);
    let corners: Vec<Point> = match reference.on {
        Side::Y => along(area.left + 8, area.right - width - 8)
            .flat_map(|left| [(left, from.1 - height - 2), (left, from.1 + 3)])
            .collect(),
        Side::X => along(area.top + 6, area.bottom - height - 6)
            .flat_map(|top| [(from.0 + 4, top), (from.0 - width - 4, top)])
            .collect(),
    };
    let label = |(left, top): Point| Area { left, top, right: left + width, bottom: top + height };
    let within = |label: &Area| {
        area.left <= label.left && label.right <= area.right && area.top <= label.top && label.bottom <= area.bottom
    };
    let beside: Vec<Area> = corners.iter().copied().map(label).filter(within).collect();
    if !beside.is_empty() {
        return beside;
    }
    // There is no room beside the line, so the label lies across it.
    corners.iter().map(|&(left, top)| label((left.min(area.right - width).max(area.left), top))).collect()
}

/// Points a few pixels apart along a line.
fn along(line: &[Point]) -> Vec<Point> {
    let mut points = line.to_vec();
    for pair in line.windows(2) {
        let (dx, dy) = (pair[1].0 - pair[0].0, pair[1].1 - pair[0].1);
        let steps = dx.abs().max(dy.abs()) / 6;
        points.extend((1..steps).map(|step| (pair[0].0 + dx * step / steps, pair[0].1 + dy * step / steps)));
    }
    points
}

const fn encloses(area: Area, (x, y): Point) -> bool {
    area.left - 8 <= x && x <= area.right + 8 && area.top - 6 <= y && y <= area.bottom + 6
}
