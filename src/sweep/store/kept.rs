//! What runs before have finished of an experiment, so that it need not run again.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::super::key::CellKey;
use super::super::results::{CellRuns, RunCost};
use super::super::rung::Rung;
use super::line::{place, recast};
use super::read::read_all;
use super::{Line, Span, Store};
use crate::rng::Seed;
use crate::scenario::Experiment;

/// Replications that need not run again: what they measured, and where their lines are.
#[derive(Debug, Default)]
pub struct Kept {
    /// What they measured, by cells; empty where nothing was read.
    pub(in super::super) cells: Vec<CellRuns>,
    // By the cell's index and the seed.
    lines: BTreeMap<(usize, Seed), KeptLine>,
    files: Vec<PathBuf>,
    /// Lines that are of no use here: of another version, of other settings.
    pub others: usize,
    /// Lines that could not be read.
    pub unreadable: usize,
}

/// A line of one of the files.
#[derive(Clone, Copy, Debug)]
struct KeptLine {
    span: Span,
    file: u32,
    // Whether this run would write it byte for byte.
    is_same: bool,
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
        let mut runs = match read_all(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            runs => runs?,
        };
        let file = u32::try_from(self.files.len()).expect("invariant: few files");
        self.files.push(path.to_owned());
        self.cells.resize_with(experiment.cells.len(), CellRuns::default);
        while let Some(run) = runs.next() {
            let Some(run) = run? else {
                self.unreadable += 1;
                continue;
            };
            let first = places.partition_point(|(key, _)| *key < run.cell);
            // Two cells may be the same in all but their place.
            let cells = places[first..].iter().take_while(|(key, _)| *key == run.cell).map(|(_, cell)| *cell);
            let seeds = &experiment.seeds;
            let all_seeds = (0..seeds.len()).filter(|&seed| seeds[seed] == run.record.seed);
            let slots: Vec<(usize, usize)> =
                cells.flat_map(|cell| all_seeds.clone().map(move |seed| (cell, seed))).collect();
            if slots.is_empty() {
                self.others += 1;
            }
            if run.record.has_no_figures() {
                continue;
            }
            let (begin, line) = runs.last_line();
            for (cell, seed) in slots {
                if let Entry::Vacant(entry) = self.lines.entry((cell, run.record.seed)) {
                    let is_same = line.starts_with(&place(run.cell, &experiment.cells[cell], run.record.seed)?);
                    entry.insert(KeptLine { span: Span::of(begin, line), file, is_same });
                    self.cells[cell].add(seed, seeds.len(), &run.record, RunCost::default());
                }
            }
        }
        Ok(())
    }

    /// How many replications need not run again.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether all are to run.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Copies all lines to `store`, but those that are in it already, for it is the file at `its`.
    pub(super) fn copy_to(
        &self,
        store: &mut Store,
        its: Option<&Path>,
        experiment: &Experiment,
        rung: Rung,
    ) -> io::Result<()> {
        let keys = CellKey::of_all(experiment, rung);
        let mut files: Vec<Option<File>> = self.files.iter().map(|_| None).collect();
        let mut line = Vec::new();
        for (&(cell, seed), kept) in &self.lines {
            let path = &self.files[kept.file as usize];
            if kept.is_same && its == Some(path) {
                store.lines.insert((cell, seed), Line::InFile(kept.span));
                continue;
            }
            let file = &mut files[kept.file as usize];
            if file.is_none() {
                *file = Some(File::open(path)?);
            }
            if let Some(file) = file {
                kept.span.read_into(file, &mut line)?;
            }
            if !kept.is_same {
                line = recast(&line, keys[cell], &experiment.cells[cell], seed)?;
            }
            let begin = store.len;
            store.append(&line)?;
            store.lines.insert((cell, seed), Line::InFile(Span::of(begin, &line)));
        }
        Ok(())
    }
}
