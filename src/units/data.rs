//! Amounts of data and the rates at which links carry them.

use std::fmt;
use std::ops::{Add, Mul};
use std::str::FromStr;

use super::parse::{UnitError, UnitTable, parse_with_units, print_with_units};
use super::text::text_type;
use super::time::SimDuration;

/// An amount of data in bytes. `kB` and `MB` are decimal, `KiB` and `MiB` binary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteCount(u64);

/// A rate of data in bits per second, with decimal prefixes as networks use them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bitrate(u64);

impl ByteCount {
    /// An amount of `bytes` bytes.
    #[must_use]
    pub const fn new(bytes: u64) -> Self {
        Self(bytes)
    }

    /// The amount in bytes.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl Bitrate {
    /// A rate of `bps` bits per second.
    #[must_use]
    pub const fn from_bps(bps: u64) -> Self {
        Self(bps)
    }

    /// The rate in bits per second.
    #[must_use]
    pub const fn as_bps(self) -> u64 {
        self.0
    }

    /// How long a link of this rate needs to put `size` on the wire, rounded up to a nanosecond; at most
    /// [`SimDuration::LONGEST`].
    ///
    /// # Panics
    /// When the rate is zero: a link that carries nothing has no such time.
    #[must_use]
    pub const fn serialisation_time(self, size: ByteCount) -> SimDuration {
        let ns = saturated((size.0 as u128 * 8_000_000_000).div_ceil(self.0 as u128));
        let longest_ns = SimDuration::LONGEST.as_ns();
        SimDuration::from_ns(if ns < longest_ns { ns } else { longest_ns })
    }

    /// The bytes that this rate carries in a time, rounded down.
    #[must_use]
    pub const fn bytes_in(self, time: SimDuration) -> ByteCount {
        ByteCount::new(saturated(self.0 as u128 * time.as_ns() as u128 / 8_000_000_000))
    }
}

const fn saturated(wide: u128) -> u64 {
    if wide > u64::MAX as u128 { u64::MAX } else { wide as u64 }
}

impl Add for ByteCount {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Mul<u64> for ByteCount {
    type Output = Self;
    fn mul(self, times: u64) -> Self {
        Self(self.0.saturating_mul(times))
    }
}

const BYTE_UNITS: UnitTable = UnitTable {
    what: "an amount of data",
    examples: "\"1200 B\", \"64 KiB\", \"5 MB\"",
    units: &[
        ("B", 1.0),
        ("kB", 1e3),
        ("MB", 1e6),
        ("GB", 1e9),
        ("KiB", 1024.0),
        ("MiB", 1_048_576.0),
        ("GiB", 1_073_741_824.0),
    ],
    print: &["MB", "MiB", "KiB", "kB", "B"],
};

const BITRATE_UNITS: UnitTable = UnitTable {
    what: "a bit rate",
    examples: "\"2 Mbit/s\", \"500 kbit/s\", \"1 Gbit/s\"",
    units: &[("bit/s", 1.0), ("kbit/s", 1e3), ("Mbit/s", 1e6), ("Gbit/s", 1e9)],
    print: &["Gbit/s", "Mbit/s", "kbit/s", "bit/s"],
};

impl FromStr for ByteCount {
    type Err = UnitError;
    fn from_str(text: &str) -> Result<Self, UnitError> {
        parse_with_units(text, &BYTE_UNITS).map(Self)
    }
}

impl fmt::Display for ByteCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        print_with_units(f, self.0, &BYTE_UNITS)
    }
}

impl FromStr for Bitrate {
    type Err = UnitError;
    fn from_str(text: &str) -> Result<Self, UnitError> {
        parse_with_units(text, &BITRATE_UNITS).map(Self)
    }
}

impl fmt::Display for Bitrate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        print_with_units(f, self.0, &BITRATE_UNITS)
    }
}

text_type!(ByteCount, "ByteCount", "An amount of data with its unit: B, kB, MB, GB, KiB, MiB or GiB", "1200 B");
text_type!(Bitrate, "Bitrate", "A bit rate with its unit: bit/s, kbit/s, Mbit/s or Gbit/s", "2 Mbit/s");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serialisation_time_is_exact() {
        let ten_mbit: Bitrate = "10 Mbit/s".parse().expect("a rate");
        assert_eq!(ten_mbit.serialisation_time(ByteCount::new(1024)).as_ns(), 819_200);
        let slowest = Bitrate::from_bps(1).serialisation_time(ByteCount::new(u64::MAX));
        assert_eq!(slowest, SimDuration::LONGEST);
        assert_eq!(Bitrate::from_bps(3).serialisation_time(ByteCount::new(1)).as_ns(), 2_666_666_667);
    }

    #[test]
    fn data_prints_as_it_was_written() {
        for text in ["1200 B", "64 KiB", "5 MB", "1 MiB"] {
            assert_eq!(text.parse::<ByteCount>().expect(text).to_string(), text);
        }
        for text in ["2 Mbit/s", "1500 kbit/s", "10 Gbit/s"] {
            assert_eq!(text.parse::<Bitrate>().expect(text).to_string(), text);
        }
        assert_eq!("2 mbit/s".parse::<Bitrate>().expect_err("lower case").suggestion(), Some("Mbit/s"));
    }
}
