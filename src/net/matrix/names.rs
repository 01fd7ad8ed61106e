//! What is a name, what is a missing cell, and whether rows and columns are named alike.

use std::collections::BTreeSet;

use super::numbers::{has_unit, is_comma_number};
use crate::net::faults::shown;

/// Whether a cell is missing.
pub(super) fn is_missing(field: &str) -> bool {
    const WORDS: [&str; 14] = ["", "-", "--", "---", "–", "—", ".", "?", "na", "n/a", "#n/a", "<na>", "null", "none"];
    let lower = field.to_ascii_lowercase();
    WORDS.contains(&lower.as_str()) || lower == "nan"
}

/// Whether a field can only be a name. A number with a decimal comma or a unit is a delay that somebody meant.
pub(super) fn is_word(field: &str) -> bool {
    !is_missing(field) && field.parse::<f64>().is_err() && !is_comma_number(field) && !has_unit(field)
}

/// Whether these count from 0 or from 1, as tools number rows that nobody named.
pub(super) fn is_range<'n>(names: impl Iterator<Item = &'n str>) -> bool {
    let numbers: Option<Vec<u64>> = names.map(|name| name.parse().ok()).collect();
    numbers.is_some_and(|numbers| {
        matches!(numbers.first(), Some(0 | 1)) && numbers.windows(2).all(|pair| pair[1] == pair[0] + 1)
    })
}

/// The first of `names` that is not among `others`.
pub(super) fn unknown_to<'n>(names: &[&'n str], others: &[&str]) -> Option<&'n str> {
    let known: BTreeSet<&str> = others.iter().copied().collect();
    names.iter().find(|name| !known.contains(**name)).copied()
}

/// Whether columns are named as rows are, in the same order; if not, the first column that is not, with words in
/// which `{line}` stands for the line of its row.
pub(super) fn compare(columns: &[&str], rows: &[&str]) -> Result<(), (usize, String)> {
    let Some(index) = columns.iter().zip(rows).position(|(column, row)| column != row) else { return Ok(()) };
    let more = columns.iter().zip(rows).skip(index + 1).filter(|(column, row)| column != row).count();
    let others = match more {
        0 => String::new(),
        more => format!(", and {more} more differ"),
    };
    let rule = match unknown_to(columns, rows).or_else(|| unknown_to(rows, columns)) {
        None => "columns and rows are in another order",
        Some(_) => "columns and rows must have the same names, in the same order",
    };
    let words = format!(
        "the column is `{}` and the row of the same number, on line {{line}}, is `{}`{others}: {rule}",
        shown(columns[index]),
        shown(rows[index])
    );
    Err((index, words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_name_that_differs_is_told() {
        assert_eq!(compare(&["a", "b"], &["a", "b"]), Ok(()));
        let (index, words) = compare(&["a", "b", "c"], &["a", "x", "y"]).expect_err("two differ");
        assert_eq!(index, 1);
        assert!(words.contains("`b`") && words.contains("`x`") && words.contains("and 1 more differ"), "{words}");
        let (_, words) = compare(&["a", "b"], &["b", "a"]).expect_err("another order");
        assert!(words.contains("another order"), "{words}");
    }

    #[test]
    fn counting_begins_at_nought_or_one() {
        let range = |names: &[&str]| is_range(names.iter().copied());
        assert!(range(&["0", "1", "2"]) && range(&["1", "2"]));
        assert!(!range(&["0", "2"]) && !range(&["2", "3"]) && !range(&["a"]) && !range(&[]));
    }
}
