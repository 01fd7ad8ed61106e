//! The measured populations as comma-separated values.

use std::io::{self, Write};

use super::sheet::{CrossoverSheet, PointRow};
use crate::metrics::Interval;
use crate::report::csv_table::CsvTable;

const HEADS: [&str; 17] = [
    "peers",
    "seeds",
    "first",
    "first_mean",
    "first_low",
    "first_high",
    "first_failing",
    "second",
    "second_mean",
    "second_low",
    "second_high",
    "second_failing",
    "difference_mean",
    "difference_low",
    "difference_high",
    "metric",
    "better",
];

/// Writes one row a population, in ascending order. Values are in the unit of the metric; what is not there is empty.
///
/// # Errors
/// When `to` refuses.
pub fn crossover_csv(sheet: &CrossoverSheet, to: &mut dyn Write) -> io::Result<()> {
    let mut table = CsvTable::new(to, HEADS)?;
    for point in &sheet.points {
        let fields = row(sheet, point);
        table.row(fields.iter().map(String::as_str))?;
    }
    table.finish()
}

fn row(sheet: &CrossoverSheet, point: &PointRow) -> Vec<String> {
    let mut fields = vec![point.peers.to_string(), point.seeds.to_string()];
    for (label, side) in sheet.topologies.iter().zip(&point.sides) {
        fields.push(label.clone());
        fields.extend(figures(side.value));
        fields.push(side.failing.to_string());
    }
    fields.extend(figures(point.difference));
    fields.push(sheet.metric.definition().name.to_owned());
    fields.push(super::text::lead_text(sheet, point.lead).to_owned());
    fields
}

fn figures(interval: Option<Interval>) -> [String; 3] {
    let text = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    let ends = interval.and_then(|interval| interval.ends);
    [text(interval.map(|interval| interval.mean)), text(ends.map(|ends| ends.low)), text(ends.map(|ends| ends.high))]
}
