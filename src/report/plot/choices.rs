//! What candidates come to in two metrics, and which of them nobody is better than in both and all else.

use super::figure::{Axis, Figure, Key, Line, Mark, Note, Panel};
use super::scale::Scale;
use super::style::styles;
use crate::metrics::MetricId;

/// One candidate in a figure of choices.
#[derive(Clone, Debug)]
pub struct ChoicePoint {
    /// Its label.
    pub label: String,
    /// Its values in both metrics.
    pub at: [f64; 2],
    /// Whether nobody is better in everything that is weighed.
    pub is_not_dominated: bool,
}

/// The figure of a scenario's candidates, the choice first, as an SVG text.
#[must_use]
pub fn choices(name: &str, metrics: [MetricId; 2], points: &[ChoicePoint]) -> String {
    let [x, y] = [0, 1].map(|side| {
        let values: Vec<f64> = points.iter().map(|point| point.at[side]).collect();
        let scale = Scale::from_zero_or_log(&values);
        let metric = metrics[side].definition();
        Axis { title: format!("{} ({})", metric.title, metric.unit), scale, ticks: scale.ticks(), inset: 14 }
    });
    let labels: Vec<&str> = points.iter().map(|point| point.label.as_str()).collect();
    let styles = styles(&labels);
    let line = |(topology, point): (usize, &ChoicePoint)| Line {
        topology,
        style: styles[topology],
        label: point.label.clone(),
        detail: (topology == 0).then(|| "the choice".to_owned()),
        marks: vec![Mark {
            x: point.at[0],
            y: point.at[1],
            extent: None,
            hollow: !point.is_not_dominated,
            marked: true,
            gap: false,
        }],
        strays: Vec::new(),
    };
    let lines = points.iter().enumerate().map(line).collect();
    let title = format!("{} against {}", metrics[1].definition().title, metrics[0].definition().title);
    let figure = Figure {
        title,
        subtitle: format!("{name}: every candidate that works, means over the seeds"),
        x,
        y,
        panels: vec![Panel { title: String::new(), lines }],
        references: Vec::new(),
        shaded: Vec::new(),
        key: Key::List,
        notes: vec![Note::Text(
            "Filled: nobody is better in everything (latency, uplink, CPU, cost, connections, set-up time).".to_owned(),
        )],
    };
    figure.render()
}
