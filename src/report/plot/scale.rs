//! Axis scales: where a value lies on an axis, and which ticks the axis has.

/// A map from values to shares of an axis's length, 0 at its start and 1 at its end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Scale {
    /// Equal steps, equal lengths.
    Linear {
        /// The value at the start.
        low: f64,
        /// The value at the end.
        high: f64,
    },
    /// Equal ratios, equal lengths.
    Log {
        /// The positive value at the start, or above the strip for zero.
        low: f64,
        /// The value at the end.
        high: f64,
        /// What a strip at the start holds, before a break.
        strip: Strip,
    },
    /// Percentages by what is missing from 100, equal ratios of it, equal lengths: 90, 99 and 99.9 % are as far apart.
    Nines {
        /// What is missing at the start.
        most: f64,
        /// What is missing at the end, or below the strip for 100 %.
        least: f64,
        /// Whether a strip at the end holds 100 %, after a break.
        whole: bool,
    },
}

/// What the strip at the start of a logarithmic axis holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strip {
    /// There is none.
    None,
    /// Zeros.
    Zero,
    /// Values below the axis, zero perhaps among them.
    Below,
}

/// The share of a logarithmic axis that stands for zero, where it has zeros.
const ZERO_STRIP: f64 = 0.08;
/// A logarithmic axis begins at most this factor below its largest value: a thousandth of a millisecond below ten
/// seconds is nothing.
const LOG_RATIO_MAX: f64 = 1e4;
/// Values that span more than this factor are drawn on a logarithmic axis. On a linear one, lines
/// that differ by half would lie on each other at the bottom.
const LOG_FROM_RATIO: f64 = 20.0;
/// Percentages of which one misses more than this of 100 may be drawn by what they miss.
const NINES_FROM_MISSING: f64 = 5.0;
/// Less than this is rounding.
const WHOLE: f64 = 1e-9;
/// About how many steps a linear axis has.
const STEPS: f64 = 5.0;

/// A tick: its value and its label, empty for a minor tick.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    /// The value.
    pub(super) value: f64,
    /// The label.
    pub(super) label: String,
}

impl Scale {
    /// A linear scale from zero that holds `values`.
    pub(super) fn from_zero(values: &[f64]) -> Self {
        let high = values.iter().copied().fold(0.0, f64::max);
        if high <= 0.0 {
            return Self::Linear { low: 0.0, high: 1.0 };
        }
        let step = nice_step(high / STEPS);
        Self::Linear { low: 0.0, high: libm::ceil(high / step - 1e-9) * step }
    }

    /// A linear scale from zero, or a logarithmic one where the values span more than a decade
    /// or so.
    pub(super) fn from_zero_or_log(values: &[f64]) -> Self {
        if spans_decades(values, LOG_FROM_RATIO) { Self::log(values) } else { Self::from_zero(values) }
    }

    /// A logarithmic scale that holds `values`, at least one of which is positive.
    pub(super) fn log(values: &[f64]) -> Self {
        let (low, high) = positive_range(values);
        let start = floor_125(low.max(high / LOG_RATIO_MAX));
        let strip = match (low < start * (1.0 - 1e-9), values.iter().any(|&value| value <= 0.0)) {
            (true, _) => Strip::Below,
            (false, true) => Strip::Zero,
            (false, false) => Strip::None,
        };
        Self::Log { low: start, high: ceil_125(high), strip }
    }

    /// A linear scale from zero for shares in percent, of which none is above 100.
    pub(super) fn share(values: &[f64]) -> Self {
        match Self::from_zero(values) {
            Self::Linear { low, high } if high > 100.0 => Self::Linear { low, high: 100.0 },
            scale => scale,
        }
    }

    /// A scale around `values` in percent that ends at 100: linear, zoomed in where they are close to it, or by what is
    /// missing where some are and others are not.
    pub(super) fn up_to_100(values: &[f64]) -> Self {
        let lowest = values.iter().copied().fold(100.0, f64::min);
        let missing = |value: &f64| 100.0 - value;
        let least = values.iter().map(missing).filter(|&missing| missing > WHOLE).fold(100.0, f64::min);
        if missing(&lowest) > NINES_FROM_MISSING && least < 1.0 && missing(&lowest) / least > LOG_FROM_RATIO {
            let most = ceil_125(missing(&lowest)).min(100.0);
            let whole = values.iter().any(|value| missing(value) <= WHOLE);
            return Self::Nines { most, least: floor_125(least.max(most / LOG_RATIO_MAX)), whole };
        }
        if lowest < 60.0 {
            return Self::Linear { low: 0.0, high: 100.0 };
        }
        // At least a span of 1 %, or the noise of a perfect delivery would look like a drop.
        let step = nice_step((100.0 - lowest).max(1.0) / STEPS);
        Self::Linear { low: 100.0 - libm::ceil((100.0 - lowest).max(1.0) / step - 1e-9) * step, high: 100.0 }
    }

    /// The place of `value`, which is drawn at the axis's end where it lies beyond it.
    pub(super) fn place(&self, value: f64) -> f64 {
        let share = match *self {
            Self::Linear { low, high } => (value - low) / (high - low),
            Self::Log { low, strip, .. } if value < low * (1.0 - 1e-9) => {
                if strip == Strip::None {
                    0.0
                } else {
                    ZERO_STRIP / 2.0
                }
            }
            Self::Log { low, high, strip } => {
                let share = libm::log10(value / low) / libm::log10(high / low);
                let start = if strip == Strip::None { 0.0 } else { ZERO_STRIP };
                start + share.max(0.0) * (1.0 - start)
            }
            Self::Nines { whole: true, .. } if 100.0 - value <= WHOLE => 1.0 - ZERO_STRIP / 2.0,
            Self::Nines { most, least, whole } => {
                let share = libm::log10(most / (100.0 - value).max(least)) / libm::log10(most / least);
                share * if whole { 1.0 - ZERO_STRIP } else { 1.0 }
            }
        };
        share.clamp(0.0, 1.0)
    }

    /// Whether `value` lies on the axis.
    pub(super) fn holds(&self, value: f64) -> bool {
        match *self {
            Self::Linear { low, high } | Self::Log { low, high, .. } => (low..=high).contains(&value),
            Self::Nines { most, least, whole } => {
                let missing = 100.0 - value;
                (least..=most).contains(&missing) || whole && missing.abs() <= WHOLE
            }
        }
    }

    /// Whether the axis shows where `value` lies, in a strip perhaps.
    pub(super) fn reaches(&self, value: f64) -> bool {
        let in_strip = match *self {
            Self::Linear { .. } | Self::Nines { .. } => false,
            Self::Log { low, strip, .. } => strip != Strip::None && value < low,
        };
        in_strip || self.holds(value)
    }

    /// Whether the scale is logarithmic.
    pub(super) const fn is_log(&self) -> bool {
        matches!(self, Self::Log { .. })
    }

    /// What the title of an axis says of its scale; linear ones say nothing.
    pub(super) const fn note(&self) -> Option<&'static str> {
        match self {
            Self::Linear { .. } => None,
            Self::Log { .. } => Some("log scale"),
            Self::Nines { .. } => Some("log scale of the rest"),
        }
    }

    /// Where the axis is broken, between a strip for one value and the others.
    pub(super) fn break_at(&self) -> Option<f64> {
        match self {
            Self::Log { strip: Strip::Zero | Strip::Below, .. } => Some(0.75 * ZERO_STRIP),
            Self::Nines { whole: true, .. } => Some(1.0 - 0.75 * ZERO_STRIP),
            _ => None,
        }
    }

    /// The ticks, in ascending order.
    pub(super) fn ticks(&self) -> Vec<Tick> {
        match *self {
            Self::Linear { low, high } => linear_ticks(low, high),
            Self::Log { low, high, strip } => {
                let label = match strip {
                    Strip::None => None,
                    Strip::Zero => Some("0".to_owned()),
                    Strip::Below => Some(format!("< {}", number(low, low.min(1.0)))),
                };
                let strip = label.map(|label| Tick { value: 0.0, label });
                strip.into_iter().chain(log_ticks(low, high)).collect()
            }
            Self::Nines { most, least, whole } => {
                let tick = |tick: Tick| {
                    let label = if tick.label.is_empty() { tick.label } else { trimmed_to(100.0 - tick.value, 6) };
                    Tick { value: 100.0 - tick.value, label }
                };
                let whole = whole.then(|| Tick { value: 100.0, label: "100".to_owned() });
                log_ticks(least, most).into_iter().rev().map(tick).chain(whole).collect()
            }
        }
    }
}

/// Whether the positive ones of `values` span more than `ratio`.
pub(super) fn spans_decades(values: &[f64], ratio: f64) -> bool {
    let (low, high) = positive_range(values);
    high / low > ratio
}

/// `value` for people: thousands apart, no more digits than `step` needs.
pub(super) fn number(value: f64, step: f64) -> String {
    for (size, unit) in [(1e12, " T"), (1e9, " G"), (1e6, " M")] {
        if value.abs() >= size {
            return format!("{}{unit}", trimmed(value / size));
        }
    }
    let decimals = if step >= 1.0 { 0 } else { libm::ceil(-libm::log10(step) - 1e-9) as usize };
    let text = format!("{:.*}", decimals.min(9), value.abs());
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let sign = if value < 0.0 { "-" } else { "" };
    format!("{sign}{}{rest}", with_thousands(whole))
}

/// `value` for people, with three significant digits at most.
pub(super) fn short_number(value: f64) -> String {
    if value.abs() >= 100.0 {
        return number(libm::round(value), 1.0);
    }
    let decimals = if value.abs() >= 10.0 { 1 } else { 2 };
    trimmed_to(value, decimals)
}

fn linear_ticks(low: f64, high: f64) -> Vec<Tick> {
    let step = nice_step((high - low) / STEPS);
    let first = libm::ceil(low / step - 1e-9) as i64;
    let last = libm::floor(high / step + 1e-9) as i64;
    let tick = |index: i64| {
        let value = index as f64 * step;
        Tick { value, label: number(value, step) }
    };
    (first..=last).map(tick).collect()
}

// Labels at 1, 2 and 5 times the powers of ten of a short axis, at the powers of ten of a long one.
fn log_ticks(low: f64, high: f64) -> Vec<Tick> {
    let decades = libm::log10(high / low);
    let exponents = libm::floor(libm::log10(low) + 1e-9) as i32..=libm::ceil(libm::log10(high) - 1e-9) as i32;
    let every = if decades > 8.0 { 2 } else { 1 };
    let mut ticks = Vec::new();
    for exponent in exponents {
        for digit in [1.0, 2.0, 5.0] {
            let value = digit * libm::exp10(f64::from(exponent));
            if value < low * (1.0 - 1e-9) || value > high * (1.0 + 1e-9) {
                continue;
            }
            let labelled = if digit < 2.0 { exponent % every == 0 } else { decades < 3.1 };
            let label = if labelled { number(value, value.min(1.0)) } else { String::new() };
            ticks.push(Tick { value, label });
        }
    }
    ticks
}

/// The smallest of 1, 2 and 5 times a power of ten that is at least `step`.
fn nice_step(step: f64) -> f64 {
    ceil_125(step)
}

fn ceil_125(value: f64) -> f64 {
    let power = libm::exp10(libm::floor(libm::log10(value) + 1e-9));
    let digits = [1.0, 2.0, 5.0, 10.0];
    let digit = digits.into_iter().find(|digit| digit * power >= value * (1.0 - 1e-9));
    digit.unwrap_or(10.0) * power
}

fn floor_125(value: f64) -> f64 {
    let power = libm::exp10(libm::floor(libm::log10(value) + 1e-9));
    let digits = [5.0, 2.0, 1.0];
    let digit = digits.into_iter().find(|digit| digit * power <= value * (1.0 + 1e-9));
    digit.unwrap_or(1.0) * power
}

// Wide enough for a logarithmic axis even where there is one positive value or none.
fn positive_range(values: &[f64]) -> (f64, f64) {
    let positive = || values.iter().copied().filter(|&value| value > 0.0);
    let high = positive().fold(0.0, f64::max);
    if high <= 0.0 {
        return (1.0, 10.0);
    }
    let low = positive().fold(high, f64::min);
    if high / low < 1.5 { (low / 2.0, high * 2.0) } else { (low, high) }
}

fn trimmed(value: f64) -> String {
    trimmed_to(value, 2)
}

fn trimmed_to(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

fn with_thousands(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(scale: Scale) -> Vec<String> {
        scale.ticks().into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn numbers_are_for_people() {
        let pairs = [(1000.0, 1.0), (0.25, 0.05), (-1234.5, 0.5), (2_500_000.0, 1.0), (1e9, 1.0), (0.0, 1.0)];
        let texts = pairs.map(|(value, step)| number(value, step));
        assert_eq!(texts, ["1,000", "0.25", "-1,234.5", "2.5 M", "1 G", "0"]);
        assert_eq!([268.4, 26.84, 2.684, 0.0, 12345.0].map(short_number), ["268", "26.8", "2.68", "0", "12,345"]);
    }

    #[test]
    fn linear_axes_start_at_zero_and_end_on_a_tick() {
        assert_eq!(labels(Scale::from_zero(&[3.0, 870.0])), ["0", "200", "400", "600", "800", "1,000"]);
        assert_eq!(labels(Scale::from_zero(&[0.0])), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(Scale::from_zero(&[])).len(), 6);
    }

    #[test]
    fn delivery_zooms_in_near_100() {
        assert_eq!(Scale::up_to_100(&[20.0, 98.0]), Scale::Linear { low: 0.0, high: 100.0 });
        assert_eq!(Scale::up_to_100(&[100.0]), Scale::Linear { low: 99.0, high: 100.0 });
        assert_eq!(labels(Scale::up_to_100(&[91.0])), ["90", "92", "94", "96", "98", "100"]);
    }

    #[test]
    fn logarithmic_axes_hold_zero_in_a_strip() {
        let scale = Scale::from_zero_or_log(&[0.0, 3.0, 40_000.0]);
        assert_eq!(scale, Scale::Log { low: 2.0, high: 50_000.0, strip: Strip::Zero });
        assert!(scale.place(0.0) < scale.place(2.0));
        assert!((scale.place(50_000.0) - 1.0).abs() < 1e-9);
        assert_eq!(labels(scale), ["0", "", "", "10", "", "", "100", "", "", "1,000", "", "", "10,000", "", ""]);
        assert!(!Scale::from_zero_or_log(&[0.0, 400.0, 4000.0]).is_log());
        assert!(scale.break_at().is_some_and(|at| scale.place(0.0) < at && at < scale.place(2.0)));
    }

    #[test]
    fn next_to_nothing_does_not_stretch_a_logarithmic_axis() {
        let scale = Scale::from_zero_or_log(&[0.001, 3.0, 10_000.0]);
        assert_eq!(scale, Scale::Log { low: 1.0, high: 10_000.0, strip: Strip::Below });
        assert_eq!(labels(scale)[0], "< 1");
        assert!(scale.place(0.001) < scale.place(1.0));
    }

    #[test]
    fn delivery_near_and_far_from_100_is_drawn_by_what_is_missing() {
        let scale = Scale::up_to_100(&[20.0, 99.0, 99.95, 100.0]);
        assert_eq!(scale, Scale::Nines { most: 100.0, least: 0.05, whole: true });
        let places = [0.0, 90.0, 99.0, 99.9, 100.0].map(|value| scale.place(value));
        assert!(places.windows(2).all(|pair| pair[0] + 0.05 < pair[1]), "{places:?}");
        let labels: Vec<String> = labels(scale).into_iter().filter(|label| !label.is_empty()).collect();
        assert_eq!(labels, ["0", "90", "99", "99.9", "100"]);
        assert!(scale.holds(99.0) && scale.holds(100.0) && !scale.holds(99.99));
    }

    #[test]
    fn shares_end_at_100() {
        assert_eq!(Scale::share(&[97.0]), Scale::Linear { low: 0.0, high: 100.0 });
        assert_eq!(Scale::share(&[9.0]), Scale::Linear { low: 0.0, high: 10.0 });
    }

    #[test]
    fn short_logarithmic_axes_label_1_2_5() {
        assert_eq!(labels(Scale::log(&[20.0, 1000.0])), ["20", "50", "100", "200", "500", "1,000"]);
        assert_eq!(labels(Scale::log(&[7.0, 7.0])), ["2", "5", "10", "20"]);
    }
}
