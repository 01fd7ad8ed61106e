//! Latency matrices from files: square, in ms, us or s, symmetric or not.

mod delays;
mod layout;
mod names;
mod parse;
#[cfg(test)]
mod properties;
mod rows;
mod summary;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};
use xxhash_rust::xxh3::Xxh3;

use super::data_file::{DataFileError, Kind};

/// A latency matrix and how to read it. Rows are senders, columns receivers; a header row or a
/// column of names is recognised and names the places.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MatrixFile {
    /// The file, relative to the scenario.
    pub file: PathBuf,
    /// The unit of the cells.
    #[serde(default)]
    pub unit: MatrixUnit,
    /// What a cell holds.
    #[serde(default)]
    pub measures: Measures,
    /// What was read; in a manifest its hash, for another content is another experiment.
    #[serde(skip_deserializing, rename = "content_xxh3")]
    #[schemars(skip)]
    pub table: MatrixTable,
}

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
    const fn ns(self) -> f64 {
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

const KIND: Kind = Kind {
    name: "a latency matrix",
    advice: "a matrix is CSV with one row and one column a place, as pandas' `to_csv` writes it",
};

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

impl MatrixFile {
    /// The matrix with its table read from the file, which is relative to `base_dir`.
    ///
    /// # Errors
    /// When the file cannot be read or does not hold a square table of delays; every fault of it.
    pub fn read(&self, base_dir: &Path) -> Result<Self, DataFileError> {
        let table = KIND.read(base_dir, &self.file, |text| parse::table(text, self.unit, self.measures))?;
        Ok(Self { table, ..self.clone() })
    }

    /// How many places the matrix has.
    #[must_use]
    pub fn places(&self) -> usize {
        self.table.names.len()
    }

    /// One-way delays in ns, row by row.
    #[must_use]
    pub fn one_way_ns(&self) -> Arc<[u64]> {
        Arc::clone(&self.table.one_way_ns)
    }
}
