//! Simulated time: integer nanoseconds since the start of a replication.
//!
//! Sums and products saturate in every build: what would come after the end of time never comes, and nothing
//! wraps around to an early instant.

use std::fmt;
use std::ops::{Add, AddAssign, Mul, Sub};
use std::str::FromStr;

use super::parse::{UnitError, UnitTable, parse_with_units, print_with_units};
use super::text::text_type;

/// An instant of simulated time: nanoseconds since the start of the replication.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SimTime(u64);

/// A span of simulated time in nanoseconds; at most about 584 years.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SimDuration(u64);

impl SimTime {
    /// The start of every replication.
    pub const ZERO: Self = Self(0);
    /// Later than every event: the time at which nothing happens.
    pub const MAX: Self = Self(u64::MAX);

    /// The instant `ns` nanoseconds after the start.
    #[inline]
    #[must_use]
    pub const fn from_ns(ns: u64) -> Self {
        Self(ns)
    }

    /// Nanoseconds since the start.
    #[inline]
    #[must_use]
    pub const fn as_ns(self) -> u64 {
        self.0
    }

    /// The span from `earlier` to this instant; zero if `earlier` is later.
    #[inline]
    #[must_use]
    pub const fn since(self, earlier: Self) -> SimDuration {
        SimDuration(self.0.saturating_sub(earlier.0))
    }
}

impl SimDuration {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// The longest time that work is said to take, 146 years: two of them can be added.
    pub const LONGEST: Self = Self(1 << 62);

    /// A span of `ns` nanoseconds.
    #[inline]
    #[must_use]
    pub const fn from_ns(ns: u64) -> Self {
        Self(ns)
    }

    /// A span of `us` microseconds.
    #[inline]
    #[must_use]
    pub const fn from_us(us: u64) -> Self {
        Self(us.saturating_mul(1_000))
    }

    /// A span of `ms` milliseconds.
    #[inline]
    #[must_use]
    pub const fn from_ms(ms: u64) -> Self {
        Self(ms.saturating_mul(1_000_000))
    }

    /// A span of `s` seconds.
    #[inline]
    #[must_use]
    pub const fn from_secs(s: u64) -> Self {
        Self(s.saturating_mul(1_000_000_000))
    }

    /// A span of `s` seconds, rounded to the nearest nanosecond, and at most [`LONGEST`](Self::LONGEST); negative
    /// and NaN give zero.
    #[must_use]
    pub fn from_secs_f64(s: f64) -> Self {
        Self((s * 1e9).round() as u64).min(Self::LONGEST)
    }

    /// The span in nanoseconds.
    #[inline]
    #[must_use]
    pub const fn as_ns(self) -> u64 {
        self.0
    }

    /// The span in seconds, for reports.
    #[must_use]
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// The span in milliseconds, for reports.
    #[must_use]
    pub fn as_ms_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// Half the span, rounded down: one way of a round trip.
    #[inline]
    #[must_use]
    pub const fn half(self) -> Self {
        Self(self.0 / 2)
    }
}

impl Add<SimDuration> for SimTime {
    type Output = Self;
    #[inline]
    fn add(self, span: SimDuration) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl AddAssign<SimDuration> for SimTime {
    #[inline]
    fn add_assign(&mut self, span: SimDuration) {
        *self = *self + span;
    }
}

impl Add for SimDuration {
    type Output = Self;
    #[inline]
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for SimDuration {
    #[inline]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for SimDuration {
    type Output = Self;
    /// Saturates at zero.
    #[inline]
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Mul<u64> for SimDuration {
    type Output = Self;
    #[inline]
    fn mul(self, times: u64) -> Self {
        Self(self.0.saturating_mul(times))
    }
}

const DURATION_UNITS: UnitTable = UnitTable {
    what: "a duration",
    examples: "\"40 ms\", \"60 s\", \"1.5 h\"",
    units: &[("ns", 1.0), ("us", 1e3), ("µs", 1e3), ("ms", 1e6), ("s", 1e9), ("min", 60e9), ("h", 3600e9)],
    print: &["s", "ms", "us", "ns"],
};

impl FromStr for SimDuration {
    type Err = UnitError;
    fn from_str(text: &str) -> Result<Self, UnitError> {
        parse_with_units(text, &DURATION_UNITS).map(Self)
    }
}

impl fmt::Display for SimDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        print_with_units(f, self.0, &DURATION_UNITS)
    }
}

impl fmt::Display for SimTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SimDuration(self.0).fmt(f)
    }
}

text_type!(SimDuration, "Duration", "A span of time with its unit: ns, us, ms, s, min or h", "40 ms");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_parse_and_print_exactly() {
        for (text, ns) in [
            ("40 ms", 40_000_000),
            ("1.5 s", 1_500_000_000),
            ("819.2 us", 819_200),
            ("5 µs", 5_000),
            ("5 \u{3bc}s", 5_000),
            ("0 s", 0),
        ] {
            let parsed: SimDuration = text.parse().expect(text);
            assert_eq!(parsed.as_ns(), ns);
            assert_eq!(parsed.to_string().parse::<SimDuration>(), Ok(parsed));
        }
        assert_eq!(SimDuration::from_ms(40).to_string(), "40 ms");
        assert_eq!(SimDuration::from_secs(60).to_string(), "60 s");
        assert_eq!("2min".parse(), Ok(SimDuration::from_secs(120)));
    }

    #[test]
    fn time_ends_and_does_not_begin_anew() {
        let year = SimDuration::from_secs(365 * 24 * 3_600);
        assert_eq!(SimTime::from_ns(u64::MAX - 1) + year, SimTime::MAX);
        assert_eq!(year * u64::MAX, SimDuration::from_ns(u64::MAX));
        assert_eq!(year * 600 + year * 600, SimDuration::from_secs(u64::MAX));
        let mut late = SimTime::ZERO + year * 500;
        late += year * 500;
        assert_eq!(late, SimTime::MAX);
    }

    #[test]
    fn a_wrong_unit_says_what_is_allowed() {
        let error = "40 mss".parse::<SimDuration>().expect_err("no such unit");
        assert_eq!(error.suggestion(), Some("ms"));
        assert!("".parse::<SimDuration>().is_err());
        assert!("-1 s".parse::<SimDuration>().is_err());
        assert!("40".parse::<SimDuration>().is_err());
    }
}
