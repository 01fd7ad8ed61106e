//! The store: every replication on a line of its own, as JSON, appended as it ends.
//!
//! JSON lines, because a person can read them and every language can; `serde_json` writes numbers so that they read
//! back to the last bit. The first line says what was run. Each of the others has the key of its cell, its seed, its
//! place on the axes, and a checksum over the record; so a line that a kill or a power failure cut off, or that went
//! bad on the disk, is recognised, dropped and run again.

mod kept;
mod line;
mod read;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::Path;

pub use kept::Kept;
pub use line::{Head, encode};
pub use read::{Extent, StoredRun, StoredRuns, extent, read_all, read_head};

use super::disk;
use super::results::Results;
use super::rung::Rung;
use crate::rng::Seed;
use crate::scenario::Experiment;

/// The name of the store in a results folder.
pub const STORE: &str = "replications.jsonl";
/// A store that is to replace another beside it.
pub(crate) const NEW_STORE: &str = "replications.new.jsonl";

/// The store of a run that is under way. It has a line for each replication that is finished, by this run or before.
#[derive(Debug)]
pub struct Store {
    file: File,
    len: u64,
    // By the cell's index and the seed.
    lines: BTreeMap<(usize, Seed), Line>,
    // The disk has refused a line: those that come are held in memory.
    is_full: bool,
}

/// Where a line is.
#[derive(Clone, Debug)]
enum Line {
    InFile(Span),
    InMemory(Box<[u8]>),
}

/// A line of a file: its first byte, and how many.
#[derive(Clone, Copy, Debug)]
struct Span {
    begin: u64,
    len: u32,
}

impl Store {
    /// Begins a store anew.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn create(path: &Path, head: &Head<'_>) -> io::Result<Self> {
        let file = disk::open_or_create(path)?;
        disk::set_len(&file, 0)?;
        let mut store = Self { file, len: 0, lines: BTreeMap::new(), is_full: false };
        store.append(&head.line())?;
        Ok(store)
    }

    /// Goes on with the store at `path`, behind its last whole line. Where there is none, or one of another run, it
    /// begins a new one and puts it in the place of the old one. Either way it has what is `kept` when this returns.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn resume(path: &Path, experiment: &Experiment, rung: Rung, kept: &Kept) -> io::Result<Self> {
        let head = Head::of(experiment, rung);
        let Extent { bytes, .. } = extent(path)?;
        if bytes > 0 && read_head(path)?.is_some_and(|there| head.is(&there)) {
            let mut file = disk::open_or_create(path)?;
            disk::set_len(&file, bytes)?;
            file.seek(SeekFrom::End(0))?;
            let mut store = Self { file, len: bytes, lines: BTreeMap::new(), is_full: false };
            kept.copy_to(&mut store, Some(path), experiment, rung)?;
            return Ok(store);
        }
        let beside = path.with_file_name(NEW_STORE);
        let mut store = Self::create(&beside, &head)?;
        kept.copy_to(&mut store, None, experiment, rung)?;
        disk::rename(&beside, path)?;
        Ok(store)
    }

    /// Adds whole lines. A line that the disk does not take is cut off again.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        let written = disk::write(&mut self.file, lines);
        if written.is_err() {
            // Where this fails too the next reader drops what was cut off.
            let _ = disk::set_len(&self.file, self.len).and_then(|()| self.file.seek(SeekFrom::End(0)));
        } else {
            self.len += lines.len() as u64;
        }
        written
    }

    /// Adds the line of the replication of the cell with this index and this seed. Where the disk refuses, this line and
    /// all that follow are held in memory.
    ///
    /// # Errors
    /// When the disk refuses for the first time.
    pub fn append_run(&mut self, cell: usize, seed: Seed, line: &[u8]) -> io::Result<()> {
        let begin = self.len;
        let written = if self.is_full { Ok(()) } else { self.append(line) };
        self.is_full |= written.is_err();
        let place = match self.is_full {
            true => Line::InMemory(line.into()),
            false => Line::InFile(Span::of(begin, line)),
        };
        self.lines.insert((cell, seed), place);
        written
    }

    /// The line of a replication.
    fn read_into(&self, cell: usize, seed: Seed, line: &mut Vec<u8>) -> io::Result<()> {
        match self.lines.get(&(cell, seed)) {
            None => Err(ErrorKind::NotFound.into()),
            Some(Line::InFile(span)) => span.read_into(&self.file, line),
            Some(Line::InMemory(held)) => {
                line.clear();
                line.extend_from_slice(held);
                Ok(())
            }
        }
    }

    /// Makes what is written survive a power failure.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn sync(&self) -> io::Result<()> {
        disk::sync(&self.file)
    }
}

impl Span {
    fn of(begin: u64, line: &[u8]) -> Self {
        Self { begin, len: u32::try_from(line.len()).expect("invariant: a record is far below 4 GB") }
    }

    fn read_into(self, mut file: &File, line: &mut Vec<u8>) -> io::Result<()> {
        line.resize(self.len as usize, 0);
        file.seek(SeekFrom::Start(self.begin))?;
        file.read_exact(line)
    }
}

/// Writes all of `results` in the order of cells and seeds, line by line from the store of the run: the same bytes
/// however they came about.
///
/// # Errors
/// When `to` refuses, or the store cannot be read.
pub fn write_store(results: &Results<'_>, store: &Store, to: &mut dyn Write) -> io::Result<()> {
    let experiment = results.experiment;
    to.write_all(&Head::of(experiment, results.rung).line())?;
    let mut line = Vec::new();
    for (cell, runs) in results.cells.iter().enumerate() {
        for run in &runs.runs {
            store.read_into(cell, run.seed, &mut line)?;
            to.write_all(&line)?;
        }
    }
    Ok(())
}
