//! One of two results that are compared: its replications, read from its store.

use std::collections::BTreeSet;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use thiserror::Error;

use super::super::marks::MANIFEST;
use crate::metrics::PackedValues;
use crate::rng::Seed;
use crate::sweep::store::{STORE, StoredRun, read_all, read_head};

/// Results, by their places.
#[derive(Clone, Debug)]
pub struct Side {
    /// The name of the folder.
    pub name: String,
    /// The first line of its store.
    pub head: Value,
    /// Lines that could not be read.
    pub unreadable: usize,
    pub(super) cells: Vec<(Place, Vec<SideRun>)>,
}

/// A topology at one place on the axes of a sweep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The label of the topology.
    pub topology: String,
    /// The size of the population.
    pub peers: u32,
    /// The other axes.
    pub axes: Map<String, Value>,
}

/// What a comparison needs of a replication.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SideRun {
    pub(super) seed: Seed,
    pub(super) values: PackedValues,
    pub(super) fails: bool,
}

/// Why results cannot be compared.
#[derive(Debug, Error)]
pub enum SideError {
    /// There are no results.
    #[error("{} is not a results folder of peerscape", .0.display())]
    NotResults(PathBuf),
    /// Results without a store.
    #[error(
        "{} has no {STORE}, for an older version of peerscape wrote it, or `validate` did: run its scenario again with \
         `peerscape run`",
        .0.display()
    )]
    NoStore(PathBuf),
    /// A store without replications.
    #[error("{} has no replications", .0.display())]
    Empty(PathBuf),
    /// A system call failed.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// What was read.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
}

impl Side {
    /// Reads the store in a results folder.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn read(folder: &Path) -> Result<Self, SideError> {
        let path = folder.join(STORE);
        let failed = |source| SideError::Io { path: path.clone(), source };
        let head = match read_head(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let is_ours = folder.join(MANIFEST).is_file();
                let error = if is_ours { SideError::NoStore } else { SideError::NotResults };
                return Err(error(folder.to_owned()));
            }
            head => head.map_err(failed)?.ok_or_else(|| SideError::NotResults(folder.to_owned()))?,
        };
        let mut side = Self { name: folder.display().to_string(), head, unreadable: 0, cells: Vec::new() };
        for run in read_all(&path).map_err(failed)? {
            match run.map_err(failed)? {
                Some(run) => side.add(run),
                None => side.unreadable += 1,
            }
        }
        if side.cells.is_empty() { Err(SideError::Empty(folder.to_owned())) } else { Ok(side) }
    }

    /// The seeds of all its replications.
    pub(super) fn seeds(&self) -> BTreeSet<Seed> {
        self.cells.iter().flat_map(|(_, runs)| runs).map(|run| run.seed).collect()
    }

    /// The replications at a place.
    pub(super) fn at(&self, place: &Place) -> Option<&[SideRun]> {
        self.cells.iter().find(|(other, _)| other == place).map(|(_, runs)| runs.as_slice())
    }

    pub(super) fn add(&mut self, run: StoredRun) {
        let StoredRun { topology, peers, mut axes, record, .. } = run;
        axes.shift_remove("peers");
        let place = Place { topology, peers, axes };
        let run = SideRun {
            seed: record.seed,
            fails: !record.findings.is_empty(),
            values: PackedValues::from(&record.values),
        };
        // Those of one cell follow each other.
        match self.cells.iter_mut().rev().find(|(other, _)| *other == place) {
            Some((_, runs)) => runs.push(run),
            None => self.cells.push((place, vec![run])),
        }
    }
}
