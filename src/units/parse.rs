//! Reading and writing "number unit" texts, shared by every quantity.

use std::fmt;

use thiserror::Error;

/// The units one kind of quantity may be written in.
pub(super) struct UnitTable {
    /// The kind of quantity with its article, for messages: "a duration".
    pub(super) what: &'static str,
    /// How such a quantity is written, for messages.
    pub(super) examples: &'static str,
    /// Each accepted unit and how many base units it holds.
    pub(super) units: &'static [(&'static str, f64)],
    /// The units to print in, largest first; the first that divides the value exactly is taken.
    pub(super) print: &'static [&'static str],
}

/// Why a text is not a quantity, in words for the person who wrote it.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{message}")]
pub struct UnitError {
    message: String,
    suggestion: Option<&'static str>,
}

impl UnitError {
    /// The unit that was probably meant.
    #[must_use]
    pub fn suggestion(&self) -> Option<&'static str> {
        self.suggestion
    }

    pub(super) fn new(message: String) -> Self {
        Self { message, suggestion: None }
    }
}

/// Reads `text` as an amount of base units, rounded to the nearest whole one.
pub(super) fn parse_with_units(text: &str, table: &UnitTable) -> Result<u64, UnitError> {
    let base = parse_f64_with_units(text, table)?;
    // Above 2^63 a value is a slip of the pen, and sums of two would overflow.
    if base >= 9.2e18 {
        return Err(UnitError::new(format!("\"{text}\" is too large for {}", table.what)));
    }
    Ok(base.round() as u64)
}

/// Reads `text` as an amount of base units.
pub(super) fn parse_f64_with_units(text: &str, table: &UnitTable) -> Result<f64, UnitError> {
    let trimmed = text.trim();
    let split =
        trimmed.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '_' | '-' | '+'))).unwrap_or(trimmed.len());
    // Micro is a sign of its own or a Greek letter, by the keyboard.
    let (number, unit) = (trimmed[..split].replace('_', ""), trimmed[split..].trim().replace('μ', "µ"));
    let unit = unit.as_str();
    let amount: f64 = number.parse().map_err(|_| {
        UnitError::new(format!(
            "\"{text}\" is not {}: write a number and a unit, such as {}",
            table.what, table.examples
        ))
    })?;
    if amount < 0.0 {
        return Err(UnitError::new(format!("\"{text}\" is negative: {} is zero or more", table.what)));
    }
    match table.units.iter().find(|(name, _)| *name == unit) {
        Some((_, scale)) => Ok(amount * scale),
        None => Err(unknown_unit(text, unit, table)),
    }
}

/// Prints `base` in the largest unit that divides it exactly.
pub(super) fn print_with_units(f: &mut fmt::Formatter<'_>, base: u64, table: &UnitTable) -> fmt::Result {
    for name in table.print {
        let scale = unit_scale(table, name);
        if base.is_multiple_of(scale) && (base > 0 || scale == unit_scale(table, table.print[0])) {
            return write!(f, "{} {name}", base / scale);
        }
    }
    unreachable!("the smallest printed unit is the base unit")
}

fn unit_scale(table: &UnitTable, name: &str) -> u64 {
    let found = table.units.iter().find(|(unit, _)| *unit == name);
    found.expect("invariant: a printed unit is an accepted one").1 as u64
}

/// What people write for units that have another name here, in lower case.
const SYNONYMS: &[(&str, &str)] = &[
    ("bps", "bit/s"),
    ("kbps", "kbit/s"),
    ("mbps", "Mbit/s"),
    ("gbps", "Gbit/s"),
    ("bytes", "B"),
    ("seconds", "s"),
    ("sec", "s"),
    ("secs", "s"),
    ("msec", "ms"),
    ("millis", "ms"),
    ("milliseconds", "ms"),
    ("usec", "us"),
    ("micros", "us"),
    ("microseconds", "us"),
    ("minutes", "min"),
    ("mins", "min"),
    ("hours", "h"),
    ("fps", "/s"),
    ("per second", "/s"),
    ("percent", "%"),
];

fn unknown_unit(text: &str, unit: &str, table: &UnitTable) -> UnitError {
    let names: Vec<&str> = table.units.iter().map(|(name, _)| *name).collect();
    if unit.is_empty() {
        let message = format!("\"{text}\" has no unit: write {} such as {}", table.what, table.examples);
        return UnitError::new(message);
    }
    // "MBps" counts bytes.
    let is_word = |word: &str| word == unit.to_lowercase() && !(word.ends_with("bps") && unit.contains('B'));
    let synonym = SYNONYMS.iter().find(|(word, _)| is_word(word)).map(|(_, unit)| *unit);
    let synonym = synonym.filter(|unit| names.contains(unit));
    let suggestion = synonym.or_else(|| closest(unit, table));
    UnitError {
        message: format!(
            "\"{unit}\" is not a unit of {}: use {}",
            table.what.trim_start_matches("a "),
            names.join(", ")
        ),
        suggestion,
    }
}

/// The unit that `unit` is a slip of, if it can be one only: "m" may be "ms" as well as "min", "kHz" is no "Hz", and
/// "MB/s" no "Mbit/s".
fn closest(unit: &str, table: &UnitTable) -> Option<&'static str> {
    if let Some((name, _)) = table.units.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)) {
        return Some(name);
    }
    let is_multiple = table.units.iter().any(|(name, _)| unit.len() > name.len() && unit.ends_with(name))
        && unit.chars().count() <= 3
        && !unit.starts_with(|c: char| table.units.iter().any(|(name, _)| name.starts_with(c)));
    let is_in_bytes = unit.contains('B') && !table.units.iter().any(|(name, _)| name.contains('B'));
    if is_multiple || is_in_bytes {
        return None;
    }
    let distance = |name: &str| strsim::damerau_levenshtein(&name.to_lowercase(), &unit.to_lowercase());
    let least = table.units.iter().map(|(name, _)| distance(name)).min().filter(|least| *least <= 2)?;
    let mut nearest = table.units.iter().filter(|(name, _)| distance(name) == least);
    let (name, scale) = nearest.next()?;
    nearest.all(|(_, other)| other.total_cmp(scale).is_eq()).then_some(*name)
}

#[cfg(test)]
mod tests {
    use crate::units::{Bitrate, ByteCount, Frequency, SimDuration};

    #[test]
    fn other_words_for_a_unit_are_understood_as_a_suggestion() {
        assert_eq!("10 mbps".parse::<Bitrate>().expect_err("not a unit").suggestion(), Some("Mbit/s"));
        assert_eq!("10 furlongs".parse::<Bitrate>().expect_err("not a unit").suggestion(), None);
    }

    #[test]
    fn no_suggestion_is_off_by_orders_of_magnitude() {
        let time = |unit: &str| format!("10 {unit}").parse::<SimDuration>().expect_err("not a unit").suggestion();
        for unit in ["m", "ss", "d", "ps", "mn", "ks"] {
            assert_eq!(time(unit), None, "{unit}");
        }
        assert_eq!((time("mss"), time("Ms"), time("sec"), time("S")), (Some("ms"), Some("ms"), Some("s"), Some("s")));
        let rate = |unit: &str| format!("10 {unit}").parse::<Bitrate>().expect_err("not a unit").suggestion();
        for unit in ["MB/s", "MBps", "Tbit/s", "kB/s"] {
            assert_eq!(rate(unit), None, "{unit}");
        }
        assert_eq!((rate("Mb/s"), rate("mbit/s"), rate("Mbit")), (Some("Mbit/s"), Some("Mbit/s"), Some("Mbit/s")));
        let often = |unit: &str| format!("10 {unit}").parse::<Frequency>().expect_err("not a unit").suggestion();
        assert_eq!((often("kHz"), often("/m"), often("hz"), often("/sec")), (None, None, Some("Hz"), Some("/s")));
        let data = |unit: &str| format!("10 {unit}").parse::<ByteCount>().expect_err("not a unit").suggestion();
        assert_eq!((data("TB"), data("M"), data("mb"), data("byte")), (None, None, Some("MB"), None));
    }
}
