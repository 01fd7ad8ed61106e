//! `validation.csv`: every compared figure, one row each.

use std::io::{self, Write};

use super::super::axes::{AxisColumns, number};
use super::super::csv_table::CsvTable;
use super::{Agreement, Figure, Tolerance, Validation};
use crate::scenario::Experiment;

const BEFORE: [&str; 1] = ["topology"];
const AFTER: [&str; 8] =
    ["metric", "over_seeds", "model", "real", "relative_error_percent", "bound", "bound_unit", "verdict"];

/// Writes `validation.csv`.
///
/// # Errors
/// When `to` refuses.
pub fn validation_csv(validation: &Validation, experiment: &Experiment, to: &mut dyn Write) -> io::Result<()> {
    let fixed = [BEFORE.as_slice(), &AFTER].concat();
    let axes = AxisColumns::new(experiment, &fixed);
    let names = axes.names().iter().map(String::as_str);
    let mut table = CsvTable::new(to, BEFORE.into_iter().chain(names).chain(AFTER))?;
    for row in &validation.rows {
        let definition = row.bound.metric.definition();
        let (bound, unit) = match row.bound.tolerance {
            Tolerance::Relative(percent) => (percent, "% of real"),
            Tolerance::Absolute(most) => (most, definition.unit),
        };
        let verdict = match row.verdict {
            Agreement::Within => "within",
            Agreement::Miss => "miss",
        };
        let figures = [
            definition.name.to_owned(),
            match row.bound.figure {
                Figure::Mean => "mean",
                Figure::MedianSeed => "median seed",
            }
            .to_owned(),
            number(row.model),
            number(row.real),
            row.relative_error_percent().map_or_else(String::new, number),
            number(bound),
            unit.to_owned(),
            verdict.to_owned(),
        ];
        let place = [vec![row.topology.clone()], axes.values(&experiment.cells[row.cell])].concat();
        table.row(place.iter().chain(&figures).map(String::as_str))?;
    }
    table.finish()
}
