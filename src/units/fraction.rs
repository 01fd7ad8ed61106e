//! Shares and probabilities.

use std::fmt;
use std::str::FromStr;

use super::parse::{UnitError, UnitTable, parse_f64_with_units};
use super::text::text_type;

/// A number from 0 to 1: a probability, or a share of a whole. Written as a percentage.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Probability(f64);

impl Probability {
    /// Impossible; nothing.
    pub const ZERO: Self = Self(0.0);
    /// Certain; the whole.
    pub const ONE: Self = Self(1.0);

    /// The probability `p`, or `None` where it is not within 0 and 1.
    #[must_use]
    pub fn new(p: f64) -> Option<Self> {
        (0.0..=1.0).contains(&p).then_some(Self(p))
    }

    /// The value between 0 and 1.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }

    /// The number below which a uniform 64-bit draw falls with this probability.
    #[must_use]
    pub fn threshold(self) -> u64 {
        (self.0 * 18_446_744_073_709_551_616.0) as u64
    }

    /// The probability that at least one of `n` independent events of this probability happens.
    #[must_use]
    pub fn any_of(self, n: u64) -> Self {
        if n == 1 { self } else { Self(1.0 - libm::pow(1.0 - self.0, n as f64)) }
    }

    /// The probability that at least one of two independent events happens.
    #[must_use]
    pub fn either(self, other: Self) -> Self {
        Self(1.0 - (1.0 - self.0) * (1.0 - other.0))
    }
}

const FRACTION_UNITS: UnitTable =
    UnitTable { what: "a percentage", examples: "\"3 %\", \"0.1 %\"", units: &[("%", 1.0)], print: &["%"] };

impl FromStr for Probability {
    type Err = UnitError;
    fn from_str(text: &str) -> Result<Self, UnitError> {
        let percent = parse_f64_with_units(text, &FRACTION_UNITS)?;
        Self::new(percent / 100.0)
            .ok_or_else(|| UnitError::new(format!("\"{text}\" is out of range: from 0 % to 100 %")))
    }
}

impl fmt::Display for Probability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Twelve digits hide the last bits of `x / 100 * 100`.
        let percent = (self.0 * 1e14).round() / 1e12;
        write!(f, "{percent} %")
    }
}

text_type!(Probability, "Percentage", "A share or probability from 0 % to 100 %", "3 %");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_round_trip_and_keep_their_range() {
        for text in ["3 %", "0.1 %", "100 %", "0 %", "12.5 %"] {
            assert_eq!(text.parse::<Probability>().expect(text).to_string(), text);
        }
        assert!("101 %".parse::<Probability>().is_err());
        assert_eq!(Probability::ZERO.threshold(), 0);
        assert_eq!(Probability::ONE.threshold(), u64::MAX);
    }
}
