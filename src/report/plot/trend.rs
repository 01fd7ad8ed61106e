//! A metric against the numeric axis of the experiment, one line a topology with the 95 % interval
//! of its mean; or, where no axis is numeric, a dot and an interval for each topology.

use super::MetricPlot;
use super::facets::{Facet, Facets, NumericAxis};
use super::figure::{Axis, Extent, Figure, Key, Line, Mark, Note, Panel, Reference, Side};
use super::scale::{Scale, Tick, short_number};
use super::words::{axis_title, hollow_note, left_out_note, stray_note, subtitle};
use crate::metrics::{Better, Interval, Metric, MetricId, Range};
use crate::report::standing;
use crate::scenario::{Bound, Cell};

/// A reference line that would more than double an axis is told in a note instead.
const STRETCH_MAX: f64 = 2.0;

/// The figure of a metric, or `None` where no replication has a value of it.
pub(super) fn figure(facets: &Facets<'_>, plot: &MetricPlot) -> Option<Figure> {
    let lines: Vec<Vec<Points>> = facets.panels.iter().map(|panel| points(facets, panel, plot.metric)).collect();
    let all = || lines.iter().flatten().flat_map(|line| &line.points);
    let mut values: Vec<f64> = all().flat_map(|point| point.span(plot.metric)).collect();
    if values.is_empty() {
        return None;
    }
    let mut notes = Vec::new();
    let references = references(facets, plot, &mut values, &mut notes);
    let scale = value_scale(plot.metric, &values);
    let mixed = all().any(|point| !point.failing.is_empty());
    if all().any(|point| point.hollow) {
        notes.push(hollow_note(mixed));
    } else if mixed {
        notes.push(stray_note());
    }
    if all().any(|point| point.reaches_beyond(scale)) {
        let text = "An interval that reaches the end of the axis goes beyond it; its ends are in summary.csv.";
        notes.push(Note::Text(text.to_owned()));
    }
    notes.extend(missing_note(facets, &lines));
    notes.extend(left_out_note(facets));
    let value_axis = |inset| Axis { title: plot.axis_title(scale), scale, ticks: scale.ticks(), inset };
    let (x, y, key) = match &facets.x {
        Some(axis) => {
            let key = if facets.panels.len() > 1 { Key::Rows } else { Key::LineEnds };
            (x_axis(axis), value_axis(12), key)
        }
        None => (value_axis(14), topology_axis(facets), Key::None),
    };
    let on = if facets.x.is_some() { Side::Y } else { Side::X };
    // A panel without a line says less than a word.
    let (drawn, empty): (Vec<_>, Vec<_>) = facets.panels.iter().zip(lines).partition(|(_, lines)| !lines.is_empty());
    if !empty.is_empty() {
        let titles: Vec<&str> = empty.iter().map(|(facet, _)| facet.title.as_str()).collect();
        notes.push(Note::Text(format!("No values with {}.", titles.join("; with "))));
    }
    let panels = drawn.into_iter().map(|(facet, lines)| Panel {
        title: facet.title.clone(),
        lines: lines.into_iter().map(|line| line.drawn(facets)).collect(),
    });
    Some(Figure {
        title: plot.title.to_owned(),
        subtitle: subtitle(facets, facets.peers_text(), "mean over the seeds and its 95 % interval"),
        x,
        y,
        panels: panels.collect(),
        shaded: Vec::new(),
        references: references.into_iter().map(|(value, text)| Reference { on, value, text }).collect(),
        key,
        notes,
    })
}

/// The figure of a metric on the model (solid) and on the real stack (hollow and dashed), or `None`
/// where the model has no value of it. Means alone: both met the same chances, so their intervals say
/// nothing about their distance.
pub(super) fn beside(model: &Facets<'_>, real: &Facets<'_>, plot: &MetricPlot) -> Option<Figure> {
    let mut figure = figure(model, plot)?;
    let of_model = bare(model, plot.metric, false);
    let of_real = bare(real, plot.metric, true);
    let all = of_model.iter().chain(&of_real).flatten().flat_map(|line| &line.points);
    let values: Vec<f64> = all.map(|point| point.interval.mean).collect();
    let scale = value_scale(plot.metric, &values);
    let against_x = model.x.is_some();
    let axis = if against_x { &mut figure.y } else { &mut figure.x };
    (axis.title, axis.scale, axis.ticks) = (plot.axis_title(scale), scale, scale.ticks());
    let titles = model.panels.iter().map(|facet| facet.title.clone());
    let panel = |((title, of_model), of_real): ((String, Vec<Points>), Vec<Points>)| Panel {
        title,
        lines: of_model.into_iter().chain(of_real).map(|line| line.drawn(model)).collect(),
    };
    figure.panels = titles.zip(of_model).zip(of_real).map(panel).collect();
    figure.subtitle = subtitle(model, model.peers_text(), "means over the seeds");
    figure.key = if against_x { Key::Rows } else { Key::None };
    figure.references.clear();
    figure.notes = vec![Note::Hollow("The real stack. Filled and solid: the model.".to_owned())];
    Some(figure)
}

// The points of every panel without their intervals, all of them hollow or none.
fn bare(facets: &Facets<'_>, metric: MetricId, hollow: bool) -> Vec<Vec<Points>> {
    let mut panels: Vec<Vec<Points>> = facets.panels.iter().map(|panel| points(facets, panel, metric)).collect();
    for point in panels.iter_mut().flatten().flat_map(|line| &mut line.points) {
        point.hollow = hollow;
        point.interval.ends = None;
        point.failing.clear();
    }
    panels
}

/// The points of one topology in one panel.
struct Points {
    topology: usize,
    points: Vec<Point>,
}

struct Point {
    x: f64,
    interval: Interval,
    /// The values of the seeds that fail where others work.
    failing: Vec<f64>,
    hollow: bool,
    gap: bool,
}

fn points(facets: &Facets<'_>, panel: &Facet<'_>, metric: MetricId) -> Vec<Points> {
    let line = |topology| {
        let mut points = Vec::new();
        let mut gap = false;
        for (x, cell) in facets.along_x(panel, topology) {
            if let Some((interval, failing, hollow)) = measured(facets, cell, metric) {
                points.push(Point { x, interval, failing, hollow, gap });
                gap = false;
            } else {
                gap = true;
            }
        }
        Points { topology, points }
    };
    (0..facets.topologies.len()).map(line).filter(|line| !line.points.is_empty()).collect()
}

/// The mean of a metric over the seeds in which a topology works, the values of those in which it does not, and whether
/// it works in none.
fn measured(facets: &Facets<'_>, cell: &Cell, metric: MetricId) -> Option<(Interval, Vec<f64>, bool)> {
    let runs = facets.runs(cell)?;
    let interval = Interval::of(&standing::values(runs, metric), metric.definition().range())?;
    if standing::fails_in_all(runs) {
        return Some((interval, Vec::new(), true));
    }
    let failing = runs.runs.iter().filter(|run| standing::fails(run));
    Some((interval, failing.filter_map(|run| run.values.get(metric)).collect(), false))
}

/// An interval stretches an axis by no more than this factor beyond its mean, on the side of 100 % by the rest to it.
const INTERVAL_STRETCH: f64 = 4.0;

impl Point {
    fn extent(&self) -> Option<(f64, f64)> {
        self.interval.ends.map(|ends| (ends.low, ends.high))
    }

    /// What an axis should hold of it.
    fn span(&self, metric: MetricId) -> impl Iterator<Item = f64> {
        let mean = self.interval.mean;
        let highest = match metric.definition().range().most {
            Some(most) => most - (most - mean) / INTERVAL_STRETCH,
            None => mean * INTERVAL_STRETCH,
        };
        // An interval that reaches down to zero must not force zero onto a logarithmic axis.
        let ends = self.extent().map(|(low, high)| [low.max(mean / 2.0), high.min(highest).max(mean)]);
        self.failing.iter().copied().chain([mean]).chain(ends.into_iter().flatten()).collect::<Vec<_>>().into_iter()
    }

    fn reaches_beyond(&self, scale: Scale) -> bool {
        self.extent().is_some_and(|(low, high)| !scale.reaches(low) || !scale.reaches(high))
    }
}

impl Points {
    fn drawn(self, facets: &Facets<'_>) -> Line {
        let against_x = facets.x.is_some();
        let row = (facets.topologies.len() - self.topology) as f64;
        let mark = |point: &Point| {
            let (mean, ends) = (point.interval.mean, point.extent());
            let extent =
                ends.map(|(low, high)| if against_x { Extent::Along(low, high) } else { Extent::Across(low, high) });
            let (x, y) = if against_x { (point.x, mean) } else { (mean, row) };
            Mark { x, y, extent, hollow: point.hollow, marked: true, gap: point.gap }
        };
        let stray = |x: f64, value: f64| {
            let (x, y) = if against_x { (x, value) } else { (value, row) };
            Mark { x, y, extent: None, hollow: true, marked: true, gap: true }
        };
        let strays = self.points.iter().flat_map(|point| point.failing.iter().map(|&value| stray(point.x, value)));
        Line {
            topology: self.topology,
            style: facets.styles[self.topology],
            label: facets.topologies[self.topology].to_owned(),
            detail: None,
            marks: self.points.iter().map(mark).collect(),
            strays: strays.collect(),
        }
    }
}

/// The scale that suits values of a metric.
pub(super) fn value_scale(metric: MetricId, values: &[f64]) -> Scale {
    let Metric { better, .. } = metric.definition();
    match (metric.definition().range(), better) {
        (Range::PERCENT, Better::Higher) => Scale::up_to_100(values),
        (Range::PERCENT, _) => Scale::share(values),
        _ => Scale::from_zero_or_log(values),
    }
}

fn x_axis(axis: &NumericAxis) -> Axis {
    let values: Vec<f64> = axis.ticks.iter().map(|tick| tick.value).collect();
    let (low, high) = (values[0], values[values.len() - 1]);
    let log = axis.spans_a_decade();
    let scale =
        if log { Scale::Log { low, high, strip: super::scale::Strip::None } } else { Scale::Linear { low, high } };
    Axis { title: axis_title(&axis.name, None, scale), scale, ticks: axis.ticks.clone(), inset: 14 }
}

/// One row a topology, the first on top.
fn topology_axis(facets: &Facets<'_>) -> Axis {
    let count = facets.topologies.len();
    let row = |(index, label): (usize, &&str)| Tick { value: (count - index) as f64, label: (*label).to_owned() };
    let mut ticks: Vec<Tick> = facets.topologies.iter().enumerate().map(row).collect();
    ticks.reverse();
    let scale = Scale::Linear { low: 0.4, high: count as f64 + 0.6 };
    Axis { title: String::new(), scale, ticks, inset: 0 }
}

/// The bounds that the author expects and a full link, as lines; `values` grows by those that are
/// drawn, `notes` by those that lie too far off.
fn references(
    facets: &Facets<'_>,
    plot: &MetricPlot,
    values: &mut Vec<f64>,
    notes: &mut Vec<Note>,
) -> Vec<(f64, String)> {
    let unit = plot.metric.definition().unit;
    let mut lines: Vec<(f64, String)> = Vec::new();
    for expectation in facets.results().experiment.expectations.iter().filter(|e| e.metric == plot.metric) {
        let (bound, word) = match expectation.bound {
            Bound::AtMost(bound) => (bound, "at most"),
            Bound::AtLeast(bound) => (bound, "at least"),
        };
        let text = format!("expected: {word} {} {unit}", short_number(bound));
        if fits(plot.metric, bound, values) {
            lines.push((bound, text));
        } else {
            notes.push(Note::Text(format!("Outside the axis: {text}.")));
        }
    }
    let least = facets.least_p95_ms.filter(|_| plot.metric == MetricId::LatencyP95);
    lines.extend(least.map(|least_ms| (least_ms, "no overlay of peers alone is faster".to_owned())));
    if let Some((value, text)) = plot.limit
        && fits(plot.metric, value, values)
        && lines.iter().all(|line| line.0.total_cmp(&value).is_ne())
    {
        lines.push((value, text.to_owned()));
    }
    values.extend(lines.iter().map(|line| line.0));
    lines
}

fn fits(metric: MetricId, value: f64, values: &[f64]) -> bool {
    value.is_finite()
        && (value_scale(metric, values).holds(value) || {
            let most = values.iter().copied().fold(0.0, f64::max);
            value >= 0.0 && value <= most * STRETCH_MAX
        })
}

fn missing_note(facets: &Facets<'_>, lines: &[Vec<Points>]) -> Option<Note> {
    let drawn = |topology: &usize| lines.iter().flatten().any(|line| line.topology == *topology);
    let missing: Vec<&str> = (0..facets.topologies.len())
        .filter(|topology| !drawn(topology))
        .map(|topology| facets.topologies[topology])
        .collect();
    (!missing.is_empty()).then(|| Note::Text(format!("No values: {}.", missing.join(", "))))
}
