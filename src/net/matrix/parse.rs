//! From the text of a CSV file to a table of delays.
//!
//! The delimiter (comma, semicolon, tab or spaces), a header row and a column of names are
//! recognised. A cell that is empty, `-`, `NA` or `NaN` is missing: on the diagonal it counts as
//! zero, elsewhere it takes the value of the opposite direction.

use std::collections::BTreeMap;

use csv::{ReaderBuilder, StringRecord, Trim};

use super::{MatrixTable, MatrixUnit, Measures};
use crate::net::Place;
use crate::net::faults::first_few;

/// Most places: their indices are [`Place`]s.
const MOST_PLACES: usize = Place::MAX as usize;
/// A longer delay is one in the wrong unit: one minute.
const LONGEST_NS: f64 = 60e9;

/// Reads a table, or says every fault it has.
pub(super) fn table(text: &str, unit: MatrixUnit, measures: Measures) -> Result<MatrixTable, Vec<String>> {
    let rows = rows(text).map_err(|error| vec![error.to_string()])?;
    let square = Square::of(&rows).map_err(|fault| vec![fault])?;
    let mut faults = square.faults();
    let cells = square.cells(unit, measures, &mut faults);
    let (one_way_ns, filled) = fill(&square, &cells, &mut faults);
    if faults.is_empty() {
        Ok(MatrixTable { names: square.names, one_way_ns: one_way_ns.into(), filled })
    } else {
        Err(first_few(faults))
    }
}

/// The fields of one line.
struct Row {
    line: u64,
    fields: StringRecord,
}

/// What was recognised: the names of the places, and the rows that hold their cells.
struct Square<'r> {
    names: Vec<String>,
    rows: &'r [Row],
    // Fields before the first cell of a row: one where there is a column of names.
    names_column: usize,
    header: Option<&'r Row>,
}

fn rows(text: &str) -> Result<Vec<Row>, csv::Error> {
    let (delimiter, text) = match [b'\t', b';', b','].into_iter().find(|&byte| text.as_bytes().contains(&byte)) {
        Some(delimiter) => (delimiter, text.to_owned()),
        // Spaces align columns: any number of them is one delimiter.
        None => {
            let lines: Vec<String> =
                text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join("\t")).collect();
            (b'\t', lines.join("\n"))
        }
    };
    let mut reader = ReaderBuilder::new();
    reader.has_headers(false).flexible(true).delimiter(delimiter).trim(Trim::All).comment(Some(b'#'));
    let row = |record: Result<StringRecord, csv::Error>| {
        let fields: StringRecord = record?;
        Ok::<Row, csv::Error>(Row { line: fields.position().map_or(0, csv::Position::line), fields })
    };
    let mut rows = reader.from_reader(text.as_bytes()).records().map(row).collect::<Result<Vec<Row>, _>>()?;
    drop_trailing_delimiters(&mut rows);
    Ok(rows)
}

/// Some tools end every line with a delimiter.
fn drop_trailing_delimiters(rows: &mut [Row]) {
    let square = rows.iter().all(|row| row.fields.len() > rows.len());
    if square && rows.iter().all(|row| row.fields.iter().next_back() == Some("")) {
        rows.iter_mut().for_each(|row| row.fields.truncate(row.fields.len() - 1));
    }
}

impl<'r> Square<'r> {
    fn of(rows: &'r [Row]) -> Result<Self, String> {
        let Some((first, rest)) = rows.split_first() else { return Err("the file is empty".to_owned()) };
        let columns = typical_length(rest).unwrap_or(first.fields.len());
        let is_named =
            |rows: &[Row]| 2 * rows.iter().filter(|row| row.fields.get(0).is_some_and(is_name)).count() > rows.len();
        let by_shape = rows.len() == columns + 1 && first.fields.len() == columns;
        let has_header = by_shape || rows.len() == columns && is_named(rest) || is_header(first);
        let (header, rows) = if has_header { (Some(first), rest) } else { (None, rows) };
        let has_names = is_named(rows) || columns == rows.len() + 1;
        let names_column = usize::from(has_names);
        let places = rows.len();
        if columns.saturating_sub(names_column) != places && is_list_of_pairs(rows) {
            return Err(format!(
                "line {}: this looks like a list of pairs, one a line; a matrix has one row and one column a place",
                rows[0].line
            ));
        }
        if places > MOST_PLACES {
            return Err(format!("{places} places are more than {MOST_PLACES}"));
        }
        let row_names = rows.iter().map(|row| row.fields.get(0).unwrap_or_default().to_owned());
        let numbers = (0..places).map(|place| place.to_string());
        let names = match header {
            _ if has_names => row_names.collect(),
            Some(header) if header.fields.len() == places => header.fields.iter().map(str::to_owned).collect(),
            _ => numbers.collect(),
        };
        Ok(Self { names, rows, names_column, header })
    }

    fn places(&self) -> usize {
        self.rows.len()
    }

    /// What is wrong with the shape and the names.
    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let places = self.places();
        for row in self.rows {
            let cells = row.fields.len().saturating_sub(self.names_column);
            if cells != places {
                faults.push(format!("line {}: {cells} cells, but there are {places} rows", row.line));
            }
        }
        if let Some(header) = self.header {
            let names: Vec<&str> = header.fields.iter().skip(header.fields.len().saturating_sub(places)).collect();
            if names.len() != places {
                faults.push(format!("line {}: {} names for {places} rows", header.line, names.len()));
            } else if self.names_column > 0 && names != self.names {
                faults.push(format!("line {}: the columns are not named as the rows, in the same order", header.line));
            }
        }
        let mut seen = BTreeMap::new();
        for (name, row) in self.names.iter().zip(self.rows) {
            if let Some(line) = seen.insert(name, row.line) {
                faults.push(format!("line {}: `{name}` is also on line {line}", row.line));
            }
        }
        faults
    }

    /// One-way delays in ns, row by row; `None` where a cell is missing.
    fn cells(&self, unit: MatrixUnit, measures: Measures, faults: &mut Vec<String>) -> Vec<Option<u64>> {
        let unit_ns = match unit {
            MatrixUnit::Ms => 1e6,
            MatrixUnit::S => 1e9,
        };
        let way = match measures {
            Measures::RoundTrip => 0.5,
            Measures::OneWay => 1.0,
        };
        let places = self.places();
        let mut cells = Vec::with_capacity(places * places);
        for row in self.rows {
            for column in 0..places {
                // A row that is too short has its own fault.
                let field = row.fields.get(column + self.names_column).unwrap_or("0");
                cells.push(match delay_ns(field, unit_ns) {
                    Ok(ns) => ns.map(|ns| round(ns * way)),
                    Err(why) => {
                        faults.push(format!(
                            "line {}, column {}: `{field}` {why}",
                            row.line,
                            column + self.names_column + 1
                        ));
                        Some(0)
                    }
                });
            }
        }
        cells
    }
}

/// The delays with missing ones filled from the opposite direction, and how many those were.
fn fill(square: &Square<'_>, cells: &[Option<u64>], faults: &mut Vec<String>) -> (Vec<u64>, usize) {
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
                    let names = (&square.names[from], &square.names[to]);
                    faults.push(format!(
                        "line {}: nothing between `{}` and `{}`, in neither direction",
                        square.rows[from].line, names.0, names.1
                    ));
                }
                0
            }
        });
    }
    (delays, filled)
}

fn is_missing(field: &str) -> bool {
    matches!(field.to_ascii_lowercase().as_str(), "" | "-" | "na" | "n/a" | "nan" | "null" | "none")
}

fn is_name(field: &str) -> bool {
    !is_missing(field) && field.parse::<f64>().is_err()
}

/// The median number of fields, so that a ragged row does not change what is recognised.
fn typical_length(rows: &[Row]) -> Option<usize> {
    let mut lengths: Vec<usize> = rows.iter().map(|row| row.fields.len()).collect();
    lengths.sort_unstable();
    lengths.get(lengths.len() / 2).copied()
}

/// Nothing but names, the corner aside.
fn is_header(row: &Row) -> bool {
    let mut fields = row.fields.iter().enumerate().filter(|(index, field)| *index > 0 || !field.is_empty());
    row.fields.len() > 1 && fields.all(|(_, field)| is_name(field))
}

/// `from, to, delay` a line.
fn is_list_of_pairs(rows: &[Row]) -> bool {
    let is_pair = |row: &Row| {
        let field = |index: usize| row.fields.get(index);
        (3..=6).contains(&row.fields.len())
            && field(0).is_some()
            && field(1).is_some_and(is_name)
            && field(2).is_some_and(|field| !is_name(field))
    };
    !rows.is_empty() && rows.iter().all(is_pair)
}

fn delay_ns(field: &str, unit_ns: f64) -> Result<Option<f64>, &'static str> {
    if is_missing(field) {
        return Ok(None);
    }
    match field.parse::<f64>() {
        Err(_) => Err("is not a number"),
        Ok(number) if !number.is_finite() => Err("is not finite"),
        Ok(number) if number < 0.0 => Err("is negative; leave a missing cell empty"),
        Ok(number) if number * unit_ns > LONGEST_NS => Err("is more than a minute: is the `unit` right?"),
        Ok(number) => Ok(Some(number * unit_ns)),
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked: from zero to a minute")]
fn round(ns: f64) -> u64 {
    ns.round() as u64
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
