//! How often something happens, and what traffic costs.

use std::fmt;
use std::str::FromStr;

use super::parse::{UnitError, UnitTable, parse_f64_with_units};
use super::text::text_type;
use super::time::SimDuration;

/// How often something happens, per second. Always above zero; as text, from once in eleven days to a million
/// times a second.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Frequency(f64);

/// A price of traffic in US dollars per gigabyte (10^9 bytes).
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct UsdPerGigabyte(f64);

impl Frequency {
    /// The frequency `per_second`, or `None` unless it is above zero and finite.
    #[must_use]
    pub fn from_per_second(per_second: f64) -> Option<Self> {
        (per_second > 0.0 && per_second.is_finite()).then_some(Self(per_second))
    }

    /// How often in a second.
    #[must_use]
    pub const fn per_second(self) -> f64 {
        self.0
    }

    /// The time between two occurrences, rounded to a nanosecond and at least one.
    #[must_use]
    pub fn period(self) -> SimDuration {
        SimDuration::from_secs_f64(1.0 / self.0).max(SimDuration::from_ns(1))
    }
}

impl UsdPerGigabyte {
    /// A price of `usd` US dollars per gigabyte.
    #[must_use]
    pub const fn new(usd: f64) -> Self {
        Self(usd)
    }

    /// US dollars per gigabyte.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }
}

/// The lowest frequency that can be written: rarer than once in the longest run makes no sense.
const LOWEST_PER_S: f64 = 1e-6;
/// The highest: what comes faster than once a microsecond is no message and no request.
const HIGHEST_PER_S: f64 = 1e6;
/// The highest price of a gigabyte.
const HIGHEST_USD: f64 = 1e6;

const FREQUENCY_UNITS: UnitTable = UnitTable {
    what: "a frequency",
    examples: "\"30 /s\", \"10 Hz\", \"6 /min\"",
    units: &[("/s", 1.0), ("Hz", 1.0), ("/min", 1.0 / 60.0), ("/h", 1.0 / 3600.0)],
    print: &["/s"],
};

const PRICE_UNITS: UnitTable = UnitTable {
    what: "a price of traffic",
    examples: "\"0.05 USD/GB\"",
    units: &[("USD/GB", 1.0)],
    print: &["USD/GB"],
};

impl FromStr for Frequency {
    type Err = UnitError;
    fn from_str(text: &str) -> Result<Self, UnitError> {
        let per_second = parse_f64_with_units(text, &FREQUENCY_UNITS)?;
        if per_second <= 0.0 {
            return Err(UnitError::new(format!("\"{text}\" never happens: a frequency is above zero")));
        }
        let in_range = Some(per_second).filter(|rate| (LOWEST_PER_S..=HIGHEST_PER_S).contains(rate));
        in_range.and_then(Self::from_per_second).ok_or_else(|| {
            UnitError::new(format!("\"{text}\" is out of range: from {LOWEST_PER_S} /s to {HIGHEST_PER_S} /s"))
        })
    }
}

impl fmt::Display for Frequency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} /s", self.0)
    }
}

impl FromStr for UsdPerGigabyte {
    type Err = UnitError;
    fn from_str(text: &str) -> Result<Self, UnitError> {
        let usd = parse_f64_with_units(text, &PRICE_UNITS)?;
        match usd <= HIGHEST_USD {
            true => Ok(Self(usd)),
            false => Err(UnitError::new(format!("\"{text}\" is out of range: from 0 to {HIGHEST_USD} USD/GB"))),
        }
    }
}

impl fmt::Display for UsdPerGigabyte {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} USD/GB", self.0)
    }
}

text_type!(Frequency, "Frequency", "How often, with its unit: /s, Hz, /min or /h", "30 /s");
text_type!(UsdPerGigabyte, "Price", "A price of traffic in USD/GB", "0.05 USD/GB");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frequency_has_a_period() {
        assert_eq!("30 /s".parse::<Frequency>().expect("30").period().as_ns(), 33_333_333);
        assert_eq!("6 /min".parse::<Frequency>().expect("6").period(), SimDuration::from_secs(10));
        assert!("0 Hz".parse::<Frequency>().is_err());
        for text in ["0.0000000001 /s", "1000000000 /s", &format!("{} /s", "9".repeat(400))] {
            assert!(text.parse::<Frequency>().expect_err(text).to_string().contains("is out of range: from"), "{text}");
        }
        assert!("1 /h".parse::<Frequency>().is_ok() && "1000000 /s".parse::<Frequency>().is_ok());
        assert!(format!("{} USD/GB", "9".repeat(400)).parse::<UsdPerGigabyte>().is_err());
        assert_eq!("0.05 USD/GB".parse::<UsdPerGigabyte>().expect("price").to_string(), "0.05 USD/GB");
    }
}
