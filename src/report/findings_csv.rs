//! `findings.csv`: what every replication found that it cannot work, one row a finding. A replication without a row
//! works.

use std::io::{self, Write};

use super::axes::AxisColumns;
use super::csv_table::CsvTable;
use crate::sweep::Results;

/// The columns before the axes.
pub(super) const BEFORE: &str = "topology";
/// The columns beside the axes.
pub(super) const COLUMNS: [&str; 4] = [BEFORE, "seed", "finding", "text"];

/// Writes `findings.csv`: cells in the order of the experiment, then seeds.
///
/// # Errors
/// When `to` refuses.
pub fn findings_csv(results: &Results<'_>, to: &mut dyn Write) -> io::Result<()> {
    let experiment = results.experiment;
    let axes = AxisColumns::new(experiment, &COLUMNS);
    let names = axes.names().iter().map(String::as_str);
    let mut table = CsvTable::new(to, [BEFORE].into_iter().chain(names).chain(COLUMNS[1..].iter().copied()))?;
    for (cell, runs) in experiment.cells.iter().zip(&results.cells) {
        let place = [vec![cell.label.clone()], axes.values(cell)].concat();
        for run in &runs.runs {
            let seed = run.seed.0.to_string();
            for finding in &run.findings {
                table.row(place.iter().map(String::as_str).chain([&*seed, finding.kind, &*finding.text]))?;
            }
        }
    }
    table.finish()
}

#[cfg(test)]
mod tests {
    use super::super::content::in_memory;
    use super::super::fixture::town_hall;
    use super::*;

    #[test]
    fn a_row_a_finding_with_its_seed() {
        let study = town_hall();
        let experiment = study.experiment();
        let text = String::from_utf8(in_memory(|to| findings_csv(&study.results(&experiment), to)).expect("written"))
            .expect("text");
        let rows: Vec<&str> = text.lines().collect();
        assert_eq!(
            rows,
            [
                "topology,peers,seed,finding,text",
                "mesh,1000,1,uplink,peer 17 (home) needs 359 Mbit/s up and has 15 Mbit/s",
                "mesh,1000,3,uplink,peer 3 (home) needs 359 Mbit/s up and has 15 Mbit/s",
            ]
        );
    }
}
