//! A metric of two topologies against the number of peers, with the interval of their crossover shaded and what closed
//! forms say as vertical lines.

use super::figure::{Axis, Extent, Figure, Key, Line, Mark, Note, Panel, Reference, Side};
use super::scale::{Scale, Strip};
use super::style::styles;
use super::trend::value_scale;
use super::words::axis_title;
use crate::report::crossover::{CrossoverSheet, PointRow};
use crate::report::figures::{count, counted};

/// Ranges of peers that span more than this factor have a logarithmic axis.
const LOG_FROM_RATIO: f64 = 4.0;

/// The picture as an SVG text.
#[must_use]
pub fn crossover(sheet: &CrossoverSheet) -> String {
    figure(sheet).render()
}

fn figure(sheet: &CrossoverSheet) -> Figure {
    let [first, second] = &sheet.topologies;
    let [from, to] = sheet.range_peers.map(f64::from);
    let is_log = to / from > LOG_FROM_RATIO;
    let x = if is_log {
        Scale::Log { low: from, high: to, strip: Strip::None }
    } else {
        Scale::Linear { low: from, high: to }
    };
    let lines: Vec<Line> = lines(sheet);
    let span = |mark: &Mark| match mark.extent {
        Some(Extent::Along(low, high)) => vec![mark.y, low.max(mark.y / 2.0), high.min(2.0 * mark.y)],
        _ => vec![mark.y],
    };
    // Systems in failure would press all else against the axis.
    let marks = || lines.iter().flat_map(|line| &line.marks);
    let working: Vec<f64> = marks().filter(|mark| !mark.hollow).flat_map(span).collect();
    let values = if working.is_empty() { marks().flat_map(span).collect() } else { working };
    let y = value_scale(sheet.metric, &values);
    let metric = sheet.metric.definition();
    let axes: String = sheet.axes.iter().map(|axis| format!(", {} = {}", axis.name, axis.text)).collect();
    Figure {
        title: format!("Where {first} and {second} overtake each other"),
        subtitle: format!("{}{axes}: mean {} over the seeds and its 95 % interval", sheet.name, metric.title),
        x: Axis { title: axis_title("peers", None, x), scale: x, ticks: x.ticks(), inset: 14 },
        y: Axis { title: axis_title(metric.title, Some(metric.unit), y), scale: y, ticks: y.ticks(), inset: 12 },
        notes: notes(sheet, &lines, y),
        panels: vec![Panel { title: String::new(), lines }],
        references: references(sheet),
        shaded: sheet.crossings.iter().map(|row| [f64::from(row.low_peers), f64::from(row.high_peers)]).collect(),
        key: Key::LineEnds,
    }
}

fn lines(sheet: &CrossoverSheet) -> Vec<Line> {
    let labels: Vec<&str> = sheet.topologies.iter().map(String::as_str).collect();
    let styles = styles(&labels);
    let mark = |point: &PointRow, topology: usize| {
        let side = &point.sides[topology];
        let value = side.value?;
        let extent = value.ends.map(|ends| Extent::Along(ends.low, ends.high));
        let hollow = side.fails_in_all(point.seeds);
        Some(Mark { x: f64::from(point.peers), y: value.mean, extent, hollow, marked: true, gap: false })
    };
    let line = |topology: usize| Line {
        topology,
        style: styles[topology],
        label: labels[topology].to_owned(),
        detail: None,
        marks: sheet.points.iter().filter_map(|point| mark(point, topology)).collect(),
        strays: Vec::new(),
    };
    (0..labels.len()).map(line).filter(|line| !line.marks.is_empty()).collect()
}

fn references(sheet: &CrossoverSheet) -> Vec<Reference> {
    let on = Side::X;
    let crossings =
        sheet.crossings.iter().filter(|row| row.below.is_some() && row.above.is_some()).map(|row| Reference {
            on,
            value: row.peers,
            text: format!("crossover: {} to {} peers", count(row.low_peers), count(row.high_peers)),
        });
    let [from, to] = sheet.range_peers;
    let limits = sheet.closed_forms.iter().filter_map(|form| {
        let [least, most] = form.peers_max.filter(|[least, _]| (from..=to).contains(least))?;
        let ends = if least == most { count(most) } else { format!("{} to {}", count(least), count(most)) };
        let text = format!("closed form: {} up to {ends}", form.topology);
        Some(Reference { on, value: f64::from(least), text })
    });
    crossings.chain(limits).collect()
}

fn notes(sheet: &CrossoverSheet, lines: &[Line], y: Scale) -> Vec<Note> {
    let mut notes: Vec<Note> = sheet.decision.first().cloned().map(Note::Text).into_iter().collect();
    if !sheet.crossings.is_empty() {
        let text = format!(
            "Shaded: from the last population at which one is shown to be better to the first at which that has changed, with up \
             to {} each.",
            counted(sheet.seeds[1], "seed")
        );
        notes.push(Note::Text(text));
    }
    let hollow = || lines.iter().flat_map(|line| &line.marks).filter(|mark| mark.hollow);
    if hollow().next().is_some() {
        let beyond =
            if hollow().all(|mark| y.reaches(mark.y)) { "" } else { " Values beyond the axis stand at its end." };
        let text =
            format!("The topology does not work here in any seed; its figures describe a system in failure.{beyond}");
        notes.push(Note::Hollow(text));
    }
    notes
}
