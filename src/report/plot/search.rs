//! The search for a tree: the best so far and what no tree can beat, against the changes that were tried, with the plain
//! trees as lines across.

use super::figure::{Axis, Figure, Key, Line, Mark, Note, Panel, Reference, Side};
use super::scale::Scale;
use super::style::styles;
use super::words::axis_title;
use crate::report::figures::counted;
use crate::report::optimised::SearchRow;
use crate::report::{TreeFigures, TreeSheet};

const TREE: &str = "the best tree";
const BOUND: &str = "no tree is below";

/// The picture as an SVG text.
#[must_use]
pub fn search(name: &str, sheet: &TreeSheet) -> String {
    figure(name, sheet).render()
}

fn figure(name: &str, sheet: &TreeSheet) -> Figure {
    let works: Vec<f64> = sheet.search.iter().map(work).collect();
    // Lines end at the end of the axis, beside their labels.
    let x = match (Scale::log(&works), works.last()) {
        (Scale::Log { low, strip, .. }, Some(&end)) if end > low => Scale::Log { low, high: end, strip },
        (scale, _) => scale,
    };
    let values: Vec<f64> = sheet.search.iter().map(|row| row.value_ms).collect();
    let y = Scale::from_zero(&values);
    let styles = styles(&[TREE, BOUND]);
    let line = |topology: usize, label: &str, detail: String, value: fn(&SearchRow) -> f64| Line {
        topology,
        style: styles[topology],
        label: label.to_owned(),
        detail: Some(detail),
        marks: steps(&sheet.search, value),
        strays: Vec::new(),
    };
    let value_ms = values.last().copied().unwrap_or_default();
    let lines = vec![
        line(0, TREE, format!("{value_ms:.1} ms"), |row| row.value_ms),
        line(1, BOUND, format!("{:.1} ms", sheet.bound_ms), |row| row.bound_ms),
    ];
    let verdict = if sheet.is_proven {
        "It is proven that no tree is better.".to_owned()
    } else {
        format!("A tree could be better by {:.1} % of the bound at most.", sheet.gap_percent)
    };
    Figure {
        title: "The best tree and the bound as the search goes on".to_owned(),
        subtitle: format!(
            "{name}: {}, seed {}, {} latency",
            counted(sheet.peers as usize, "peer"),
            sheet.seed.0,
            sheet.objective
        ),
        x: Axis { title: axis_title("Changes tried", None, x), scale: x, ticks: x.ticks(), inset: 14 },
        y: Axis { title: axis_title("Latency", Some("ms"), y), scale: y, ticks: y.ticks(), inset: 12 },
        panels: vec![Panel { title: String::new(), lines }],
        references: plain(sheet, y),
        shaded: Vec::new(),
        key: Key::LineEnds,
        notes: vec![Note::Text(format!("{verdict} A million changes take some seconds."))],
    }
}

fn work(row: &SearchRow) -> f64 {
    1e6 * row.work_millions
}

// A value lasts until the next step.
fn steps(rows: &[SearchRow], value: fn(&SearchRow) -> f64) -> Vec<Mark> {
    let mark = |x: f64, y: f64, marked: bool| Mark { x, y, extent: None, hollow: false, marked, gap: false };
    let mut marks: Vec<Mark> = Vec::new();
    for row in rows {
        let (x, y) = (work(row), value(row));
        match marks.last() {
            Some(before) if (before.y - y).abs() < f64::EPSILON => marks.push(mark(x, y, false)),
            Some(before) => {
                let corner = mark(x, before.y, false);
                marks.extend([corner, mark(x, y, true)]);
            }
            None => marks.push(mark(x, y, true)),
        }
    }
    marks
}

// Plain trees that are on the axis.
fn plain(sheet: &TreeSheet, y: Scale) -> Vec<Reference> {
    let value_ms = |figures: &TreeFigures| match sheet.objective {
        "p95" => figures.p95_ms,
        "mean" => figures.mean_ms,
        _ => figures.max_ms,
    };
    let line = |figures| Reference { on: Side::Y, value: value_ms(figures), text: figures.name.to_owned() };
    sheet.plain.iter().map(line).filter(|line| y.holds(line.value)).collect()
}
