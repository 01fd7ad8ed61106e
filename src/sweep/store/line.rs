//! The lines of a store.

use std::io;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use xxhash_rust::xxh3::xxh3_64;

use super::super::key::{CellKey, GIT_COMMIT, VERSION};
use super::super::rung::Rung;
use crate::metrics::RunRecord;
use crate::rng::Seed;
use crate::scenario::{Cell, Experiment};

/// The first line: what was run, and by what.
#[derive(Clone, Debug, Serialize)]
pub struct Head<'a> {
    peerscape: Value,
    name: &'a str,
    rung: &'a str,
    scenario_hash: &'a str,
    seeds: &'a [Seed],
    scenario: &'a Value,
}

impl<'a> Head<'a> {
    /// The head of the store of an experiment.
    #[must_use]
    pub fn of(experiment: &'a Experiment, rung: Rung) -> Self {
        Self {
            peerscape: serde_json::json!({ "version": VERSION, "git_commit": GIT_COMMIT }),
            name: &experiment.name,
            rung: rung.name,
            scenario_hash: &experiment.hash,
            seeds: &experiment.seeds,
            scenario: &experiment.resolved,
        }
    }

    /// Whether a head that was read is this one.
    pub(super) fn is(&self, other: &Value) -> bool {
        serde_json::to_value(self).is_ok_and(|head| head == *other)
    }

    /// The line with its end.
    pub(super) fn line(&self) -> Vec<u8> {
        let mut line = serde_json::to_vec(self).expect("invariant: settings are plain data");
        line.push(b'\n');
        line
    }
}

/// A line of a replication as it is read.
#[derive(Deserialize)]
pub(super) struct Line<'a> {
    pub(super) cell: String,
    pub(super) topology: String,
    pub(super) peers: u32,
    pub(super) axes: Map<String, Value>,
    xxh3: String,
    #[serde(borrow)]
    record: &'a RawValue,
}

impl Line<'_> {
    /// The record, if it is whole.
    pub(super) fn record(&self) -> Option<RunRecord> {
        let text = self.record.get();
        if self.xxh3 != checksum(text.as_bytes()) {
            return None;
        }
        serde_json::from_str(text).ok()
    }
}

/// The line of a replication, with its end.
///
/// # Errors
/// When the record holds what cannot be written: a finding of a kind that is not in the list.
pub fn encode(key: CellKey, cell: &Cell, record: &RunRecord) -> io::Result<Vec<u8>> {
    // Put together by hand, for the checksum is over the bytes of the record.
    let mut line = place(key, cell, record.seed)?;
    line.reserve(USUAL);
    let sum = line.len();
    line.extend_from_slice(&[b'0'; 16]);
    line.extend_from_slice(b"\",\"record\":");
    let begin = line.len();
    serde_json::to_writer(&mut line, record)?;
    let checksum = checksum(&line[begin..]);
    line[sum..sum + 16].copy_from_slice(checksum.as_bytes());
    line.extend_from_slice(b"}\n");
    Ok(line)
}

/// How the line of a replication begins, up to its checksum.
pub(super) fn place(key: CellKey, cell: &Cell, seed: Seed) -> io::Result<Vec<u8>> {
    #[derive(Serialize)]
    struct Place<'a> {
        cell: String,
        seed: Seed,
        topology: &'a str,
        peers: u32,
        axes: Map<String, Value>,
    }
    let axes = cell.axes.iter().map(|axis| (axis.name.clone(), axis.text.clone().into())).collect();
    let peers = cell.settings.population.peers.get();
    let mut line = serde_json::to_vec(&Place { cell: key.to_hex(), seed, topology: &cell.label, peers, axes })?;
    line.pop();
    line.extend_from_slice(b",\"xxh3\":\"");
    Ok(line)
}

/// The line with its record as it is, at another place on the axes.
pub(super) fn recast(line: &[u8], key: CellKey, cell: &Cell, seed: Seed) -> io::Result<Vec<u8>> {
    let Line { xxh3, record, .. } = serde_json::from_slice(line)?;
    let mut recast = place(key, cell, seed)?;
    recast.extend([xxh3.as_bytes(), b"\",\"record\":", record.get().as_bytes(), b"}\n"].concat());
    Ok(recast)
}

/// Bytes of most lines.
const USUAL: usize = 16_000;

fn checksum(bytes: &[u8]) -> String {
    format!("{:016x}", xxh3_64(bytes))
}
