//! The unit of a matrix's cells, what they hold, and what was read.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};
use xxhash_rust::xxh3::Xxh3;

/// The unit of a matrix's cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MatrixUnit {
    /// Milliseconds.
    #[default]
    Ms,
    /// Microseconds.
    #[serde(alias = "µs", alias = "μs")]
    Us,
    /// Seconds.
    S,
}

impl MatrixUnit {
    /// Nanoseconds of one.
    pub(super) const fn ns(self) -> f64 {
        match self {
            Self::Us => 1e3,
            Self::Ms => 1e6,
            Self::S => 1e9,
        }
    }
}

/// What a cell of a matrix holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Measures {
    /// Round-trip time; one way is half of it.
    #[default]
    RoundTrip,
    /// One-way delay.
    OneWay,
}

/// The cells of a matrix: one-way delays in ns, row by row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MatrixTable {
    /// Names of the places: from the file, or their numbers.
    pub names: Vec<String>,
    /// `names.len()` squared delays.
    pub one_way_ns: Arc<[u64]>,
    /// Cells that were empty and took the value of the opposite direction.
    pub filled: usize,
}

impl Serialize for MatrixTable {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut hash = Xxh3::new();
        for name in &self.names {
            hash.update(name.as_bytes());
            hash.update(b"\n");
        }
        self.one_way_ns.iter().for_each(|ns| hash.update(&ns.to_le_bytes()));
        serializer.collect_str(&format_args!("{:032x}", hash.digest128()))
    }
}
