//! The answer as one JSON document, for machines: the same content as on the terminal, and the
//! figures behind it.

use serde_json::{Map, Value, json};

use super::answer::{Answer, Decision};
use super::doubt::Doubt;
use super::folder::Written;
use super::judgement::{Failure, FailureKind};
use super::marks::slashed;
use super::ranking::RankedTopology;
use super::reign::Reign;
use super::standing::Standing;
use super::stops::Stop;
use super::summary::Difference;
use crate::metrics::{Interval, MetricId};
use crate::scenario::{AxisValue, Cell, Experiment};

/// The document, with where the results were written, if they were.
#[must_use]
pub fn render(experiment: &Experiment, answer: &Answer, written: Option<&Written>) -> String {
    let cells = experiment.cells.iter().map(|cell| cell_json(cell, answer));
    let differences = answer.summary.differences().map(|difference| difference_json(experiment, difference));
    let document = json!({
        "name": answer.name,
        "question": answer.question,
        "scenario_hash": experiment.hash,
        "seeds": answer.seeds,
        "replications": { "finished": answer.replications.finished, "planned": answer.replications.planned },
        "ranked_by": answer.metric.definition().name,
        "expectations": experiment.expectations,
        "outcome": answer.outcome(),
        "decisions": answer.decisions.iter().map(|decision| decision_json(decision, answer)).collect::<Vec<_>>(),
        "warnings": answer.warnings,
        "cells": cells.collect::<Vec<_>>(),
        "differences": differences.collect::<Vec<_>>(),
        "folder": written.map(|written| written.folder.display().to_string()),
        "files": written.map(|written| written.files.iter().map(|file| slashed(file)).collect::<Vec<_>>()),
    });
    String::from_utf8(pretty(&document)).expect("invariant: JSON is UTF-8")
}

/// A document with indents and a final newline.
pub(super) fn pretty(document: &Value) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(document).expect("invariant: a value is always JSON");
    bytes.push(b'\n');
    bytes
}

/// Axis values by name.
pub(super) fn axes_json(axes: &[AxisValue]) -> Map<String, Value> {
    axes.iter().map(|axis| (axis.name.clone(), axis.text.clone().into())).collect()
}

fn decision_json(decision: &Decision, answer: &Answer) -> Value {
    let ranking = &decision.ranking;
    let comparison = |comparison: &super::comparison::Comparison| {
        json!({
            "topology": comparison.topology,
            "versus": comparison.versus,
            "verdict": comparison.difference.verdict,
            "difference": interval_json(comparison.difference.interval),
            "decided_by": comparison.decided_by.map(decided_json),
            "text": comparison.text,
        })
    };
    let reign = |reign: &Reign| json!({ "from_peers": reign.from_peers, "to_peers": reign.to_peers, "leaders": reign.leaders, "outcome": reign.outcome });
    json!({
        "peers": ranking.peers,
        "axes": axes_json(&ranking.axes),
        "best": ranking.winner().map(|row| &row.topology),
        "outcome": ranking.outcome(),
        "ranking": ranking.rows.iter().map(|row| row_json(row, decision, answer)).collect::<Vec<_>>(),
        "comparisons": decision.comparisons.iter().map(comparison).collect::<Vec<_>>(),
        "best_by_peers": decision.reigns.iter().map(reign).collect::<Vec<_>>(),
        "stops": decision.stops.iter().map(stop_json).collect::<Vec<_>>(),
        "grain": decision.grain,
        "missed": decision.missed,
        "stragglers": decision.stragglers,
        "least": decision.least,
        "sizes": decision.sizes,
        "doubts": decision.doubts.iter().map(doubt_json).collect::<Vec<_>>(),
    })
}

fn doubt_json(doubt: &Doubt) -> Value {
    json!({ "kind": doubt.kind, "text": doubt.text, "topologies": doubt.topologies })
}

fn stop_json(stop: &Stop) -> Value {
    json!({
        "topology": stop.topology,
        "works_up_to_peers": stop.works_up_to,
        "undecided_at_peers": stop.undecided.as_ref().map(|(peers, _)| peers),
        "undecided_because": stop.undecided.as_ref().map(|(_, why)| why),
        "fails_at_peers": stop.fails.map(|(peers, _)| peers),
        "because": stop.fails.map(|(_, why)| why),
    })
}

fn row_json(row: &RankedTopology, decision: &Decision, answer: &Answer) -> Value {
    let failure = |failure: &Failure| {
        let kind = match failure.kind {
            FailureKind::Expectation(_) => "expectation",
            FailureKind::Infeasible(kind) => kind,
            FailureKind::NoData => "no-data",
        };
        json!({ "kind": kind, "text": failure.text })
    };
    json!({
        "rank": row.rank,
        "topology": row.topology,
        "outcome": row.outcome(),
        "leads": row.leads && row.rank.is_some(),
        "replications": row.standing.seeds,
        "failing": failing_json(row.standing),
        "value": answer.summary.interval(row.cell, answer.metric).map(interval_json),
        "failures": row.failures.iter().map(failure).collect::<Vec<_>>(),
        "reservations": row.reservations.iter().map(failure).collect::<Vec<_>>(),
        "works_up_to_peers": decision.still_works.get(&row.topology),
    })
}

/// In how many seeds a topology fails, and how probable that is, in percent.
fn failing_json(standing: Standing) -> Value {
    json!({ "seeds": standing.failing, "of": standing.seeds, "percent": standing.failing_percent().map(interval_json) })
}

fn decided_json(difference: Difference) -> Value {
    json!({
        "metric": difference.metric.definition().name,
        "difference": interval_json(difference.interval),
        "verdict": difference.verdict,
    })
}

fn cell_json(cell: &Cell, answer: &Answer) -> Value {
    let metric = |&id: &MetricId| {
        let interval = answer.summary.interval(cell.index, id)?;
        Some((id.definition().name.to_owned(), interval_json(interval)))
    };
    json!({
        "topology": cell.label,
        "peers": cell.settings.population.peers,
        "axes": axes_json(&super::axes::other_axes(cell)),
        "failing": failing_json(answer.summary.standing(cell.index)),
        "metrics": MetricId::ALL.iter().filter_map(metric).collect::<Map<_, _>>(),
    })
}

fn difference_json(experiment: &Experiment, difference: Difference) -> Value {
    let [cell, versus] = [difference.cell, difference.versus].map(|index| &experiment.cells[index]);
    json!({
        "topology": cell.label,
        "versus": versus.label,
        "peers": cell.settings.population.peers,
        "axes": axes_json(&super::axes::other_axes(cell)),
        "metric": difference.metric.definition().name,
        "difference": interval_json(difference.interval),
        "verdict": difference.verdict,
    })
}

fn interval_json(interval: Interval) -> Value {
    let (low, high) = interval.ends.map(|ends| (ends.low, ends.high)).unzip();
    json!({ "n": interval.n, "mean": interval.mean, "ci95_low": low, "ci95_high": high })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::super::answer::answer;
    use super::super::fixture::town_hall;
    use super::*;

    #[test]
    fn the_document_holds_the_answer_and_its_figures() {
        let study = town_hall();
        let experiment = study.experiment();
        let written = Written { folder: PathBuf::from("results/town-hall"), files: vec!["plots/latency.svg".into()] };
        let text = render(&experiment, &answer(&study.results(&experiment)), Some(&written));
        let document: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(document["decisions"][0]["best"], "hybrid");
        assert_eq!(document["cells"].as_array().map(Vec::len), Some(experiment.cells.len()));
        assert_eq!(document["files"][0], "plots/latency.svg");
        assert_eq!(document["differences"][0]["verdict"], "better");
        insta::assert_snapshot!(String::from_utf8(pretty(&document["decisions"])).expect("text"));
    }
}
