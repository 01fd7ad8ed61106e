//! `columns.json`: what every column and every metric of the tables means.

use serde_json::{Map, Value, json};

use super::axes::{AxisColumns, PEERS};
use super::{findings_csv, runs_csv, summary_csv};
use crate::metrics::METRICS;
use crate::scenario::Experiment;

/// The meaning of the columns beside the axes.
const MEANINGS: &[(&str, &str)] = &[
    ("kind", "`cell`: the figures of one topology; `difference`: topology minus versus, paired by seed."),
    ("topology", "The topology, with the parameters that differ from their defaults."),
    ("versus", "The topology that is subtracted; empty for a cell."),
    ("seed", "The seed of the replication; rows with the same seed and axes met the same population and chances."),
    ("grain", "What was followed on its way: every `message`, or every `packet`."),
    ("finding", "The kind of the finding, such as `uplink`."),
    ("text", "The finding in words: the worst peer, what it needs and what it has."),
    ("metric", "The name of the metric; see `metrics`."),
    ("value", "The value of the metric in this replication, in the metric's unit."),
    (
        "n",
        "How many replications, or pairs of replications, have a value; those that fail do not count where others work.",
    ),
    ("mean", "The mean over them."),
    (
        "ci95_low",
        "Lower end of the 95 % interval of the mean, within the metric's range; empty with fewer than two values.",
    ),
    (
        "ci95_high",
        "Upper end of the 95 % interval of the mean, within the metric's range; empty with fewer than two values.",
    ),
    (
        "verdict",
        "Of a difference: whether topology is `better` or `worse` than versus, which takes an interval without zero, or `inconclusive`.",
    ),
];

/// The bytes of `columns.json`.
#[must_use]
pub fn columns_json(experiment: &Experiment) -> Vec<u8> {
    let metric = |metric: &crate::metrics::Metric| {
        let definition = json!({
            "title": metric.title,
            "unit": metric.unit,
            "better": metric.better,
            "least": 0.0,
            "most": metric.range().most,
            "meaning": metric.meaning,
        });
        (metric.name.to_owned(), definition)
    };
    let document = json!({
        "files": {
            "runs.csv": table(experiment, "One row a replication and metric.", &runs_csv::COLUMNS, "topology"),
            "summary.csv": table(
                experiment,
                "One row a metric of a cell (topology and axes), and of a pair of topologies on the same axes.",
                &summary_csv::fixed_columns(),
                "versus",
            ),
            "findings.csv": table(
                experiment,
                "One row a reason for which a replication fails; a replication without a row works.",
                &findings_csv::COLUMNS,
                findings_csv::BEFORE,
            ),
        },
        "metrics": METRICS.iter().map(metric).chain([failing()]).collect::<Map<_, _>>(),
    });
    super::json::pretty(&document)
}

/// What `summary.csv` says of each cell beside its metrics.
fn failing() -> (String, Value) {
    let definition = json!({
        "title": "failing seeds",
        "unit": "%",
        "better": "lower",
        "least": 0.0,
        "most": 100.0,
        "meaning": "Share of the replications in which the topology fails (they have a finding), with Wilson's 95 % interval of the probability; in summary.csv only.",
    });
    (summary_csv::FAILING.to_owned(), definition)
}

/// A table: what a row is, and its columns in order; the axes follow the column `before_axes`.
fn table(experiment: &Experiment, rows: &str, fixed: &[&str], before_axes: &str) -> Value {
    let mut columns = Map::new();
    for &name in fixed {
        let meaning = MEANINGS.iter().find(|(known, _)| *known == name).map(|(_, meaning)| *meaning);
        columns.insert(name.to_owned(), meaning.expect("invariant: every fixed column has a meaning").into());
        if name == before_axes {
            let axes = AxisColumns::new(experiment, fixed);
            columns.extend(axes.names().iter().map(|axis| (axis.clone(), axis_meaning(axis).into())));
        }
    }
    json!({ "rows": rows, "columns": columns })
}

fn axis_meaning(axis: &str) -> String {
    match axis {
        PEERS => "How many peers the population has.".to_owned(),
        _ => "Sweep axis: the value in the scenario of this cell.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Study;
    use super::super::{Summary, tables};
    use super::*;

    #[test]
    fn every_column_of_every_table_is_described_in_order() {
        let study = Study::new().lossy_cell(20, "1 %", "star", &[1.0, 2.0]);
        let experiment = study.experiment();
        let results = study.results(&experiment);
        let summary = Summary::of(&results);
        let columns: Value = serde_json::from_slice(&columns_json(&experiment)).expect("JSON");
        for (name, table) in tables(&results, &summary) {
            let file = name.to_str().expect("text");
            if !file.ends_with(".csv") {
                continue;
            }
            let bytes = table.to_bytes().expect("written");
            let head = csv::Reader::from_reader(bytes.as_slice()).headers().expect("a head").clone();
            let described = columns["files"][file]["columns"].as_object().expect("a table");
            assert_eq!(head.iter().collect::<Vec<_>>(), described.keys().collect::<Vec<_>>());
        }
        assert_eq!(columns["metrics"]["delivery_ratio_percent"]["better"], "higher");
    }
}
