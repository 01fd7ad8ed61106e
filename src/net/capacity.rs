//! Links whose capacity changes: traces of delivery opportunities.
//!
//! A trace lists when a link can deliver a packet of 1,504 bytes, as Mahimahi does (Netravali et al.,
//! "Mahimahi: Accurate Record-and-Replay for HTTP", USENIX ATC 2015): one line a millisecond stamp,
//! several lines with the same one for as many packets; after the last line it begins again. A packet
//! that is smaller than an opportunity shares it with those behind it, a larger one takes several, and
//! an opportunity that finds nothing waiting is lost.

mod parse;
mod server;
mod summary;
#[cfg(test)]
mod synthetic;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};
use thiserror::Error;
use xxhash_rust::xxh3::Xxh3;

use super::data_file::{ContentError, DataFileError, Kind};
use crate::units::Bitrate;

pub use server::TraceServer;

/// Bytes that one opportunity carries: an Ethernet frame's payload and what Mahimahi's tunnel adds.
pub const OPPORTUNITY_BYTES: u64 = 1_504;

/// When a link can deliver. Shared: a copy costs a reference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CapacityTrace {
    // In order; the last is the length of the trace, above zero, unless nothing has been read.
    times_ms: Arc<[u32]>,
}

/// Why times are no capacity trace.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum CapacityError {
    /// There is no time.
    #[error("a trace without an opportunity carries nothing")]
    Empty,
    /// Nothing comes after the beginning.
    #[error("a trace whose last time is 0 has no length; it must be above 0")]
    NoLength,
    /// A time is before the one that it follows.
    #[error("{to_ms} ms after {from_ms} ms: times must not go back")]
    Back {
        /// The earlier line.
        from_ms: u32,
        /// The later line.
        to_ms: u32,
    },
    /// No link is as slow.
    #[error("its mean of {mean} is less than {least}; are its times in ms?")]
    Slow {
        /// The mean capacity.
        mean: Bitrate,
        /// The least that makes sense.
        least: Bitrate,
    },
}

/// A file with a capacity trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "PathBuf")]
pub struct CapacityFile {
    /// The file, relative to the scenario.
    pub file: PathBuf,
    /// What was read; in a manifest its hash, for another content is another experiment.
    #[serde(rename = "content_xxh3")]
    #[schemars(skip)]
    pub trace: CapacityTrace,
}

const KIND: Kind = Kind {
    name: "a capacity trace",
    advice: "a trace has one time in whole ms a line, at which 1,504 bytes can leave",
};

impl CapacityTrace {
    /// A trace with an opportunity at each of these times in ms; it repeats after the last.
    ///
    /// # Errors
    /// When there is no time at all, times go back, none is above zero, or the mean is below 1 kbit/s.
    pub fn new(times_ms: Vec<u32>) -> Result<Self, CapacityError> {
        let back = times_ms.windows(2).find(|pair| pair[1] < pair[0]);
        match times_ms.last() {
            None => Err(CapacityError::Empty),
            Some(0) => Err(CapacityError::NoLength),
            Some(_) => match back {
                Some(pair) => Err(CapacityError::Back { from_ms: pair[0], to_ms: pair[1] }),
                None => Self { times_ms: times_ms.into() }.if_it_carries_something(),
            },
        }
    }

    // Rates below this are those of no link.
    fn if_it_carries_something(self) -> Result<Self, CapacityError> {
        let least = Bitrate::from_bps(1_000);
        let mean = self.mean_rate();
        if mean < least { Err(CapacityError::Slow { mean, least }) } else { Ok(self) }
    }

    /// The trace that a text holds, one time in ms a line; empty lines and `#` comments aside.
    ///
    /// # Errors
    /// Each kind of fault with its first lines.
    pub fn parse(text: &str) -> Result<Self, ContentError> {
        Ok(parse::trace(text)?)
    }

    /// The mean capacity.
    #[must_use]
    pub fn mean_rate(&self) -> Bitrate {
        let bits = self.opportunities() * OPPORTUNITY_BYTES * 8;
        Bitrate::from_bps(if self.period_ms() == 0 { 0 } else { bits * 1_000 / self.period_ms() })
    }

    /// After how many ms it begins again.
    #[must_use]
    pub fn period_ms(&self) -> u64 {
        u64::from(self.times_ms.last().copied().unwrap_or(0))
    }

    /// How many packets of 1,504 bytes it can deliver in one period.
    #[must_use]
    pub fn opportunities(&self) -> u64 {
        self.times_ms.len() as u64
    }
}

impl Serialize for CapacityTrace {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut hash = Xxh3::new();
        self.times_ms.iter().for_each(|ms| hash.update(&ms.to_le_bytes()));
        serializer.collect_str(&format_args!("{:032x}", hash.digest128()))
    }
}

impl CapacityFile {
    /// The file, with the trace read from it; it is relative to `base_dir`.
    ///
    /// # Errors
    /// When the file cannot be read or does not hold a trace; every fault of it.
    pub fn read(&self, base_dir: &Path) -> Result<Self, DataFileError> {
        let trace = KIND.read(base_dir, &self.file, CapacityTrace::parse)?;
        Ok(Self { trace, file: self.file.clone() })
    }
}

impl From<PathBuf> for CapacityFile {
    /// A file of which nothing has been read.
    fn from(file: PathBuf) -> Self {
        Self { file, trace: CapacityTrace::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_rate_is_the_capacity_of_a_period() {
        // 500 opportunities in 2 s: 376,000 B a second.
        let trace = CapacityTrace::new((1..=500).map(|n| n * 4).collect()).expect("a trace");
        assert_eq!(trace.mean_rate(), Bitrate::from_bps(3_008_000));
        assert_eq!((trace.period_ms(), trace.opportunities()), (2_000, 500));
    }

    #[test]
    fn what_has_no_length_or_goes_back_is_no_trace() {
        for (times, word) in
            [(vec![], "without an opportunity"), (vec![0, 0], "no length"), (vec![5, 4], "4 ms after 5")]
        {
            let fault = CapacityTrace::new(times).expect_err("no trace");
            assert!(fault.to_string().contains(word), "{fault}");
        }
    }

    #[test]
    fn another_content_is_another_hash() {
        let hash = |times: &[u32]| {
            let trace = CapacityTrace::new(times.to_vec()).expect("a trace");
            serde_json::to_string(&trace).expect("a string")
        };
        assert_eq!(hash(&[1, 2]), hash(&[1, 2]));
        assert_ne!(hash(&[1, 2]), hash(&[1, 3]));
    }
}
