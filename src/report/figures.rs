//! Figures for people: sensible digits, units, thousands separators.

use crate::metrics::{Interval, MetricId};

/// A mean with its half-width, where it has one: `212 ms ± 6`.
pub(super) fn interval(id: MetricId, interval: Interval) -> String {
    let Some(half_width) = interval.half_width else { return value(id, interval.mean) };
    let unit = Unit::of(id, interval.mean);
    let nearly_all = unit.after == " %" && (99.0..100.0).contains(&interval.mean);
    let digits = decimals(interval.mean / unit.scale).max(decimals_to_show(half_width / unit.scale));
    let digits = if nearly_all { digits.max(2) } else { digits };
    let half_width = fixed(half_width / unit.scale, digits);
    format!("{} ± {half_width}", unit.wrap(&fixed(interval.mean / unit.scale, digits)))
}

/// A value with its unit: `212 ms`, `99.98 %`, `$0.42`.
pub(super) fn value(id: MetricId, value: f64) -> String {
    let unit = Unit::of(id, value);
    let scaled = value / unit.scale;
    if unit.after == " %" && (99.0..100.0).contains(&scaled) && scaled.fract() > 0.0 {
        // Rounded down: 99.999 % is not all.
        return unit.wrap(&fixed((scaled * 100.0).floor() / 100.0, 2));
    }
    let digits =
        if unit.before == "$" { decimals(scaled).min(2).max(decimals_to_show(scaled)) } else { decimals(scaled) };
    unit.wrap(&fixed(scaled, digits))
}

/// A value as its author wrote it: `99.5 %`.
pub(super) fn exact(id: MetricId, value: f64) -> String {
    Unit::of(id, 0.0).wrap(&value.to_string())
}

/// A whole number with thousands separators: `1,000`.
pub(super) fn count(number: impl ToString + Copy) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 seed`, `10 seeds`.
pub(super) fn counted(number: usize, noun: &str) -> String {
    format!("{} {noun}{}", count(number), if number == 1 { "" } else { "s" })
}

struct Unit {
    before: &'static str,
    after: &'static str,
    scale: f64,
}

impl Unit {
    fn of(id: MetricId, value: f64) -> Self {
        let (before, after, scale) = match id.definition().unit {
            "USD/h" => ("$", "", 1.0),
            "connections" => ("", "", 1.0),
            "%" => ("", " %", 1.0),
            "s" => ("", " s", 1.0),
            "ms" if value.abs() >= 10_000.0 => ("", " s", 1e3),
            "ms" => ("", " ms", 1.0),
            "MiB" => ("", " MiB", 1.0),
            "B/s" if value.abs() >= 1e6 => ("", " MB/s", 1e6),
            "B/s" if value.abs() >= 1e3 => ("", " kB/s", 1e3),
            "B/s" => ("", " B/s", 1.0),
            _ => ("", "", 1.0),
        };
        Self { before, after, scale }
    }

    fn wrap(&self, number: &str) -> String {
        format!("{}{number}{}", self.before, self.after)
    }
}

/// Decimals for three significant digits; none for a whole number.
fn decimals(value: f64) -> usize {
    match value.abs() {
        size if size.fract() < 1e-9 || size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 1.0 => 2,
        _ => decimals_to_show(value).max(2),
    }
}

/// Decimals that show at least the first digit of `value`.
fn decimals_to_show(value: f64) -> usize {
    (0..9)
        .find(|&digits| value.abs() * 10_f64.powi(digits) >= 0.95)
        .map_or(0, |digits| usize::try_from(digits).unwrap_or(0))
}

/// `value` with this many decimals and thousands separators, never a negative zero.
fn fixed(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let sign = if value < 0.0 && text.bytes().any(|byte| (b'1'..=b'9').contains(&byte)) { "-" } else { "" };
    match text.split_once('.') {
        Some((whole, part)) => format!("{sign}{}.{part}", count(whole)),
        None => format!("{sign}{}", count(text.as_str())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_suit_the_size() {
        let ms = |number| value(MetricId::LatencyP95, number);
        assert_eq!(
            [0.0, 0.004, 0.456, 9.876, 40.0, 56.37, 212.4, 1234.5, 12_345.0].map(ms),
            ["0 ms", "0.004 ms", "0.46 ms", "9.88 ms", "40 ms", "56.4 ms", "212 ms", "1,234 ms", "12.3 s"]
        );
        let share = |number| value(MetricId::Delivered, number);
        assert_eq!([99.999, 100.0, 14.04, 0.0].map(share), ["99.99 %", "100 %", "14.0 %", "0 %"]);
        let cost = |number| value(MetricId::Cost, number);
        assert_eq!([0.4211, 12.345, 0.0042, 0.0].map(cost), ["$0.42", "$12.3", "$0.004", "$0"]);
        assert_eq!(value(MetricId::Sent, 45_600.0), "45.6 kB/s");
        assert_eq!(count(1_000_000), "1,000,000");
    }

    #[test]
    fn half_widths_show_at_least_one_digit() {
        let ms = |mean, half_width| interval(MetricId::LatencyP95, Interval { mean, half_width, n: 10 });
        assert_eq!(ms(212.4, Some(6.2)), "212 ms ± 6");
        assert_eq!(ms(212.4, Some(0.31)), "212.4 ms ± 0.3");
        assert_eq!(ms(56.37, Some(8.04)), "56.4 ms ± 8.0");
        assert_eq!(ms(40.0, Some(0.0)), "40 ms ± 0");
        assert_eq!(ms(12_345.0, Some(200.0)), "12.3 s ± 0.2");
        assert_eq!(ms(212.4, None), "212 ms");
        let delivered = Interval { mean: 99.98, half_width: Some(0.3), n: 10 };
        assert_eq!(interval(MetricId::Delivered, delivered), "99.98 % ± 0.30");
    }
}
