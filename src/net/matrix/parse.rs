//! From the text of a CSV file to a table of delays.
//!
//! The delimiter (comma, semicolon, tab, bar or blanks), a header row and a column of names are
//! recognised. A cell that is empty, `-`, `NA` or `NaN` is missing: on the diagonal it counts as
//! zero, elsewhere it takes the value of the opposite direction.

use super::delays::delays;
use super::layout::Square;
use super::rows::{Delimiter, delimiters, rows, views};
use super::table::{MatrixTable, MatrixUnit, Measures};
use crate::net::data_file::first_line;

/// Reads a table, or says every kind of fault it has.
pub(super) fn table(text: &str, unit: MatrixUnit, measures: Measures) -> Result<MatrixTable, Vec<String>> {
    if first_line(text).is_none() {
        let why = if text.trim().is_empty() { "the file is empty" } else { "the file has comments only" };
        return Err(vec![why.to_owned()]);
    }
    let mut faults = None;
    for delimiter in delimiters(text) {
        match table_by(text, delimiter, unit, measures) {
            Ok(table) => return Ok(table),
            // Those of the most likely delimiter are the ones to show.
            Err(found) => faults = faults.or(Some(found)),
        }
    }
    Err(faults.unwrap_or_default())
}

fn table_by(
    text: &str,
    delimiter: Delimiter,
    unit: MatrixUnit,
    measures: Measures,
) -> Result<MatrixTable, Vec<String>> {
    let rows = rows(text, delimiter).map_err(|error| vec![error.to_string()])?;
    let views = views(&rows);
    let (mut shape, mut cells) = (None, None);
    for view in &views {
        match Square::of(view) {
            Err(faults) => shape = shape.or(Some(faults)),
            Ok(square) => match delays(&square, unit, measures) {
                Err(faults) => cells = cells.or(Some(faults)),
                Ok((one_way_ns, filled)) => {
                    return Ok(MatrixTable { names: square.names, one_way_ns: one_way_ns.into(), filled });
                }
            },
        }
    }
    // What is square has no fault of its shape.
    Err(cells.or(shape).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<MatrixTable, Vec<String>> {
        table(text, MatrixUnit::Ms, Measures::OneWay)
    }

    fn ms(table: &MatrixTable) -> Vec<u64> {
        table.one_way_ns.iter().map(|ns| ns / 1_000_000).collect()
    }

    #[test]
    fn delimiters_headers_and_names_are_recognised() {
        let expected = [0, 10, 20, 0];
        for (text, names) in [
            ("0,10\n20,0\n", ["0", "1"]),
            ("0;10\n20;0\n", ["0", "1"]),
            ("0\t10\t\n20\t0\t\n", ["0", "1"]),
            ("  0  10\n 20   0\n", ["0", "1"]),
            ("a,b\n0,10\n20,0\n", ["a", "b"]),
            (",a,b\na,,10\nb,20,\n", ["a", "b"]),
            ("a,b\na,0,10\nb,20,0\n", ["a", "b"]),
            ("a,0,10\nb,20,0\n", ["a", "b"]),
            ("# ms\n\n0,10\n\n20,0\n", ["0", "1"]),
        ] {
            let table = read(text).expect(text);
            assert_eq!(table.names, names, "{text:?}");
            assert_eq!(ms(&table), expected, "{text:?}");
        }
    }

    #[test]
    fn units_and_directions_scale() {
        let table = table("0,0.1\n0.1,0\n", MatrixUnit::S, Measures::RoundTrip).expect("square");
        assert_eq!(ms(&table), [0, 50, 50, 0]);
    }

    #[test]
    fn a_missing_cell_takes_the_opposite_and_is_counted() {
        let table = read("0,10,NaN\n,0,30\n20,,0\n").expect("fillable");
        assert_eq!(ms(&table), [0, 10, 20, 10, 0, 30, 20, 30, 0]);
        assert_eq!(table.filled, 3);
    }

    #[test]
    fn every_fault_is_named_with_its_line() {
        let faults = read("0,x,\n-1,0,3\n,1,0\n").expect_err("three faults");
        assert_eq!(
            faults,
            [
                "line 1, column 2: `x` is not a number",
                "line 2, column 1: `-1` is negative; leave a missing cell empty",
                "line 1: nothing between `0` and `2`, in neither direction",
            ]
        );
        assert_eq!(read("0,1\n1\n").expect_err("ragged").len(), 1);
        assert_eq!(read("").expect_err("empty"), ["the file is empty"]);
        assert!(read("a,a\n0,1\n1,0\n").expect_err("twice")[0].contains("also on line"));
        assert!(read("0,70000\n1,0\n").expect_err("a minute")[0].contains("unit"));
        let pairs =
            read("src,dst,mean\nSeoul,Tokyo,36\nTokyo,Seoul,36\nSeoul,Paris,250\nOslo,Paris,30\n").expect_err("a list");
        assert!(pairs[0].contains("list of pairs"), "{pairs:?}");
    }
}
