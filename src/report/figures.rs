//! Figures for people: sensible digits, units, thousands separators.

use crate::metrics::{Ends, Interval, MetricId};

/// A mean with its interval, where it has one: `212 ms ± 6`, or with both ends where one is clearly further away:
/// `247 ms (221 to 290)`.
pub(crate) fn interval(id: MetricId, interval: Interval) -> String {
    let Some(Ends { low, high }) = interval.ends else { return value(id, interval.mean) };
    let unit = Unit::of(id, interval.mean);
    let nearly_all = unit.after == " %" && (99.0..100.0).contains(&interval.mean);
    let [below, above] = [interval.mean - low, high - interval.mean];
    let reach = below.max(above) / unit.scale;
    let digits = decimals(interval.mean / unit.scale).max(decimals_to_show(reach));
    let digits = if nearly_all { digits.max(2) } else { digits };
    let scaled = |value: f64| fixed(value / unit.scale, digits);
    // Rounded down: 99.999 % is not all.
    let near = |value: f64| unit.after == " %" && (99.0..100.0).contains(&value);
    let number = |value: f64| if near(value) { floored(value, digits) } else { scaled(value) };
    let mean = unit.wrap(&number(interval.mean));
    if above.max(below) <= LOPSIDED * above.min(below) || scaled(above) == scaled(below) {
        return format!("{mean} ± {}", fixed(reach, digits));
    }
    format!("{mean} ({} to {})", number(low), number(high))
}

/// An interval whose longer half is longer than this many times the shorter is told by its ends.
const LOPSIDED: f64 = 1.15;

/// A value with its unit: `212 ms`, `99.98 %`, `$0.42`.
pub(crate) fn value(id: MetricId, value: f64) -> String {
    let unit = Unit::of(id, value);
    let scaled = value / unit.scale;
    if unit.after == " %" && (99.0..100.0).contains(&scaled) && scaled.fract() > 0.0 {
        // Rounded down: 99.999 % is not all.
        return unit.wrap(&floored(scaled, 2));
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
pub(crate) fn count(number: impl ToString + Copy) -> String {
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
pub(crate) fn counted(number: usize, noun: &str) -> String {
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

/// `value` with this many decimals, rounded down.
fn floored(value: f64, decimals: usize) -> String {
    let power = (0..decimals).fold(1.0, |power, _| power * 10.0);
    // What is a whole number of the last decimal but for its binary fraction stays it.
    fixed((value * power + 1e-6).floor() / power, decimals)
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
    fn intervals_show_at_least_one_digit_of_their_width() {
        let of = |id, mean, low, high| interval(id, Interval { mean, ends: Some(Ends { low, high }), n: 10 });
        let ms = |mean, half: f64| of(MetricId::LatencyP95, mean, mean - half, mean + half);
        assert_eq!(ms(212.4, 6.2), "212 ms ± 6");
        assert_eq!(ms(212.4, 0.31), "212.4 ms ± 0.3");
        assert_eq!(ms(56.37, 8.04), "56.4 ms ± 8.0");
        assert_eq!(ms(40.0, 0.0), "40 ms ± 0");
        assert_eq!(ms(12_345.0, 200.0), "12.3 s ± 0.2");
        assert_eq!(interval(MetricId::LatencyP95, Interval { mean: 212.4, ends: None, n: 1 }), "212 ms");
        assert_eq!(of(MetricId::Delivered, 99.5, 99.2, 99.8), "99.50 % ± 0.30");
        assert_eq!(of(MetricId::LatencyP95, 247.0, 221.3, 290.2), "247 ms (221 to 290)");
        assert_eq!(of(MetricId::LatencyP95, 247.0, 224.0, 272.0), "247 ms ± 25");
        assert_eq!(of(MetricId::Delivered, 99.98, 99.2, 99.999), "99.98 % (99.20 to 99.99)");
    }
}
