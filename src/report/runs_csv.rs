//! `runs.csv`: every value of every replication, long and tidy, one row a value.

use std::io::{self, Write};

use super::axes::{AxisColumns, number};
use super::csv_table::CsvTable;
use crate::metrics::MetricId;
use crate::sweep::Results;

/// The columns beside the axes.
pub(super) const COLUMNS: [&str; 4] = ["topology", "seed", "metric", "value"];

/// Writes `runs.csv`: cells in the order of the experiment, then seeds, then metrics. A metric that a replication has
/// no value for has no row.
///
/// # Errors
/// When `to` refuses.
pub fn runs_csv(results: &Results<'_>, to: &mut dyn Write) -> io::Result<()> {
    let axes = AxisColumns::new(results.experiment, &COLUMNS);
    let [topology, seed, metric, value] = COLUMNS;
    let names = axes.names().iter().map(String::as_str);
    let mut table = CsvTable::new(to, std::iter::once(topology).chain(names).chain([seed, metric, value]))?;
    for (cell, runs) in results.experiment.cells.iter().zip(&results.cells) {
        let place = axes.values(cell);
        for run in &runs.runs {
            let seed = run.seed.0.to_string();
            for &id in MetricId::ALL {
                let Some(value) = run.values.get(id) else { continue };
                let value = number(value);
                let place = place.iter().map(String::as_str);
                let tail = [seed.as_str(), id.definition().name, value.as_str()];
                table.row(std::iter::once(cell.label.as_str()).chain(place).chain(tail))?;
            }
        }
    }
    table.finish()
}

#[cfg(test)]
mod tests {
    use super::super::content::in_memory;
    use super::super::fixture::Study;
    use super::*;

    fn text(study: &Study) -> String {
        let experiment = study.experiment();
        String::from_utf8(in_memory(|to| runs_csv(&study.results(&experiment), to)).expect("written")).expect("text")
    }

    #[test]
    fn one_row_a_value() {
        let study = Study::new()
            .cell(20, "star", MetricId::LatencyP95, &[80.5, 81.25])
            .cell(20, "tree degree=4", MetricId::LatencyP95, &[120.0, 0.1 + 0.2])
            .also("star", MetricId::Delivered, &[100.0, 99.98]);
        insta::assert_snapshot!(text(&study), @r"
        topology,peers,seed,metric,value
        star,20,1,delivery_latency_p95_ms,80.5
        star,20,1,delivery_ratio_percent,100
        star,20,2,delivery_latency_p95_ms,81.25
        star,20,2,delivery_ratio_percent,99.98
        tree degree=4,20,1,delivery_latency_p95_ms,120
        tree degree=4,20,2,delivery_latency_p95_ms,0.30000000000000004
        ");
    }

    #[test]
    fn another_topology_changes_no_row() {
        let alone = Study::new().cell(20, "star", MetricId::LatencyP95, &[80.5, 81.25]);
        let joined = Study::new().cell(20, "mesh", MetricId::LatencyP95, &[9.0, 9.5]).cell(
            20,
            "star",
            MetricId::LatencyP95,
            &[80.5, 81.25],
        );
        let joined: String = text(&joined).split_inclusive('\n').filter(|row| !row.starts_with("mesh,")).collect();
        assert_eq!(joined, text(&alone));
    }
}
