//! What became of the deliveries that are missing, a line for each topology that falls short.

use std::collections::BTreeSet;

use super::figures;
use super::ranking::Ranking;
use super::summary::Summary;
use crate::metrics::MetricId;
use crate::sweep::Results;

/// A topology that delivers more than this, in percent, does not fall short.
const ENOUGH_PERCENT: f64 = 99.0;
/// Shares below this, in percent, are not told one by one.
const TOLD_PERCENT: f64 = 0.05;
/// More topologies are in `summary.csv`.
const LINES_MAX: usize = 6;

/// Every reason for which a delivery may be missing, and how it is said.
const REASONS: [(MetricId, &str); 9] = [
    (MetricId::MissedLost, "lost on paths"),
    (MetricId::MissedUplink, "dropped at uplinks"),
    (MetricId::MissedDownlink, "dropped at downlinks"),
    (MetricId::MissedSocket, "dropped by sockets of busy CPUs"),
    (MetricId::MissedTurn, "dropped by TURN servers"),
    (MetricId::MissedLate, "under way at the end"),
    (MetricId::MissedBlocked, "held behind another message at the end"),
    (MetricId::MissedUnconnected, "without an open connection"),
    (MetricId::MissedThrottled, "turned away at full send buffers"),
];

/// What is said of those that are late where a rule may bring messages twice or never: which copy they miss is unknown.
const NOT_BROUGHT: &str = "not brought by the end";

/// The lines of one ranking, and what may be done about losses.
pub(super) fn lines(results: &Results<'_>, summary: &Summary, ranking: &Ranking) -> Vec<String> {
    let mean = |cell: usize, id: MetricId| summary.interval(cell, id).map_or(0.0, |interval| interval.mean);
    let falls_short =
        |cell: usize| summary.interval(cell, MetricId::Delivered).is_some_and(|is| is.mean < ENOUGH_PERCENT);
    let short: Vec<_> = ranking.rows.iter().filter(|row| falls_short(row.cell)).collect();
    let line = |cell: usize, topology: &str| {
        let is_known = results.experiment.cells[cell].topology.dissemination().is_exactly_once();
        let said = |id, words| if id == MetricId::MissedLate && !is_known { NOT_BROUGHT } else { words };
        let mut reasons = REASONS.map(|(id, words)| (mean(cell, id), id, said(id, words)));
        // The largest first; of equals the first.
        reasons.sort_by(|a, b| b.0.total_cmp(&a.0));
        let told = reasons.iter().filter(|(share, ..)| *share >= TOLD_PERCENT);
        let told: Vec<String> =
            told.map(|(share, id, words)| format!("{} {words}", figures::value(*id, *share))).collect();
        let missing = figures::value(MetricId::MissedLate, 100.0 - mean(cell, MetricId::Delivered));
        (!told.is_empty()).then(|| format!("{topology}: {missing} not delivered: {}", told.join(", ")))
    };
    let mut lines: Vec<String> = short.iter().filter_map(|row| line(row.cell, &row.topology)).collect();
    if lines.len() > LINES_MAX {
        let more = lines.len() - LINES_MAX;
        lines.truncate(LINES_MAX);
        lines.push(format!("{more} more that fall short in summary.csv"));
    }
    let loses = |row: &&&super::ranking::RankedTopology| mean(row.cell, MetricId::MissedLost) >= 100.0 - ENOUGH_PERCENT;
    if let Some(row) = short.iter().find(loses) {
        lines.extend(about_losses(results, row.cell));
    }
    lines
}

// Large messages that nobody repeats are lost with any of their packets.
fn about_losses(results: &Results<'_>, cell: usize) -> Option<String> {
    let settings = &results.experiment.cells[cell].settings;
    let packets = |size| settings.webrtc.wire(size).packets;
    let sizes: BTreeSet<_> = settings.workloads.iter().map(|workload| workload.largest_message()).collect();
    let largest = sizes.into_iter().filter(|&size| packets(size) > 1).max()?;
    Some(format!(
        "a message of {largest} is {} packets, and one that is lost loses all of it; `channel = \
         \"reliable-unordered\"` sends it again",
        packets(largest)
    ))
}

#[cfg(test)]
mod tests {
    use super::super::answer::answer;
    use super::super::fixture::Study;
    use crate::metrics::MetricId;

    #[test]
    fn a_topology_that_falls_short_says_what_became_of_the_rest() {
        let study = Study::new()
            .cell(50, "star", MetricId::LatencyP95, &[100.0, 100.0])
            .also("star", MetricId::Delivered, &[88.0, 88.0])
            .also("star", MetricId::MissedLost, &[11.5, 11.5])
            .also("star", MetricId::MissedUplink, &[0.5, 0.5])
            .cell(50, "mesh", MetricId::LatencyP95, &[90.0, 90.0])
            .also("mesh", MetricId::Delivered, &[99.9, 99.9])
            .also("mesh", MetricId::MissedLost, &[0.1, 0.1]);
        let experiment = study.experiment();
        let missed = answer(&study.results(&experiment)).decisions[0].missed.clone();
        assert_eq!(missed[0], "star: 12 % not delivered: 11.5 % lost on paths, 0.50 % dropped at uplinks");
        assert!(missed.iter().all(|line| !line.starts_with("mesh")), "{missed:?}");
    }
}
