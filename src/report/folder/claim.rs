//! The claim of one run on a results folder: what it needs until its results are in place lies beside the folder, in
//! `<folder>.unfinished`, which is there while a run is under way and after one that was killed.
//!
//! - `lock`: held by the run, so that two runs into one folder wait for each other.
//! - `replications.jsonl`: the store, appended to as replications end.
//! - `new`: results that are being written.
//! - `old`: what is on its way out of the folder; see [`super::exchange`].

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use same_file::Handle;
use serde_json::Value;

use super::error::{FolderError, io_error};
use super::exchange;
use super::target::held;
use crate::scenario::Experiment;
use crate::sweep::disk;
use crate::sweep::store::{NEW_STORE, STORE, extent, read_head};

/// The right of one run to write to a folder; it ends with this value.
#[derive(Debug)]
pub struct Claim {
    /// The folder in the words of who asked for it.
    pub(super) named: PathBuf,
    /// Its real place, so that a link to a results folder stays a link.
    pub(super) out: PathBuf,
    /// What is beside it.
    pub(super) work: PathBuf,
    // The lock ends when this is closed.
    _lock: File,
}

/// How the folder for what is unfinished ends.
const UNFINISHED: &str = ".unfinished";
const LOCK: &str = "lock";

impl Claim {
    /// Claims `out`, waits for another run that has, and puts right what a run that was killed has left. `say` is told
    /// what a person should know.
    ///
    /// # Errors
    /// When something else is in the way, or the disk refuses.
    pub fn take(out: &Path, say: &mut dyn FnMut(&str)) -> Result<Self, FolderError> {
        let real = real_place(out)?;
        let mut work = real.clone().into_os_string();
        work.push(UNFINISHED);
        let work = PathBuf::from(work);
        if !is_ours(&work) {
            return Err(FolderError::Foreign(work));
        }
        let lock = loop {
            match disk::create_dir(&work) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                made => made.map_err(io_error("create", &work))?,
            }
            if let Some(lock) = lock(&work, out, say)? {
                break lock;
            }
        };
        let claim = Self { named: out.to_owned(), out: real, work, _lock: lock };
        exchange::recover(&claim.work, &claim.out, say)?;
        Ok(claim)
    }

    /// Where the store is while the run is under way.
    #[must_use]
    pub fn store(&self) -> PathBuf {
        self.work.join(STORE)
    }

    /// The store of the results that are in place.
    #[must_use]
    pub fn finished_store(&self) -> PathBuf {
        self.out.join(STORE)
    }

    /// Whether a run that begins anew may discard what is unfinished here: nothing, or what the results in place have
    /// too.
    ///
    /// # Errors
    /// [`FolderError::Unfinished`] if it may not.
    pub fn check_unfinished(&self, experiment: &Experiment, rung: &str) -> Result<(), FolderError> {
        let Some((head, count)) = unfinished(&self.store()) else { return Ok(()) };
        if held(&self.out).is_some_and(|held| held.completes(&head)) {
            return Ok(());
        }
        Err(FolderError::Unfinished {
            work: self.work.clone(),
            replications: if count == 1 { "1 replication".to_owned() } else { format!("{count} replications") },
            resumable: head["scenario_hash"] == experiment.hash.as_str() && head["rung"] == rung,
        })
    }

    /// Whether a run may go on with what is here.
    ///
    /// # Errors
    /// [`FolderError::Unfinished`] if another scenario's replications would be lost, [`FolderError::NoStore`] if the
    /// results that are there have no store.
    pub fn check_resumable(&self, experiment: &Experiment, rung: &str) -> Result<(), FolderError> {
        match self.check_unfinished(experiment, rung) {
            Err(FolderError::Unfinished { resumable: true, .. }) | Ok(()) => {}
            refused => return refused,
        }
        match held(&self.out).is_some() && !self.finished_store().exists() && unfinished(&self.store()).is_none() {
            true => Err(FolderError::NoStore(self.named.clone())),
            false => Ok(()),
        }
    }

    /// Ends the claim and removes all that is unfinished, for the results are in place.
    ///
    /// # Errors
    /// When the disk refuses; the results are in place all the same.
    pub fn finish(self) -> Result<(), FolderError> {
        self.clear().map_err(io_error("remove", &self.work))
    }

    fn clear(&self) -> io::Result<()> {
        let gone = |removed: io::Result<()>| match removed {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            removed => removed,
        };
        gone(disk::remove_dir_all(&self.work.join(exchange::NEW)))?;
        gone(disk::remove_file(&self.work.join(NEW_STORE)))?;
        gone(disk::remove_file(&self.store()))?;
        // Whoever waits for the lock sees that it is gone, and begins again.
        gone(disk::remove_file(&self.work.join(LOCK)))?;
        match disk::remove_dir(&self.work) {
            // Another run has come, and claims the folder.
            Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => Ok(()),
            removed => gone(removed),
        }
    }
}

impl Drop for Claim {
    // Where nothing is to be kept, nothing stays.
    fn drop(&mut self) {
        if self.work.exists() && unfinished(&self.store()).is_none() && !self.work.join(exchange::OLD).exists() {
            let _ = self.clear();
        }
    }
}

/// The head of a store and how many replications it has, if it has any.
fn unfinished(store: &Path) -> Option<(Value, usize)> {
    let head = read_head(store).ok()??;
    let count = extent(store).ok()?.runs;
    (count > 0).then_some((head, count))
}

fn real_place(out: &Path) -> Result<PathBuf, FolderError> {
    if let Ok(real) = out.canonicalize() {
        return Ok(real);
    }
    let parent = out.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let name = out.file_name().ok_or_else(|| FolderError::Foreign(out.to_owned()))?;
    disk::create_dir_all(parent).map_err(io_error("create", parent))?;
    Ok(parent.canonicalize().map_err(io_error("find", parent))?.join(name))
}

// Whether nothing but what runs leave is in the folder for what is unfinished.
fn is_ours(work: &Path) -> bool {
    let Ok(entries) = fs::read_dir(work) else { return !work.exists() };
    let known = [LOCK, STORE, NEW_STORE, exchange::NEW, exchange::OLD];
    entries.flatten().all(|entry| known.iter().any(|name| entry.file_name() == *name))
}

/// The lock; `None` if the run that had it has removed it meanwhile, so that it is another's to make.
fn lock(work: &Path, out: &Path, say: &mut dyn FnMut(&str)) -> Result<Option<File>, FolderError> {
    let path = work.join(LOCK);
    let file = match disk::open_or_create(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        file => file.map_err(io_error("create", &path))?,
    };
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            say(&format!("another run writes to {}: waiting for its end", out.display()));
            file.lock().map_err(io_error("lock", &path))?;
        }
        // Not every file system has locks; there a person has to take care.
        Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => {}
        Err(TryLockError::Error(source)) => return Err(FolderError::Io { action: "lock", path, source }),
    }
    let in_place = Handle::from_path(&path).ok();
    let ours = file.try_clone().and_then(Handle::from_file).map_err(io_error("lock", &path))?;
    Ok((in_place == Some(ours)).then_some(file))
}
