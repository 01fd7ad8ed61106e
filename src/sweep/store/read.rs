//! Reading a store back, line by line.

use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Take};
use std::path::Path;

use serde_json::{Map, Value};

use super::super::key::CellKey;
use super::line::Line;
use crate::metrics::RunRecord;

/// A replication that was stored.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredRun {
    /// The key of its cell.
    pub cell: CellKey,
    /// The label of its topology.
    pub topology: String,
    /// The size of its population.
    pub peers: u32,
    /// Its place on the axes of its sweep.
    pub axes: Map<String, Value>,
    /// What it measured.
    pub record: RunRecord,
}

/// The replications of a store, in the order of its lines; `None` for a line that is not whole.
pub struct StoredRuns {
    lines: Take<BufReader<File>>,
    line: Vec<u8>,
    // The byte behind the line.
    end: u64,
}

/// The first line of a store: what was run. `None` if the file is not a store.
///
/// # Errors
/// When the file cannot be read.
pub fn read_head(path: &Path) -> io::Result<Option<Value>> {
    let mut line = Vec::new();
    BufReader::new(File::open(path)?).read_until(b'\n', &mut line)?;
    let head: Option<Value> = serde_json::from_slice(&line).ok();
    Ok(head.filter(|head| head.get("peerscape").is_some() && line.ends_with(b"\n")))
}

/// The replications of a store; none if the file is not one.
///
/// # Errors
/// When the file cannot be read.
pub fn read_all(path: &Path) -> io::Result<StoredRuns> {
    let is_store = read_head(path)?.is_some();
    let mut lines = BufReader::with_capacity(1 << 16, File::open(path)?);
    let end = lines.skip_until(b'\n')? as u64;
    Ok(StoredRuns { lines: lines.take(if is_store { u64::MAX } else { 0 }), line: Vec::new(), end })
}

/// How much of a store is whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// Bytes of whole lines; none if it is not a store.
    pub(super) bytes: u64,
    /// Lines of replications among them.
    pub runs: usize,
}

/// How much of the file at `path` is whole; nothing of one that is not there.
///
/// # Errors
/// When the file cannot be read.
pub fn extent(path: &Path) -> io::Result<Extent> {
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Extent::default()),
        file => file?,
    };
    if read_head(path)?.is_none() {
        return Ok(Extent::default());
    }
    let mut lines = BufReader::with_capacity(1 << 16, file);
    let (mut extent, mut line) = (Extent::default(), Vec::new());
    while lines.read_until(b'\n', &mut line)? > 0 {
        if line.ends_with(b"\n") {
            // The first is the head.
            extent.runs += usize::from(extent.bytes > 0);
            extent.bytes += line.len() as u64;
        }
        line.clear();
    }
    Ok(extent)
}

impl StoredRuns {
    /// The line that was read last, and its first byte in the file.
    pub(super) fn last_line(&self) -> (u64, &[u8]) {
        (self.end - self.line.len() as u64, &self.line)
    }
}

impl Iterator for StoredRuns {
    type Item = io::Result<Option<StoredRun>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.line.clear();
        match self.lines.read_until(b'\n', &mut self.line) {
            Err(error) => Some(Err(error)),
            Ok(0) => None,
            Ok(bytes) => {
                self.end += bytes as u64;
                Some(Ok(run(&self.line)))
            }
        }
    }
}

fn run(line: &[u8]) -> Option<StoredRun> {
    let line: Line<'_> = serde_json::from_slice(line.strip_suffix(b"\n")?).ok()?;
    let record = line.record()?;
    let cell = CellKey::from_hex(&line.cell)?;
    Some(StoredRun { cell, topology: line.topology, peers: line.peers, axes: line.axes, record })
}
