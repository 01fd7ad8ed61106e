//! `runs.csv`: every value of every replication, long and tidy, one row a value.

use super::axes::{AxisColumns, number};
use crate::metrics::MetricId;
use crate::sweep::Results;

/// The columns beside the axes.
pub(super) const COLUMNS: [&str; 4] = ["topology", "seed", "metric", "value"];

/// The bytes of `runs.csv`: cells in the order of the experiment, then seeds, then metrics. A
/// metric that a replication has no value for has no row.
#[must_use]
pub fn runs_csv(results: &Results<'_>) -> Vec<u8> {
    let axes = AxisColumns::new(results.experiment, &COLUMNS);
    let [topology, seed, metric, value] = COLUMNS;
    let names = axes.names().iter().map(String::as_str);
    let mut table = Table::new(std::iter::once(topology).chain(names).chain([seed, metric, value]));
    for (cell, runs) in results.experiment.cells.iter().zip(&results.cells) {
        let place = axes.values(cell);
        for record in runs.runs.iter().map(|run| &run.record) {
            let seed = record.seed.0.to_string();
            for &id in MetricId::ALL {
                let Some(value) = record.values.get(id) else { continue };
                let value = number(value);
                let place = place.iter().map(String::as_str);
                let tail = [seed.as_str(), id.definition().name, value.as_str()];
                table.row(std::iter::once(cell.label.as_str()).chain(place).chain(tail));
            }
        }
    }
    table.into_bytes()
}

/// A CSV table in memory.
pub(super) struct Table(csv::Writer<Vec<u8>>);

impl Table {
    /// A table with these heads.
    pub(super) fn new<'a>(heads: impl IntoIterator<Item = &'a str>) -> Self {
        let mut table = Self(csv::Writer::from_writer(Vec::new()));
        table.row(heads);
        table
    }

    /// Adds a row, which has as many fields as there are heads.
    ///
    /// A text that spreadsheets would take for a formula gets an apostrophe in front, which they show as text
    /// (OWASP, CSV injection).
    pub(super) fn row<'a>(&mut self, fields: impl IntoIterator<Item = &'a str>) {
        for field in fields {
            let written = match is_formula(field) {
                true => self.0.write_field(format!("'{field}")),
                false => self.0.write_field(field),
            };
            written.expect("invariant: written to memory");
        }
        self.0.write_record(None::<&[u8]>).expect("invariant: rows of one length, written to memory");
    }

    /// The bytes of the table.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0.into_inner().expect("invariant: memory needs no flush")
    }
}

/// Whether a spreadsheet would compute it; numbers are what they are.
fn is_formula(field: &str) -> bool {
    field.starts_with(['=', '+', '-', '@', '\t', '\r']) && field.parse::<f64>().is_err()
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Study;
    use super::*;

    fn text(study: &Study) -> String {
        let experiment = study.experiment();
        String::from_utf8(runs_csv(&study.results(&experiment))).expect("text")
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
    fn no_text_is_a_formula() {
        let mut table = Table::new(["class", "value"]);
        table.row(["=cmd|' /C calc'!A0", "-1.5"]);
        table.row(["a=b", "-inf"]);
        let text = String::from_utf8(table.into_bytes()).expect("text");
        assert_eq!(text, "class,value\n'=cmd|' /C calc'!A0,-1.5\na=b,-inf\n");
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
