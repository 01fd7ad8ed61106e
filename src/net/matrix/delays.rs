//! From the cells of a square to delays: numbers in a unit, missing ones filled from the opposite direction.

use super::layout::Square;
use super::names::is_missing;
use super::numbers::{has_unit, is_comma_number};
use super::table::{MatrixUnit, Measures};
use crate::net::faults::{Faults, shown};

/// A longer delay is one in the wrong unit: one minute.
const LONGEST_NS: f64 = 60e9;

/// One-way delays in ns, row by row, and how many were filled from the opposite direction.
pub(super) fn delays(
    square: &Square<'_>,
    unit: MatrixUnit,
    measures: Measures,
) -> Result<(Vec<u64>, usize), Vec<String>> {
    let comma = Comma::of(square)?;
    let mut faults = Faults::default();
    let cells = cells(square, comma, unit, measures, &mut faults);
    let filled = fill(square, &cells, &mut faults);
    if faults.is_empty() { Ok(filled) } else { Err(faults.into_lines()) }
}

/// What a comma in a number means, for the whole file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comma {
    Decimal,
    None,
}

impl Comma {
    fn of(square: &Square<'_>) -> Result<Self, Vec<String>> {
        let (mut pointed, mut comma, mut proven) = (None, None, false);
        for (from, row) in square.rows.iter().enumerate() {
            for to in 0..square.places() {
                let field = square.cell(from, to);
                let place =
                    || format!("line {}, column {}: `{}`", row.line, to + square.names_column + 1, shown(field));
                if is_comma_number(field) {
                    comma = comma.or_else(|| Some(place()));
                    // A thousand has three digits behind it, and no nought alone before it.
                    proven |= field
                        .split_once(',')
                        .is_some_and(|(whole, part)| part.len() != 3 || whole.len() > 3 || whole.starts_with('0'));
                } else if field.contains('.') && field.parse::<f64>().is_ok() {
                    pointed = pointed.or_else(|| Some(place()));
                }
            }
        }
        match (comma, pointed, proven) {
            (None, ..) => Ok(Self::None),
            (Some(_), None, true) => Ok(Self::Decimal),
            (Some(comma), Some(point), _) => {
                Err(vec![format!("{comma} has a comma, and {point} a point: write decimals one way")])
            }
            (Some(comma), None, false) => Err(vec![format!(
                "{comma} may have a decimal comma or one of thousands; write decimals with a point, and thousands without"
            )]),
        }
    }
}

/// One-way delays in ns, row by row; `None` where a cell is missing.
fn cells(
    square: &Square<'_>,
    comma: Comma,
    unit: MatrixUnit,
    measures: Measures,
    faults: &mut Faults,
) -> Vec<Option<u64>> {
    let way = match measures {
        Measures::RoundTrip => 0.5,
        Measures::OneWay => 1.0,
    };
    let places = square.places();
    let mut cells = Vec::with_capacity(places * places);
    for (from, row) in square.rows.iter().enumerate() {
        for to in 0..places {
            let field = square.cell(from, to);
            cells.push(match delay_ns(field, comma, unit.ns()) {
                Ok(ns) => ns.map(|ns| round(ns * way)),
                Err(why) => {
                    let place = format!("line {}, column {}", row.line, to + square.names_column + 1);
                    faults.push(place, &format!("`{}`", shown(field)), why);
                    Some(0)
                }
            });
        }
    }
    cells
}

/// The delays with missing ones filled from the opposite direction, and how many those were.
fn fill(square: &Square<'_>, cells: &[Option<u64>], faults: &mut Faults) -> (Vec<u64>, usize) {
    let places = square.places();
    let mut filled = 0;
    let mut delays = Vec::with_capacity(cells.len());
    for (index, cell) in cells.iter().enumerate() {
        let (from, to) = (index / places, index % places);
        delays.push(match (cell, cells[to * places + from]) {
            (Some(ns), _) => *ns,
            (None, _) if from == to => 0,
            (None, Some(opposite)) => {
                filled += 1;
                opposite
            }
            (None, None) => {
                // Once a pair is enough.
                if from < to {
                    let names = (shown(&square.names[from]), shown(&square.names[to]));
                    let words = format!("nothing between `{}` and `{}`, in neither direction", names.0, names.1);
                    faults.push_as("nothing", format!("line {}", square.rows[from].line), &words);
                }
                0
            }
        });
    }
    (delays, filled)
}

fn delay_ns(field: &str, comma: Comma, unit_ns: f64) -> Result<Option<f64>, &'static str> {
    if is_missing(field) {
        return Ok(None);
    }
    let pointed;
    let number = if comma == Comma::Decimal && is_comma_number(field) {
        pointed = field.replace(',', ".");
        &pointed
    } else {
        field
    };
    match number.parse::<f64>() {
        Err(_) => Err(not_a_number(field)),
        Ok(number) if !number.is_finite() => Err("is not finite; leave a missing cell empty"),
        Ok(number) if number < 0.0 => Err("is negative; leave a missing cell empty"),
        Ok(number) if number * unit_ns > LONGEST_NS => {
            Err("is more than a minute: is the `unit` right? \"ms\" (if absent), \"us\" or \"s\"")
        }
        Ok(number) => Ok(Some(number * unit_ns)),
    }
}

fn not_a_number(field: &str) -> &'static str {
    if has_unit(field) {
        "has a unit; leave it out, and say it with `unit`"
    } else if field.contains(',') && field.contains('.') {
        "is not a number; leave out separators of thousands"
    } else {
        "is not a number"
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked: from zero to a minute")]
fn round(ns: f64) -> u64 {
    ns.round() as u64
}
