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
        /// Whether a strip at the start holds the value zero.
        zero: bool,
    },
}

/// The share of a logarithmic axis that stands for zero, where it has zeros.
const ZERO_STRIP: f64 = 0.08;
/// Values that span more than this factor are drawn on a logarithmic axis. On a linear one, lines
/// that differ by half would lie on each other at the bottom.
const LOG_FROM_RATIO: f64 = 20.0;
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
        Self::Log { low: floor_125(low), high: ceil_125(high), zero: values.iter().any(|&value| value <= 0.0) }
    }

    /// A linear scale around `values` in percent that ends at 100, zoomed in where they are close
    /// to it.
    pub(super) fn up_to_100(values: &[f64]) -> Self {
        let lowest = values.iter().copied().fold(100.0, f64::min);
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
            Self::Log { zero, .. } if value <= 0.0 => {
                if zero {
                    ZERO_STRIP / 2.0
                } else {
                    0.0
                }
            }
            Self::Log { low, high, zero } => {
                let share = libm::log10(value / low) / libm::log10(high / low);
                let start = if zero { ZERO_STRIP } else { 0.0 };
                start + share.max(0.0) * (1.0 - start)
            }
        };
        share.clamp(0.0, 1.0)
    }

    /// Whether `value` lies on the axis.
    pub(super) fn holds(&self, value: f64) -> bool {
        let (Self::Linear { low, high } | Self::Log { low, high, .. }) = *self;
        (low..=high).contains(&value)
    }

    /// Whether the scale is logarithmic.
    pub(super) const fn is_log(&self) -> bool {
        matches!(self, Self::Log { .. })
    }

    /// The ticks, in ascending order.
    pub(super) fn ticks(&self) -> Vec<Tick> {
        match *self {
            Self::Linear { low, high } => linear_ticks(low, high),
            Self::Log { low, high, zero } => {
                let zero = zero.then(|| Tick { value: 0.0, label: "0".to_owned() });
                zero.into_iter().chain(log_ticks(low, high)).collect()
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
        assert_eq!(Scale::up_to_100(&[20.0, 100.0]), Scale::Linear { low: 0.0, high: 100.0 });
        assert_eq!(Scale::up_to_100(&[100.0]), Scale::Linear { low: 99.0, high: 100.0 });
        assert_eq!(labels(Scale::up_to_100(&[91.0])), ["90", "92", "94", "96", "98", "100"]);
    }

    #[test]
    fn logarithmic_axes_hold_zero_in_a_strip() {
        let scale = Scale::from_zero_or_log(&[0.0, 3.0, 40_000.0]);
        assert_eq!(scale, Scale::Log { low: 2.0, high: 50_000.0, zero: true });
        assert!(scale.place(0.0) < scale.place(2.0));
        assert!((scale.place(50_000.0) - 1.0).abs() < 1e-9);
        assert_eq!(labels(scale), ["0", "", "", "10", "", "", "100", "", "", "1,000", "", "", "10,000", "", ""]);
        assert!(!Scale::from_zero_or_log(&[0.0, 400.0, 4000.0]).is_log());
    }

    #[test]
    fn short_logarithmic_axes_label_1_2_5() {
        assert_eq!(labels(Scale::log(&[20.0, 1000.0])), ["20", "50", "100", "200", "500", "1,000"]);
        assert_eq!(labels(Scale::log(&[7.0, 7.0])), ["2", "5", "10", "20"]);
    }
}
