//! The share of the wanted connections that are open over time, at the largest number of peers.

use super::curves::{Drawn, all_marks, fixed, notes, offset, panels, share_axis};
use super::facets::Facets;
use super::figure::{Axis, Figure, Key, Line, Mark, Panel, Reference, Side};
use super::scale::{Scale, short_number};
use super::words::{axis_title, subtitle};
use crate::sweep::CellRuns;
use crate::webrtc::SignalingOutage;

/// How many steps of equal share a curve has.
const STEPS: u32 = 200;
/// The last connection of all straggles if it takes this many times what nine in ten of some topology's take.
const STRAGGLES: f64 = 8.0;
/// Every so many steps it carries its marker.
const MARKED_EVERY: u32 = 40;

/// The curves, or `None` where all is open from the start.
pub(super) fn figure(facets: &Facets<'_>) -> Option<Figure> {
    let panels = panels(facets, line);
    let values: Vec<f64> = all_marks(&panels).map(|mark| mark.x).collect();
    if values.iter().all(|&seconds| seconds <= 0.0) {
        return None;
    }
    let scale = time_scale(&panels, &values);
    Some(Figure {
        title: "Share of the wanted connections that are open".to_owned(),
        subtitle: subtitle(facets, fixed(facets), "connections of all seeds"),
        x: Axis { title: axis_title("time from the start", Some("s"), scale), scale, ticks: scale.ticks(), inset: 0 },
        y: share_axis("connections open (%)", 8),
        notes: notes(facets, &panels, "No values here"),
        key: if panels.len() > 1 { Key::Rows } else { Key::List },
        panels,
        shaded: Vec::new(),
        references: outages(facets, scale),
    })
}

// A straggler must not press all else against the axis: where the last connection takes far longer than most, and where
// the lines are far from each other, the axis is logarithmic.
fn time_scale(panels: &[Panel], values: &[f64]) -> Scale {
    let last = values.iter().copied().fold(0.0, f64::max);
    let late = |line: &Line| line.marks.get(line.marks.len() * 9 / 10).map(|mark| mark.x);
    let most: Vec<f64> = panels.iter().flat_map(|panel| &panel.lines).filter_map(late).collect();
    let soonest = most.into_iter().fold(last, f64::min);
    if last > STRAGGLES * soonest { Scale::log(values) } else { Scale::from_zero(values) }
}

fn line(topology: usize, runs: &CellRuns) -> Drawn {
    let (times, wanted) = (&runs.merged().opened, runs.merged().wanted);
    let opened = times.count() as f64 / wanted.max(1) as f64;
    let hollow = crate::report::standing::fails_in_all(runs);
    let mark = |step: u32| {
        let share = f64::from(step) / f64::from(STEPS);
        let marked = step % MARKED_EVERY == u32::try_from(offset(topology) * 2).unwrap_or(0);
        let x = times.quantile(share)?.as_secs_f64();
        Some(Mark { x, y: share * opened * 100.0, extent: None, hollow, marked, gap: false })
    };
    let most = times.quantile(1.0).filter(|_| wanted > 0);
    let detail =
        most.map(|last| format!("{} % by {} s", short_number(opened * 100.0), short_number(last.as_secs_f64())));
    ((0..=STEPS).filter_map(mark).collect(), detail)
}

// When the signaling server is down, if that is the same in all cells and on the axis.
fn outages(facets: &Facets<'_>, scale: Scale) -> Vec<Reference> {
    let mut cells = facets.results().experiment.cells.iter().map(|cell| &cell.settings.webrtc.signaling.outages);
    let Some(first) = cells.next().filter(|first| cells.all(|outages| outages == *first)) else { return Vec::new() };
    let at =
        |value: f64, text: &str| scale.holds(value).then_some(Reference { on: Side::X, value, text: text.to_owned() });
    let both = |outage: &SignalingOutage| {
        let from = outage.at.as_secs_f64();
        [at(from, "signaling down"), at(from + outage.lasts.as_secs_f64(), "up again")]
    };
    first.iter().flat_map(both).flatten().collect()
}
