//! Latency matrices from files: square, in ms, us or s, symmetric or not.

mod delays;
mod layout;
mod names;
mod numbers;
mod parse;
#[cfg(test)]
mod properties;
mod rows;
mod summary;
mod table;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::data_file::{DataFileError, Kind};

pub use table::{MatrixTable, MatrixUnit, Measures};

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

const KIND: Kind = Kind {
    name: "a latency matrix",
    advice: "a matrix is CSV with one row and one column a place, as pandas' `to_csv` writes it",
};

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
