//! Latency matrices from files: square, in ms or s, symmetric or not.

use std::path::PathBuf;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

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
    /// What was read.
    #[serde(skip)]
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
    /// Seconds.
    S,
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

/// Why a file is not a latency matrix.
#[derive(Debug, Error)]
pub enum MatrixError {
    /// The file cannot be read.
    #[error("cannot read {}: {source}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The content is not a square table of delays; one line a fault.
    #[error("{} is not a latency matrix: {}", file.display(), faults.join("; "))]
    Content {
        /// The file.
        file: PathBuf,
        /// Each fault with its line.
        faults: Vec<String>,
    },
}

impl MatrixFile {
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
