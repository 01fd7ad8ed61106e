//! Figures of bounds for a person.

use crate::report::figures::count;

/// A bit rate: `4.20 Mbit/s`.
pub(super) fn rate(bps: f64) -> String {
    quantity(bps, "bit/s")
}

/// A figure with its unit, in three or four digits.
pub(super) fn quantity(value: f64, unit: &str) -> String {
    let (value, unit) = match unit {
        "bit/s" if value >= 1e9 => (value / 1e9, "Gbit/s"),
        "bit/s" if value >= 1e6 => (value / 1e6, "Mbit/s"),
        "bit/s" if value >= 1e3 => (value / 1e3, "kbit/s"),
        "ms" if value >= 10_000.0 => (value / 1e3, "s"),
        unit => (value, unit),
    };
    let digits = match value.abs() {
        _ if value.fract() == 0.0 => count(value as i64),
        size if size >= 100.0 => count(value.round() as i64),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    };
    format!("{digits} {unit}").trim_end().to_owned()
}
