//! `summary.csv`: means and paired differences with their 95 % intervals, one row a figure.

use std::io::{self, Write};

use super::axes::{AxisColumns, number};
use super::csv_table::CsvTable;
use super::doubt::grain_word;
use super::summary::Summary;
use crate::metrics::{Interval, MetricId, Verdict};
use crate::sweep::Results;

/// The columns before the axes.
const BEFORE: [&str; 3] = ["kind", "topology", "versus"];
/// The columns after the axes.
const AFTER: [&str; 7] = ["grain", "metric", "n", "mean", "ci95_low", "ci95_high", "verdict"];
/// What stands for a metric where a row says in how many replications a topology fails.
pub(super) const FAILING: &str = "failing_seeds_percent";

/// The columns beside the axes.
pub(super) fn fixed_columns() -> Vec<&'static str> {
    [BEFORE.as_slice(), &AFTER].concat()
}

/// Writes `summary.csv`: every cell, then every difference, in the order of the experiment.
///
/// # Errors
/// When `to` refuses.
pub fn summary_csv(results: &Results<'_>, summary: &Summary, to: &mut dyn Write) -> io::Result<()> {
    let experiment = results.experiment;
    let axes = AxisColumns::new(experiment, &fixed_columns());
    let names = axes.names().iter().map(String::as_str);
    let mut table = CsvTable::new(to, BEFORE.into_iter().chain(names).chain(AFTER))?;
    for cell in &experiment.cells {
        let grain = grain_word(results.grain(cell)).to_owned();
        let place =
            [vec!["cell".to_owned(), cell.label.clone(), String::new()], axes.values(cell), vec![grain]].concat();
        for &id in MetricId::ALL {
            if let Some(interval) = summary.interval(cell.index, id) {
                row(&mut table, &place, &figures(id.definition().name, interval, None))?;
            }
        }
        if let Some(failing) = summary.standing(cell.index).failing_percent() {
            row(&mut table, &place, &figures(FAILING, failing, None))?;
        }
    }
    for difference in summary.differences() {
        let [cell, versus] = [difference.cell, difference.versus].map(|index| &experiment.cells[index]);
        let pair = ["difference".to_owned(), cell.label.clone(), versus.label.clone()];
        let grain = grain_word(results.grain(cell)).to_owned();
        let place = [pair.to_vec(), axes.values(cell), vec![grain]].concat();
        row(
            &mut table,
            &place,
            &figures(difference.metric.definition().name, difference.interval, Some(difference.verdict)),
        )?;
    }
    table.finish()
}

/// The word for a verdict in files and texts.
pub(super) const fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Better => "better",
        Verdict::Worse => "worse",
        Verdict::Inconclusive => "inconclusive",
    }
}

fn figures(name: &str, interval: Interval, verdict: Option<Verdict>) -> [String; AFTER.len() - 1] {
    let [low, high] = interval.ends.map_or_else(Default::default, |ends| [number(ends.low), number(ends.high)]);
    [
        name.to_owned(),
        interval.n.to_string(),
        number(interval.mean),
        low,
        high,
        verdict.map_or("", verdict_word).to_owned(),
    ]
}

fn row<W: Write>(table: &mut CsvTable<W>, place: &[String], figures: &[String]) -> io::Result<()> {
    table.row(place.iter().chain(figures).map(String::as_str))
}

#[cfg(test)]
mod tests {
    use super::super::content::in_memory;
    use super::super::fixture::Study;
    use super::*;

    fn text(study: &Study) -> String {
        let experiment = study.experiment();
        let results = study.results(&experiment);
        String::from_utf8(in_memory(|to| summary_csv(&results, &Summary::of(&results), to)).expect("written"))
            .expect("text")
    }

    #[test]
    fn cells_then_differences() {
        let study = Study::new()
            .lossy_cell(20, "1 %", "star", &[110.0, 152.0, 91.0])
            .lossy_cell(20, "1 %", "tree degree=4", &[100.0, 140.0, 80.0])
            .lossy_cell(20, "2 %", "star", &[130.0]);
        insta::assert_snapshot!(text(&study));
    }

    #[test]
    fn another_topology_changes_no_row() {
        let p95 = MetricId::LatencyP95;
        let alone = Study::new().cell(20, "star", p95, &[80.5, 81.25]).cell(20, "tree", p95, &[70.0, 71.0]);
        let joined = Study::new().cell(20, "mesh", p95, &[9.0, 9.5]).cell(20, "star", p95, &[80.5, 81.25]).cell(
            20,
            "tree",
            p95,
            &[70.0, 71.0],
        );
        let joined: String = text(&joined).split_inclusive('\n').filter(|row| !row.contains("mesh,")).collect();
        assert_eq!(joined, text(&alone));
    }
}
