//! Distributions at the largest number of peers: latency over the deliveries, load over the peers.

use super::facets::{Facet, Facets};
use super::figure::{Axis, Figure, Key, Line, Mark, Note, Panel, Reference, Side};
use super::scale::{Scale, Tick, short_number, spans_decades};
use super::words::{axis_title, hollow_note, left_out_note, subtitle};
use crate::metrics::{MeanSpread, MetricId};
use crate::report::standing::{self, Standing};
use crate::scenario::{Bound, Cell};
use crate::sweep::{CellRuns, Merged};

/// How many steps of equal probability a latency curve has.
const LATENCY_STEPS: u32 = 200;
/// Its last steps are finer, for tails are what is asked about.
const LATENCY_TAIL: [f64; 4] = [0.9975, 0.999, 0.9995, 0.9999];
/// The shares at which curves carry their marker.
const MARKED_EVERY: usize = 20;
/// Latencies that span more than this factor are drawn on a logarithmic axis.
const WIDE: f64 = 50.0;

/// A figure that is spread over the peers.
pub(super) struct LoadPlot {
    /// The name of the file, without its ending.
    pub(super) file: &'static str,
    title: &'static str,
    axis: &'static str,
    unit: Option<&'static str>,
    limit: Option<(f64, &'static str)>,
    spread: fn(&Merged) -> &MeanSpread,
}

/// The plots of load over the peers.
pub(super) static LOAD_PLOTS: &[LoadPlot] = &[
    LoadPlot {
        file: "uplink_utilisation_by_peer",
        title: "How uplink load is spread over the peers",
        axis: "uplink utilisation",
        unit: Some("%"),
        limit: Some((100.0, "100 %: the uplink is full")),
        spread: |merged| &merged.uplink_percent,
    },
    LoadPlot {
        file: "downlink_utilisation_by_peer",
        title: "How downlink load is spread over the peers",
        axis: "downlink utilisation",
        unit: Some("%"),
        limit: Some((100.0, "100 %: the downlink is full")),
        spread: |merged| &merged.downlink_percent,
    },
    LoadPlot {
        file: "connections_by_peer",
        title: "How connections are spread over the peers",
        axis: "open connections of a peer",
        unit: None,
        limit: None,
        spread: |merged| &merged.connections,
    },
];

/// The cumulative distribution of delivery latency, or `None` where nothing was delivered.
pub(super) fn latency_cdf(facets: &Facets<'_>) -> Option<Figure> {
    let panels = panels(facets, latency_line);
    let values: Vec<f64> = all_marks(&panels).map(|mark| mark.x).collect();
    if values.is_empty() {
        return None;
    }
    let scale = if spans_decades(&values, WIDE) { Scale::log(&values) } else { Scale::from_zero(&values) };
    let p95 = Reference { on: Side::Y, value: 95.0, text: "p95".to_owned() };
    Some(Figure {
        title: "Distribution of delivery latency".to_owned(),
        subtitle: subtitle(facets, fixed(facets), "all deliveries of all seeds"),
        x: Axis { title: axis_title("delivery latency", Some("ms"), scale), scale, ticks: scale.ticks(), inset: 0 },
        y: share_axis("share of deliveries (%)", 8),
        notes: notes(facets, &panels, "Nothing was delivered here"),
        key: if panels.len() > 1 { Key::Rows } else { Key::List },
        panels,
        shaded: Vec::new(),
        references: latency_bounds(facets, scale).chain([p95]).collect(),
    })
}

/// A figure over the peers, sorted by it, or `None` where nothing ran.
pub(super) fn load(facets: &Facets<'_>, plot: &LoadPlot) -> Option<Figure> {
    let panels = panels(facets, |topology, runs| load_marks(topology, runs, plot.spread));
    let mut values: Vec<f64> = all_marks(&panels).map(|mark| mark.y).collect();
    if values.is_empty() {
        return None;
    }
    let most = values.iter().copied().fold(0.0, f64::max);
    let limit = plot.limit.filter(|(value, _)| *value <= 2.0 * most);
    values.extend(limit.map(|(value, _)| value));
    let scale = Scale::from_zero_or_log(&values);
    Some(Figure {
        title: plot.title.to_owned(),
        subtitle: subtitle(facets, fixed(facets), "each percentile is the mean over the seeds"),
        x: share_axis("share of the peers, least loaded first (%)", 0),
        y: Axis { title: axis_title(plot.axis, plot.unit, scale), scale, ticks: scale.ticks(), inset: 12 },
        notes: notes(facets, &panels, "No values here"),
        key: if panels.len() > 1 { Key::Rows } else { Key::LineEnds },
        panels,
        shaded: Vec::new(),
        references: limit
            .map(|(value, text)| Reference { on: Side::Y, value, text: text.to_owned() })
            .into_iter()
            .collect(),
    })
}

/// What a topology's line holds: its marks and a figure for the key.
pub(super) type Drawn = (Vec<Mark>, Option<String>);

pub(super) fn panels(facets: &Facets<'_>, draw: impl Fn(usize, &CellRuns) -> Drawn) -> Vec<Panel> {
    let line = |(topology, cell): (usize, &Cell)| {
        let (marks, detail) = draw(topology, facets.runs(cell)?);
        let label = facets.topologies[topology].to_owned();
        let style = facets.styles[topology];
        (!marks.is_empty()).then_some(Line { topology, style, label, detail, marks, strays: Vec::new() })
    };
    let panel = |facet: &Facet<'_>| Panel {
        title: facet.title.clone(),
        lines: facets.at_largest_x(facet).into_iter().filter_map(line).collect(),
    };
    facets.panels.iter().map(panel).collect()
}

pub(super) fn all_marks(panels: &[Panel]) -> impl Iterator<Item = &Mark> {
    panels.iter().flat_map(|panel| &panel.lines).flat_map(|line| &line.marks)
}

fn latency_line(topology: usize, runs: &CellRuns) -> Drawn {
    let latency = &runs.merged().latency;
    let hollow = standing::fails_in_all(runs);
    let steps = (0..=LATENCY_STEPS).map(|step| f64::from(step) / f64::from(LATENCY_STEPS));
    let mut shares: Vec<f64> = steps.chain(LATENCY_TAIL).collect();
    shares.sort_by(f64::total_cmp);
    let mark = |(index, share): (usize, f64)| {
        let marked = index % (2 * MARKED_EVERY) == offset(topology) * 2;
        Some(Mark {
            x: latency.quantile(share)?.as_ms_f64(),
            y: share * 100.0,
            extent: None,
            hollow,
            marked,
            gap: false,
        })
    };
    let marks = shares.into_iter().enumerate().filter_map(mark).collect();
    let p95 = latency.quantile(0.95).map(|p95| format!("p95 {} ms", short_number(p95.as_ms_f64())));
    (marks, p95)
}

fn load_marks(topology: usize, runs: &CellRuns, spread: fn(&Merged) -> &MeanSpread) -> Drawn {
    let hollow = standing::fails_in_all(runs);
    let spread = spread(runs.merged());
    let mark = |percent: usize| {
        let marked = percent % MARKED_EVERY == offset(topology);
        Some(Mark { x: percent as f64, y: spread.get(percent)?, extent: None, hollow, marked, gap: false })
    };
    ((0..=100).filter_map(mark).collect(), None)
}

/// Topologies carry their markers at different shares, so that equal curves show both.
pub(super) const fn offset(topology: usize) -> usize {
    (7 + topology * 6) % MARKED_EVERY
}

pub(super) fn fixed(facets: &Facets<'_>) -> Option<String> {
    facets.largest_x_text().or_else(|| facets.peers_text())
}

pub(super) fn share_axis(title: &str, inset: i32) -> Axis {
    let tick = |value: u32| Tick { value: f64::from(value), label: value.to_string() };
    let ticks = (0..=100).step_by(20).map(tick).collect();
    Axis { title: title.to_owned(), scale: Scale::Linear { low: 0.0, high: 100.0 }, ticks, inset }
}

/// The bounds the author expects of a quantile of latency, where they lie on the axis.
fn latency_bounds(facets: &Facets<'_>, scale: Scale) -> impl Iterator<Item = Reference> {
    let quantiles = [(MetricId::LatencyP50, "median"), (MetricId::LatencyP95, "p95"), (MetricId::LatencyP99, "p99")];
    let expectations = facets.results().experiment.expectations.iter();
    let bound = move |expectation: &crate::scenario::Expectation| {
        let (_, name) = quantiles.iter().find(|(metric, _)| *metric == expectation.metric)?;
        let Bound::AtMost(value) = expectation.bound else { return None };
        let text = format!("{name} at most {} ms", short_number(value));
        scale.holds(value).then_some(Reference { on: Side::X, value, text })
    };
    expectations.filter_map(bound)
}

/// What the reader must know: what hollow lines are, which topologies have no line and why (`empty` where they ran),
/// and where lines leave out seeds that fail.
pub(super) fn notes(facets: &Facets<'_>, panels: &[Panel], empty: &str) -> Vec<Note> {
    let hollow = all_marks(panels).any(|mark| mark.hollow).then(|| hollow_note(false));
    let drawn = |topology: usize| panels.iter().flat_map(|panel| &panel.lines).any(|line| line.topology == topology);
    let shown = || facets.panels.iter().flat_map(|panel| facets.at_largest_x(panel));
    let ran = |topology: usize| shown().any(|(other, cell)| other == topology && facets.runs(cell).is_some());
    let named = |words: &str, has: &dyn Fn(usize) -> bool| {
        let names: Vec<&str> =
            (0..facets.topologies.len()).filter(|&topology| has(topology)).map(|at| facets.topologies[at]).collect();
        (!names.is_empty()).then(|| Note::Text(format!("{words}: {}.", names.join(", "))))
    };
    let missing = named("Did not run here", &|topology| !drawn(topology) && !ran(topology));
    let nothing = named(empty, &|topology| !drawn(topology) && ran(topology));
    let is_mixed = |cell: &Cell| facets.runs(cell).is_some_and(|runs| Standing::of(runs).is_mixed());
    let mixed = named("Without the seeds in which it fails", &|topology| {
        drawn(topology) && shown().any(|(other, cell)| other == topology && is_mixed(cell))
    });
    let notes = [hollow, nothing, missing, mixed, left_out_note(facets)];
    notes.into_iter().flatten().collect()
}
