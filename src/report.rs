//! What a sweep comes to: the answer on the terminal, and the files of a results folder.
//!
//! One file a format. Each takes finished results and gives bytes or text; only [`folder`] touches
//! the disk. All files but the manifest are the same bytes for the same scenario, seeds and
//! version, so nothing here but the manifest may know about clocks, hosts or threads.

mod answer;
mod axes;
mod bounds;
pub mod change;
mod columns;
mod comparison;
mod connections_csv;
mod content;
pub mod crossover;
mod csv_table;
mod doubt;
pub(crate) mod figures;
mod findings_csv;
#[cfg(test)]
mod fixture;
pub mod folder;
mod held;
mod idle_set_ups;
pub mod json;
mod judgement;
mod least;
mod manifest;
mod marks;
mod missed;
mod optimised;
mod plan;
pub mod plot;
mod ranking;
mod reign;
mod runs_csv;
mod standing;
mod stops;
mod stragglers;
mod summary;
mod summary_csv;
pub mod terminal;
mod validation;

pub use answer::{Answer, Decision, Progress, answer};
pub use bounds::{BoundRow, BoundSheet, FamilyRow, Side, render as bounds_text};
pub use columns::columns_json;
pub use comparison::Comparison;
pub use connections_csv::connections_csv;
pub use content::{Content, Writer};
pub use doubt::Doubt;
pub use findings_csv::findings_csv;
pub use folder::{Claim, FolderError, Written, write_folder, write_one};
pub use held::OtherResults;
pub(crate) use judgement::expectation_text;
pub use judgement::{Failure, FailureKind, Outcome};
pub use least::Least;
pub use manifest::{Provenance, manifest_json};
pub use optimised::{TreeError, TreeFigures, TreeSheet, Wanted, WayStop, render as tree_text};
pub use plan::{PlanFormat, PlanOutput};
pub use ranking::{RankedTopology, Ranking};
pub use reign::Reign;
pub use runs_csv::runs_csv;
pub use standing::Standing;
pub use stops::Stop;
pub use summary::{Difference, Summary};
pub use summary_csv::summary_csv;
pub use validation::{
    Agreement, BOUNDS, Bound as ValidationBound, Pairing, RankAgreement, Tolerance, Validation, ValidationRow,
    render as validation_text, validation_csv,
};

use std::path::PathBuf;

use crate::sweep::Results;
use connections_csv::has_connections;

/// The tables of a results folder and their description: `runs.csv`, `summary.csv`, `findings.csv`, `columns.json` and,
/// where replications say how their overlays connected, `connections.csv`; the same bytes for the same
/// scenario, seeds and version.
#[must_use]
pub fn tables<'a>(results: &'a Results<'_>, summary: &'a Summary) -> Vec<(PathBuf, Content<'a>)> {
    let mut tables = vec![
        ("runs.csv".into(), Content::written(|to| runs_csv(results, to))),
        ("summary.csv".into(), Content::written(|to| summary_csv(results, summary, to))),
        ("findings.csv".into(), Content::written(|to| findings_csv(results, to))),
        ("columns.json".into(), columns_json(results.experiment).into()),
    ];
    if has_connections(results) {
        tables.push(("connections.csv".into(), Content::written(|to| connections_csv(results, to))));
    }
    tables
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::RunCost;

    #[test]
    fn tables_are_the_same_bytes_whatever_a_run_cost() {
        let study = fixture::town_hall();
        let experiment = study.experiment();
        let mut results = study.results(&experiment);
        let bytes = |results: &Results<'_>| {
            let summary = Summary::of(results);
            let tables = tables(results, &summary);
            tables.into_iter().map(|(name, table)| (name, table.to_bytes().expect("written"))).collect::<Vec<_>>()
        };
        let first = bytes(&results);
        for run in results.cells.iter_mut().flat_map(|cell| &mut cell.runs) {
            run.cost = RunCost { cpu_s: Some(99.0) };
        }
        assert_eq!(first, bytes(&results));
    }
}
