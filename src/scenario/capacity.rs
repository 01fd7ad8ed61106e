//! Capacity traces that classes name: each file is read once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::problem::Problem;
use super::read::Reader;
use super::tree::{join, path};
use crate::net::{CapacityFile, CapacityTrace, DataFileError};
use crate::world::ClassSpec;

/// The traces that have been read, by file.
#[derive(Debug, Default)]
pub(super) struct Traces(BTreeMap<PathBuf, Result<CapacityTrace, DataFileError>>);

impl Traces {
    /// Puts the traces into the classes that name them, relative to `base_dir`.
    pub(super) fn read(&mut self, reader: &mut Reader<'_, '_>, classes: &mut [ClassSpec], base_dir: &Path) {
        let list = path(["population", "class"]);
        for (index, class) in classes.iter_mut().enumerate() {
            let place = join(&join(&list, index), "capacity");
            for (key, file) in [("up", &mut class.capacity.up), ("down", &mut class.capacity.down)] {
                if let Some(file) = file {
                    self.fill(reader, &join(&place, key), file, base_dir);
                }
            }
        }
    }

    fn fill(&mut self, reader: &mut Reader<'_, '_>, place: &[String], file: &mut CapacityFile, base_dir: &Path) {
        let read = self.0.entry(file.file.clone()).or_insert_with(|| file.read(base_dir).map(|read| read.trace));
        match read {
            Ok(trace) => file.trace = trace.clone(),
            Err(error) => reader.push(Problem::of_file(reader.span(place), error)),
        }
    }
}
