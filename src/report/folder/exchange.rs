//! New results in the place of old ones, at once, and without touching what is not ours.
//!
//! The new folder takes the name `old` beside the target and changes places with it in one system call. Where the
//! system has none, the target is renamed to `old` and the new folder to the target; a kill between the two is found at
//! the next start. Then what a person had put into the old folder moves to the new one, and what an older run wrote
//! goes.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::super::held::Held;
use super::super::marks::MANIFEST;
use super::error::{FolderError, io_error};
use super::target::held;
use crate::sweep::disk;

/// Results that are being written.
pub(super) const NEW: &str = "new";
/// What is on its way out.
pub(super) const OLD: &str = "old";

/// Puts the folder `new` of `work` in the place of `out`.
pub(super) fn place(work: &Path, out: &Path) -> Result<(), FolderError> {
    let (new, old) = (work.join(NEW), work.join(OLD));
    let failed = |action| io_error(action, out);
    if !out.exists() {
        disk::rename(&new, out).map_err(failed("put the new results at"))?;
    } else {
        disk::rename(&new, &old).map_err(failed("put the new results at"))?;
        match disk::exchange(&old, out) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::Unsupported => {
                disk::rename(&old, &new).map_err(failed("put the new results at"))?;
                replace(&new, &old, out)?;
            }
            Err(source) => {
                let _ = disk::rename(&old, &new);
                return Err(failed("put the new results at")(source));
            }
        }
    }
    let parent = out.parent().unwrap_or_else(|| Path::new("."));
    disk::sync_dir(parent).map_err(io_error("flush", parent))?;
    settle(&old, out)
}

// In two steps, for systems that cannot do it in one.
fn replace(new: &Path, old: &Path, out: &Path) -> Result<(), FolderError> {
    disk::rename(out, old).map_err(io_error("move aside", out))?;
    let Err(source) = disk::rename(new, out) else { return Ok(()) };
    if disk::rename(old, out).is_err() {
        return Err(FolderError::Stranded { out: out.to_owned(), old: old.to_owned(), source });
    }
    Err(FolderError::Io { action: "put the new results at", path: out.to_owned(), source })
}

/// Puts right what a run that was killed has left in `work`.
pub(super) fn recover(work: &Path, out: &Path, say: &mut dyn FnMut(&str)) -> Result<(), FolderError> {
    let (new, old) = (work.join(NEW), work.join(OLD));
    if old.exists() && !out.exists() {
        disk::rename(&old, out).map_err(io_error("put back", out))?;
        say(&format!("the results that a run which was killed had moved aside are back at {}", out.display()));
    }
    if new.exists() {
        disk::remove_dir_all(&new).map_err(io_error("remove", &new))?;
    }
    settle(&old, out)
}

/// Moves what is a person's from `old` to `out`, and removes what runs wrote.
fn settle(old: &Path, out: &Path) -> Result<(), FolderError> {
    if !old.exists() {
        return Ok(());
    }
    // The manifest goes last: as long as it is there it is known whose the files are.
    let settled = Settling { old, out, held: held(old) };
    settled.folder(Path::new("")).map_err(io_error("keep what is in", old))
}

struct Settling<'a> {
    old: &'a Path,
    out: &'a Path,
    held: Option<Held>,
}

impl Settling<'_> {
    fn folder(&self, below: &Path) -> io::Result<()> {
        let mut entries: Vec<fs::DirEntry> = fs::read_dir(self.old.join(below))?.collect::<Result<_, _>>()?;
        entries.sort_by_key(|entry| (entry.file_name() == MANIFEST, entry.file_name()));
        for entry in entries {
            let name = below.join(entry.file_name());
            let is_dir = entry.file_type()?.is_dir();
            let is_ours = match (&self.held, is_dir) {
                (None, _) => false,
                (Some(held), true) => held.wrote_in(&name),
                (Some(held), false) => held.wrote(&name),
            };
            match (is_dir, is_ours) {
                (false, true) => disk::remove_file(&self.old.join(name))?,
                (true, true) => self.folder(&name)?,
                // Both have it: each of its entries finds its place.
                (true, false) if self.out.join(&name).is_dir() => self.folder(&name)?,
                (_, false) => self.keep(&name)?,
            }
        }
        disk::remove_dir(&self.old.join(below))
    }

    fn keep(&self, name: &Path) -> io::Result<()> {
        let to = free(self.out.join(name));
        if let Some(parent) = to.parent().filter(|parent| !parent.exists()) {
            disk::create_dir_all(parent)?;
        }
        disk::rename(&self.old.join(name), &to)
    }
}

// A name that nothing has: results that are new may have taken it.
fn free(path: PathBuf) -> PathBuf {
    let mut free = path;
    while free.symlink_metadata().is_ok() {
        let mut name = free.into_os_string();
        name.push("~");
        free = PathBuf::from(name);
    }
    free
}
