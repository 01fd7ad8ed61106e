//! The store: every replication on a line of its own, as JSON, appended as it ends.
//!
//! JSON lines, because a person can read them and every language can; `serde_json` writes numbers so that they read
//! back to the last bit. The first line says what was run. Each of the others has the key of its cell, its seed, its
//! place on the axes, and a checksum over the record; so a line that a kill or a power failure cut off, or that went
//! bad on the disk, is recognised, dropped and run again.

mod line;
mod read;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

pub use line::{Head, encode};
pub use read::{Extent, StoredRun, StoredRuns, extent, read_all, read_head};

use super::disk;
use super::key::CellKey;
use super::results::{Replication, Results};
use super::rung::Rung;
use crate::metrics::RunRecord;
use crate::rng::Seed;
use crate::scenario::Experiment;

/// The name of the store in a results folder.
pub const STORE: &str = "replications.jsonl";
/// A store that is to replace another beside it.
pub(crate) const NEW_STORE: &str = "replications.new.jsonl";

/// The store of a run that is under way.
#[derive(Debug)]
pub struct Store {
    file: File,
    len: u64,
    // Where the lines of this run are: the cell's index, the seed, the first byte and how many.
    lines: BTreeMap<(usize, Seed), (u64, usize)>,
}

/// Replications that need not run again.
#[derive(Debug, Default)]
pub struct Kept {
    /// The cell's index, the seed's index, and what was measured.
    pub(super) records: Vec<(usize, usize, RunRecord)>,
    /// Lines that are of no use here: of another version, of other settings.
    pub others: usize,
    /// Lines that could not be read.
    pub unreadable: usize,
}

impl Store {
    /// Begins a store anew.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn create(path: &Path, head: &Head<'_>) -> io::Result<Self> {
        let file = disk::open_or_create(path)?;
        disk::set_len(&file, 0)?;
        let mut store = Self { file, len: 0, lines: BTreeMap::new() };
        store.append(&head.line())?;
        Ok(store)
    }

    /// Goes on with the store at `path`, behind its last whole line. Where there is none, or one of another run, it
    /// begins a new one with what is `kept`, and puts it in the place of the old one.
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
            return Ok(Self { file, len: bytes, lines: BTreeMap::new() });
        }
        let beside = path.with_file_name(NEW_STORE);
        let mut store = Self::create(&beside, &head)?;
        let keys = CellKey::of_all(experiment, rung);
        for (cell, _, record) in &kept.records {
            store.append(&encode(keys[*cell], &experiment.cells[*cell], record)?)?;
        }
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

    /// Adds the line of the replication of the cell with this index and this seed.
    ///
    /// # Errors
    /// As [`Store::append`].
    pub fn append_run(&mut self, cell: usize, seed: Seed, line: &[u8]) -> io::Result<()> {
        let begin = self.len;
        self.append(line)?;
        self.lines.insert((cell, seed), (begin, line.len()));
        Ok(())
    }

    /// The line of a replication, if this run has added it.
    fn line(&self, cell: usize, seed: Seed) -> Option<io::Result<Vec<u8>>> {
        let &(begin, len) = self.lines.get(&(cell, seed))?;
        let mut line = vec![0; len];
        let mut file = &self.file;
        Some(file.seek(SeekFrom::Start(begin)).and_then(|_| file.read_exact(&mut line)).map(|()| line))
    }

    /// Makes what is written survive a power failure.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn sync(&self) -> io::Result<()> {
        disk::sync(&self.file)
    }
}

impl Kept {
    /// Adds what the store at `path` has of `experiment`; nothing if there is no store. Replications that came to no
    /// end are to run again.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn take(&mut self, path: &Path, experiment: &Experiment, rung: Rung) -> io::Result<()> {
        let keys = CellKey::of_all(experiment, rung);
        let mut places: Vec<(CellKey, usize)> = keys.into_iter().zip(0..).collect();
        places.sort_unstable();
        let mut is_there = vec![vec![false; experiment.seeds.len()]; experiment.cells.len()];
        self.records.iter().for_each(|(cell, seed, _)| is_there[*cell][*seed] = true);
        let runs = match read_all(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            runs => runs?,
        };
        for run in runs {
            let Some(run) = run? else {
                self.unreadable += 1;
                continue;
            };
            let first = places.partition_point(|(key, _)| *key < run.cell);
            // Two cells may be the same in all but their place.
            let cells: Vec<usize> =
                places[first..].iter().take_while(|(key, _)| *key == run.cell).map(|(_, cell)| *cell).collect();
            let seeds: Vec<usize> =
                (0..experiment.seeds.len()).filter(|&seed| experiment.seeds[seed] == run.record.seed).collect();
            if cells.is_empty() || seeds.is_empty() {
                self.others += 1;
            }
            if run.record.has_no_figures() {
                continue;
            }
            for (cell, seed) in cells.into_iter().flat_map(|cell| seeds.iter().map(move |&seed| (cell, seed))) {
                if !std::mem::replace(&mut is_there[cell][seed], true) {
                    self.records.push((cell, seed, run.record.clone()));
                }
            }
        }
        Ok(())
    }

    /// How many replications need not run again.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether all are to run.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.records.is_empty()
    }
}

/// Writes all of `results` as a store, in the order of cells and seeds: the same bytes however they came about. Lines that
/// are in the store of the run are copied.
///
/// # Errors
/// When `to` refuses.
pub fn write_store(results: &Results<'_>, store: Option<&Store>, to: &mut dyn Write) -> io::Result<()> {
    let experiment = results.experiment;
    let keys = CellKey::of_all(experiment, results.rung);
    to.write_all(&Head::of(experiment, results.rung).line())?;
    for ((cell, runs), key) in experiment.cells.iter().zip(&results.cells).zip(keys) {
        for Replication { record, .. } in &runs.runs {
            let copied = store.and_then(|store| store.line(cell.index, record.seed)).and_then(Result::ok);
            to.write_all(&copied.map_or_else(|| encode(key, cell, record), Ok)?)?;
        }
    }
    Ok(())
}
