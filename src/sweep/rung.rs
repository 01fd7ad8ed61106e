//! What a replication runs on: the model, or something more real that gives the same record.

use thiserror::Error;

use crate::metrics::RunRecord;
use crate::rng::Seed;
use crate::scenario::{Cell, Grain};
use crate::simulation::{Knowledge, SimulationError, estimate_memory, simulate};
use crate::units::ByteCount;

/// Why a replication has no record.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ReplicationError {
    /// The model refuses.
    #[error(transparent)]
    Model(#[from] SimulationError),
    /// What else a rung runs on refuses, in its own words.
    #[error("{0}")]
    Rung(String),
}

/// A rung of the fidelity ladder.
#[derive(Clone, Copy, Debug)]
pub struct Rung {
    /// The name on the command line and in the manifest.
    pub name: &'static str,
    /// Runs one replication: the same cell and seed give the same record.
    pub replicate: fn(&Cell, Seed, &Knowledge) -> Result<RunRecord, ReplicationError>,
    /// What it follows on its way in a cell.
    pub grain: fn(&Cell) -> Grain,
    /// An upper estimate of the memory that one replication needs.
    pub memory: fn(&Cell) -> ByteCount,
}

impl Rung {
    /// The event model.
    pub const MODEL: Self = Self {
        name: "model",
        replicate: |cell, seed, knowledge| Ok(simulate(cell, seed, knowledge)?),
        grain: |cell| cell.settings.run.grain,
        memory: estimate_memory,
    };
}
