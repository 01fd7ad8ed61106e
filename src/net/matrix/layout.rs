//! Which fields of a table are delays, and which name the places.
//!
//! A matrix is square, so its shape says what else is there: with `n` places it has `n` rows of `n` cells, and
//! perhaps a header, a column of names, or both. Words are names wherever they stand. Numbers (indices, numbers of
//! networks) are names only where nothing else fits: a matrix that lost a row or a column must not pass for a
//! smaller one with names.

use std::collections::BTreeMap;

use super::names::{compare, is_missing, is_range, is_word, unknown_to};
use super::rows::View;
use crate::net::data_file::count;
use crate::net::faults::{Faults, shown};
use crate::net::place::Place;

/// Most places: their indices are [`Place`]s.
const MOST_PLACES: usize = Place::MAX as usize;

/// What was recognised: the names of the places, and the rows that hold their cells.
pub(super) struct Square<'r> {
    pub(super) names: Vec<String>,
    pub(super) rows: Vec<View<'r>>,
    /// Fields before the first cell of a row: one where there is a column of names.
    pub(super) names_column: usize,
}

/// What stands around the cells.
struct Frame<'r> {
    header: Option<View<'r>>,
    has_corner: bool,
    rows: Vec<View<'r>>,
    names_column: usize,
}

impl<'r> Square<'r> {
    /// Recognises a square, or says why there is none.
    pub(super) fn of(rows: &[View<'r>]) -> Result<Self, Vec<String>> {
        let frame = Frame::of(rows).map_err(|fault| vec![fault])?;
        let places = frame.rows.len();
        if places > MOST_PLACES {
            return Err(vec![format!("{places} places are more than {MOST_PLACES}")]);
        }
        frame.check_shape().map_err(|fault| vec![fault])?;
        let mut faults = Faults::default();
        frame.note_ragged(&mut faults);
        let names = frame.names(&mut faults);
        note_names(&names, &frame.rows, &mut faults);
        let has_header = frame.header.is_some();
        let square = Self { names, rows: frame.rows, names_column: frame.names_column };
        if faults.is_empty() && !has_header && square.ends_empty() {
            return Err(vec![
                "the last column is empty: is it missing? If nothing was measured to the last place, name the columns"
                    .to_owned(),
            ]);
        }
        if faults.is_empty() { Ok(square) } else { Err(faults.into_lines()) }
    }

    /// Whether the last column is all that is missing: a delimiter at the end of each line, and a column less.
    fn ends_empty(&self) -> bool {
        let last = self.places() - 1;
        let is_given = |from: usize| (0..last).all(|to| to == from || !is_missing(self.cell(from, to)));
        last > 0 && (0..=last).all(|from| self.cell(from, last).is_empty() && is_given(from))
    }

    /// How many places.
    pub(super) fn places(&self) -> usize {
        self.rows.len()
    }

    /// The field of a pair of places.
    pub(super) fn cell(&self, from: usize, to: usize) -> &'r str {
        self.rows[from].get(to + self.names_column).unwrap_or_default()
    }
}

impl<'r> Frame<'r> {
    fn of(lines: &[View<'r>]) -> Result<Self, String> {
        let Some((first, rest)) = lines.split_first() else { return Err("the file has no data".to_owned()) };
        let frame = |header: bool, has_corner: bool, names: bool| Self {
            header: header.then_some(*first),
            has_corner,
            rows: if header { rest } else { lines }.to_vec(),
            names_column: usize::from(names),
        };
        let columns = typical_length(if rest.is_empty() { lines } else { rest });
        let are_words =
            |rows: &[View<'_>]| 2 * rows.iter().filter(|row| row.get(0).is_some_and(is_word)).count() > rows.len();
        if is_header(first) {
            if rest.is_empty() {
                return Err(format!("line {} has names only, and no row follows", first.line));
            }
            // Without a corner the header is one shorter than the rows.
            let has_corner = first.len == columns;
            let names = are_words(rest)
                || !has_corner && first.len + 1 == columns
                || rest.len() + 1 == columns && is_range(rest.iter().map(|row| row.get(0).unwrap_or_default()));
            return Ok(frame(true, names && has_corner, names));
        }
        let count = lines.len();
        if are_words(rest) {
            // A header of numbers over rows with words, or no header.
            return Ok(if count == columns { frame(true, true, true) } else { frame(false, false, true) });
        }
        let below: Vec<&str> = rest.iter().map(|row| row.get(0).unwrap_or_default()).collect();
        let header: Vec<&str> = first.fields().collect();
        match (count, columns) {
            _ if count == columns && first.len == columns => match corner(lines)? {
                true => Ok(frame(true, true, true)),
                false => Ok(frame(false, false, false)),
            },
            _ if count == columns && first.len + 1 == columns && header == below && are_distinct(&below) => {
                Ok(frame(true, false, true))
            }
            _ if count == columns + 1 && is_range(header.iter().copied()) && is_off_by_one(lines, [1, 0]) => {
                Ok(frame(true, false, false))
            }
            _ if columns == count + 1
                && is_range(lines.iter().map(|row| row.get(0).unwrap_or_default()))
                && is_off_by_one(lines, [0, 1]) =>
            {
                Ok(frame(false, false, true))
            }
            _ => Ok(frame(false, false, false)),
        }
    }

    /// Names on the header, without its corner.
    fn header_names(&self) -> Vec<&'r str> {
        self.header.map_or_else(Vec::new, |header| header.fields().skip(usize::from(self.has_corner)).collect())
    }

    fn row_names(&self) -> Vec<&'r str> {
        self.rows.iter().map(|row| row.get(0).unwrap_or_default()).collect()
    }

    /// Whether the table as a whole is square; single rows that are not have their own fault.
    fn check_shape(&self) -> Result<(), String> {
        let rows = self.rows.len();
        let columns = typical_length(&self.rows).saturating_sub(self.names_column);
        let first = self.header.or_else(|| self.rows.first().copied()).map_or(1, |row| row.line);
        let fields = |row: &View<'_>| row.fields().map(str::to_lowercase).collect::<Vec<String>>();
        if self
            .header
            .is_some_and(|header| ["time_s", "bytes"].iter().all(|name| fields(&header).iter().any(|f| f == name)))
        {
            return Err("this looks like a trace of messages (time_s, source, bytes), which a workload of `kind = \"trace\"` reads".to_owned());
        }
        let named = self.header_names();
        if columns != rows && is_list_of_pairs(&self.rows) {
            return Err(format!(
                "line {}: this looks like a list of pairs, one a line; a matrix has one row and one column a place",
                self.rows[0].line
            ));
        }
        if self.header.is_some() && self.names_column > 0 && (named.len() != rows || columns != rows) {
            let of_rows = self.row_names();
            let more = unknown_to(&named, &of_rows).map(|name| format!(": `{}` has a column and no row", shown(name)));
            let fewer = unknown_to(&of_rows, &named).map(|name| format!(": `{}` has a row and no column", shown(name)));
            let which = if named.len() > rows { more.or(fewer) } else { fewer.or(more) }.unwrap_or_default();
            return Err(format!(
                "line {first}: {} for {}, with {} each: a matrix has as many columns as rows{which}",
                count(named.len(), "named column"),
                count(rows, "row"),
                count(columns, "cell")
            ));
        }
        if self.header.is_some() && named.len() != rows {
            return Err(format!(
                "line {first}: {} for {}: a matrix has as many columns as rows",
                count(named.len(), "name"),
                count(rows, "row")
            ));
        }
        if columns == rows || rows == 0 {
            return Ok(());
        }
        Err(if columns == 1 {
            format!("line {first}: one number a line; a matrix has one row and one column a place")
        } else {
            let advice = if self.names_column > 0 || self.header.is_some() {
                ""
            } else {
                "; names that are numbers need a header, a first column and a word in the corner"
            };
            format!(
                "{} of {}: a matrix has as many columns as rows, so a row or a column is missing or too many{advice}",
                count(rows, "row"),
                count(columns, "cell")
            )
        })
    }

    fn note_ragged(&self, faults: &mut Faults) {
        let places = self.rows.len();
        for row in &self.rows {
            let cells = row.len.saturating_sub(self.names_column);
            if cells != places {
                let words = format!("{cells} cells, but there are {places} rows");
                faults.push_as("cells", format!("line {}", row.line), &words);
            }
        }
    }

    /// The names of the places; where rows and columns are named differently, the first that differs.
    fn names(&self, faults: &mut Faults) -> Vec<String> {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        match (self.header, self.names_column) {
            (None, 0) => (0..self.rows.len()).map(|place| place.to_string()).collect(),
            (None, _) => owned(&self.row_names()),
            (Some(_), 0) => owned(&self.header_names()),
            (Some(header), _) => {
                let (columns, rows) = (self.header_names(), self.row_names());
                // Numbered by whoever wrote the file: the other side has the names.
                if is_range(rows.iter().copied()) {
                    return owned(&columns);
                }
                if !is_range(columns.iter().copied())
                    && let Err((index, words)) = compare(&columns, &rows)
                {
                    let place = format!("line {}, column {}", header.line, index + 1 + usize::from(self.has_corner));
                    let line = self.rows[index].line;
                    faults.push_as("differ", place, &words.replace("{line}", &line.to_string()));
                }
                owned(&rows)
            }
        }
    }
}

/// The median number of fields, so that a ragged row does not change what is recognised.
fn typical_length(rows: &[View<'_>]) -> usize {
    let mut lengths: Vec<usize> = rows.iter().map(|row| row.len).collect();
    lengths.sort_unstable();
    lengths.get(lengths.len() / 2).copied().unwrap_or_default()
}

/// More words than numbers.
fn is_header(row: &View<'_>) -> bool {
    let given = row.fields().filter(|field| !is_missing(field)).count();
    2 * row.fields().filter(|field| is_word(field)).count() > given
}

/// Whether the first row and the first column of a square of numbers name its places: a word in the corner says so,
/// and so do whole numbers that are the same in both, or that count, beside an empty corner.
fn corner(lines: &[View<'_>]) -> Result<bool, String> {
    let corner = lines[0].get(0).unwrap_or_default();
    if !is_missing(corner) || lines.len() < 2 {
        return Ok(is_word(corner));
    }
    let header: Vec<&str> = lines[0].fields().skip(1).collect();
    let below: Vec<&str> = lines[1..].iter().map(|row| row.get(0).unwrap_or_default()).collect();
    let whole = |names: &[&str]| names.iter().map(|name| name.parse::<u64>().ok()).collect::<Option<Vec<u64>>>();
    let (Some(columns), Some(rows)) = (whole(&header), whole(&below)) else { return Ok(false) };
    if is_range(header.iter().copied()) && (is_range(below.iter().copied())) {
        return Ok(true);
    }
    let rises = |numbers: &[u64]| numbers.windows(2).all(|pair| pair[0] < pair[1]);
    let diagonal_is_given = (1..lines.len()).all(|place| !is_missing(lines[place].get(place).unwrap_or_default()));
    if diagonal_is_given {
        return Ok((columns == rows && are_distinct(&columns)) || (rises(&columns) && rises(&rows)));
    }
    // The whole diagonal is empty. Numbers of networks are larger than any delay beside them.
    let inner = lines[1..].iter().flat_map(|row| row.fields().skip(1)).filter_map(|field| field.parse::<f64>().ok());
    let largest = inner.fold(0.0, f64::max);
    let least = columns.iter().copied().min().unwrap_or_default();
    if columns == rows && are_distinct(&columns) && least as f64 > 3.0 * largest && least >= 100 {
        return Err(format!(
            "line {}: are these numbers names or delays? Write a word into the empty corner if they are names, 0 if not",
            lines[0].line
        ));
    }
    Ok(false)
}

fn are_distinct<T: Ord>(names: &[T]) -> bool {
    names.iter().collect::<std::collections::BTreeSet<_>>().len() == names.len()
}

/// Whether the zeros of a diagonal begin at this row and column, and not at the corner.
fn is_off_by_one(lines: &[View<'_>], [row, column]: [usize; 2]) -> bool {
    let is_zero = |row: usize, column: usize| {
        lines[row].get(column).is_some_and(|field| field.parse::<f64>() == Ok(0.0) || is_missing(field))
    };
    let places = lines.len() - row;
    places > 1
        && (0..places).all(|place| is_zero(place + row, place + column))
        && !(0..places).all(|place| is_zero(place, place))
}

/// `from, to, delay` a line.
fn is_list_of_pairs(rows: &[View<'_>]) -> bool {
    let is_number = |field: Option<&str>| field.is_some_and(|field| field.parse::<f64>().is_ok());
    let is_whole = |field: Option<&str>| field.is_some_and(|field| field.parse::<u64>().is_ok());
    let is_pair = |row: &View<'_>| {
        let is_named = row.get(1).is_some_and(is_word) && row.get(0).is_some_and(is_word);
        let is_numbered = row.len == 3 && is_whole(row.get(0)) && is_whole(row.get(1));
        (3..=6).contains(&row.len) && is_number(row.get(2)) && (is_named || is_numbered && rows.len() > 4)
    };
    rows.len() > 1 && rows.iter().all(is_pair)
}

fn note_names(names: &[String], rows: &[View<'_>], faults: &mut Faults) {
    let mut seen = BTreeMap::new();
    for (name, row) in names.iter().zip(rows) {
        let place = format!("line {}", row.line);
        if name.is_empty() {
            faults.push(place.clone(), "", "a place without a name");
        } else if name.contains(char::is_control) {
            faults.push(place.clone(), "", "a name with a line break or another control character");
        }
        if let Some(line) = seen.insert(name, row.line) {
            faults.push_as("twice", place, &format!("`{}` is also on line {line}", shown(name)));
        }
    }
}
