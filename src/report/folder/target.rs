//! What is at the place where results are to go, and whether they may.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::Path;

use super::super::held::Held;
use super::super::marks::MANIFEST;
use super::error::{FolderError, io_error};
use crate::scenario::Experiment;
use crate::sweep::disk;

/// Whether results can go to `out`: nothing is there, an empty folder, or older results, and the disk can be
/// written. To be asked before a long run.
///
/// # Errors
/// [`FolderError::Foreign`] if something else is there, [`FolderError::Io`] if nothing can be written there.
pub fn check_target(out: &Path) -> Result<(), FolderError> {
    match fs::read_dir(out) {
        Err(error) if error.kind() == ErrorKind::NotFound => probe(out),
        Err(error) if error.kind() == ErrorKind::NotADirectory && out.exists() => {
            Err(FolderError::Foreign(out.to_owned()))
        }
        Err(source) => Err(FolderError::Io { action: "read", path: out.to_owned(), source }),
        Ok(entries) => match entries.count() == 0 || held(out).is_some() {
            true => probe(out),
            false => Err(FolderError::Foreign(out.to_owned())),
        },
    }
}

/// Whether the results of `experiment` by `rung` can go to `out` without putting an end to those of another
/// scenario.
///
/// # Errors
/// As [`check_target`], and [`FolderError::Other`] if the results that are there are others.
pub fn check_same(out: &Path, experiment: &Experiment, rung: &str) -> Result<(), FolderError> {
    check_target(out)?;
    match held(out).and_then(|held| held.differs_from(experiment, rung)) {
        Some(difference) => Err(FolderError::Other { folder: out.to_owned(), difference }),
        None => Ok(()),
    }
}

/// Whether `out` holds more than an interrupted run has: all of it, or more replications than so many.
#[must_use]
pub fn holds_more(out: &Path, replications: usize) -> bool {
    held(out).is_some_and(|held| held.is_complete() || held.replications() > replications)
}

/// The results in a folder, if it is one of results.
pub(super) fn held(folder: &Path) -> Option<Held> {
    let manifest = File::open(folder.join(MANIFEST)).ok()?;
    serde_json::from_reader(io::BufReader::new(manifest)).ok().and_then(Held::of)
}

// Whether files can be made where `out` is, or will be: asked without making any, for a run that is killed while it asks
// must leave nothing. What this does not find out the claim on the folder does, which makes one.
fn probe(out: &Path) -> Result<(), FolderError> {
    let place = out.ancestors().skip(1).find_map(|place| match place.as_os_str().is_empty() {
        true => Some(Path::new(".")),
        false => place.exists().then_some(place),
    });
    let places = [place, out.exists().then_some(out)];
    places
        .into_iter()
        .flatten()
        .try_for_each(|place| disk::check_writable(place).map_err(io_error("write in", place)))?;
    movable(out)
}

// A folder in which something else is mounted cannot be moved, so results could not be put in its place.
#[cfg(unix)]
fn movable(out: &Path) -> Result<(), FolderError> {
    use std::os::unix::fs::MetadataExt;
    let device = |path: &Path| fs::metadata(path).map(|metadata| metadata.dev()).ok();
    let Ok(real) = out.canonicalize() else { return Ok(()) };
    let Some(parent) = real.parent() else { return Err(FolderError::Foreign(out.to_owned())) };
    if device(&real) == device(parent) {
        return Ok(());
    }
    let source = io::Error::other("something is mounted there; choose a folder within it");
    Err(FolderError::Io { action: "replace", path: out.to_owned(), source })
}

#[cfg(not(unix))]
fn movable(_out: &Path) -> Result<(), FolderError> {
    Ok(())
}
