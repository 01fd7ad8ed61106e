//! The results folder: written whole or not at all.
//!
//! All files are first written to a hidden folder beside the target and flushed to the disk; then
//! renames put it in place. Whoever looks sees the old results or the new ones, never a mixture or
//! a part, and an error on the way leaves the old ones. What a person has put beside the results
//! stays where it is.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};

use tempfile::TempDir;
use thiserror::Error;

use super::held::{Held, OtherResults};
use crate::scenario::Experiment;

/// The file that marks a folder as results of peerscape.
pub const MANIFEST: &str = "manifest.json";

/// The key that a manifest of peerscape has at its top.
pub(super) const MANIFEST_KEY: &str = "peerscape";

/// Results in their place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The folder.
    pub folder: PathBuf,
    /// The files in it, relative to the folder.
    pub files: Vec<PathBuf>,
}

/// Why results could not be written.
#[derive(Debug, Error)]
pub enum FolderError {
    /// Something else is there, which peerscape did not make.
    #[error("{} is there already and is not a results folder of peerscape", .0.display())]
    Foreign(PathBuf),
    /// Results of another scenario, or of another rung, are there.
    #[error("{} {difference}", folder.display())]
    Other {
        /// The folder.
        folder: PathBuf,
        /// What it holds, and how that differs.
        difference: OtherResults,
    },
    /// A system call failed.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// The new folder could not be put in place and the old one not be put back.
    #[error("cannot put the new results at {}; the old ones are at {}", out.display(), old.display())]
    Stranded {
        /// Where the results belong.
        out: PathBuf,
        /// Where the old results are now.
        old: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
}

/// Whether results can go to `out`: nothing is there, an empty folder, or older results, and the disk can be
/// written. To be asked before a long run.
///
/// # Errors
/// [`FolderError::Foreign`] if something else is there, [`FolderError::Io`] if nothing can be written there.
pub fn check_target(out: &Path) -> Result<(), FolderError> {
    match fs::read_dir(out) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => probe(out),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory && out.exists() => {
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

/// Whether `out` holds the results of a run that was not interrupted.
#[must_use]
pub fn holds_complete_results(out: &Path) -> bool {
    held(out).is_some_and(|held| held.is_complete())
}

/// Writes `files` (relative path and content) as the folder `out`, in place of older results.
///
/// # Errors
/// As [`check_target`], or when the disk refuses; then older results are still in place.
///
/// # Panics
/// If a path is not relative and plain.
pub fn write_folder(out: &Path, files: &[(PathBuf, Vec<u8>)]) -> Result<Written, FolderError> {
    check_target(out)?;
    let written = Written { folder: out.to_owned(), files: files.iter().map(|(name, _)| name.clone()).collect() };
    // The real place, so that a link to a results folder stays a link.
    let out = &out.canonicalize().unwrap_or_else(|_| out.to_owned());
    let parent = out.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    fs::create_dir_all(parent).map_err(io_error("create", parent))?;
    let staging = tempfile::Builder::new()
        .prefix(".peerscape-")
        .tempdir_in(parent)
        .map_err(io_error("create a folder in", parent))?;
    // One level down, for the temporary folder itself is closed to other users.
    let new = staging.path().join("new");
    write_files(&new, files)?;
    if let Some(older) = held(out) {
        keep_others(out, &new, Path::new(""), &older)?;
    }
    swap(staging, &new, out)?;
    sync_dir(parent)?;
    Ok(written)
}

fn held(folder: &Path) -> Option<Held> {
    let manifest = File::open(folder.join(MANIFEST)).ok()?;
    serde_json::from_reader(io::BufReader::new(manifest)).ok().and_then(Held::of)
}

// Whether files can be made where `out` is, or will be.
fn probe(out: &Path) -> Result<(), FolderError> {
    let place = out.ancestors().skip(1).find_map(|place| match place.as_os_str().is_empty() {
        true => Some(Path::new(".")),
        false => place.exists().then_some(place),
    });
    let places = [place, out.exists().then_some(out)];
    for place in places.into_iter().flatten() {
        let made = tempfile::Builder::new().prefix(".peerscape-").tempdir_in(place);
        made.and_then(TempDir::close).map_err(io_error("write in", place))?;
    }
    Ok(())
}

/// Puts what a person has added to the results in `old` beside the new ones too, as second names of the same files.
fn keep_others(old: &Path, new: &Path, below: &Path, held: &Held) -> Result<(), FolderError> {
    let folder = old.join(below);
    for entry in fs::read_dir(&folder).map_err(io_error("read", &folder))? {
        let entry = entry.map_err(io_error("read", &folder))?;
        let name = below.join(entry.file_name());
        let (from, to) = (old.join(&name), new.join(&name));
        if entry.file_type().map_err(io_error("read", &from))?.is_dir() {
            keep_others(old, new, &name, held)?;
        } else if !held.wrote(&name) && !to.exists() {
            let parent = to.parent().unwrap_or(new);
            fs::create_dir_all(parent).map_err(io_error("create", parent))?;
            // Not every file system has second names.
            let kept = fs::hard_link(&from, &to).or_else(|_| fs::copy(&from, &to).map(drop));
            kept.map_err(io_error("keep", &from))?;
        }
    }
    Ok(())
}

fn write_files(folder: &Path, files: &[(PathBuf, Vec<u8>)]) -> Result<(), FolderError> {
    fs::create_dir(folder).map_err(io_error("create", folder))?;
    let mut folders = vec![folder.to_owned()];
    for (name, content) in files {
        let plain = name.components().all(|part| matches!(part, Component::Normal(_)));
        assert!(plain, "invariant: {} stays in the folder", name.display());
        let path = folder.join(name);
        let parent = path.parent().unwrap_or(folder);
        if !folders.iter().any(|known| known == parent) {
            fs::create_dir_all(parent).map_err(io_error("create", parent))?;
            folders.push(parent.to_owned());
        }
        let mut file = File::create_new(&path).map_err(io_error("create", &path))?;
        file.write_all(content).and_then(|()| file.sync_all()).map_err(io_error("write", &path))?;
    }
    folders.iter().try_for_each(|folder| sync_dir(folder))
}

/// Puts `new` in the place of `out`; the old folder goes with the staging folder.
fn swap(staging: TempDir, new: &Path, out: &Path) -> Result<(), FolderError> {
    let old = staging.path().join("old");
    let had_old = match fs::rename(out, &old) {
        Ok(()) => true,
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(source) => return Err(FolderError::Io { action: "move aside", path: out.to_owned(), source }),
    };
    let Err(source) = fs::rename(new, out) else { return Ok(()) };
    if had_old && fs::rename(&old, out).is_err() {
        let old = staging.keep().join("old");
        return Err(FolderError::Stranded { out: out.to_owned(), old, source });
    }
    Err(FolderError::Io { action: "put the new results at", path: out.to_owned(), source })
}

/// Makes the entries of a folder survive a power failure, where the system can.
fn sync_dir(folder: &Path) -> Result<(), FolderError> {
    if cfg!(unix) {
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(io_error("flush", folder))?;
    }
    Ok(())
}

fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> FolderError {
    let path = path.to_owned();
    move |source| FolderError::Io { action, path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(content: &str) -> Vec<(PathBuf, Vec<u8>)> {
        let wrote = r#"["runs.csv", "plots/latency.svg", "only-in-old.csv"]"#;
        let manifest = format!("{{\"{MANIFEST_KEY}\": \"{content}\", \"files\": {wrote}}}").into_bytes();
        vec![
            ("runs.csv".into(), content.into()),
            ("plots/latency.svg".into(), content.into()),
            (MANIFEST.into(), manifest),
        ]
    }

    /// The names in a folder, sorted.
    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("a folder");
        let mut names: Vec<_> =
            entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn new_results_replace_old_ones_whole() {
        let place = tempfile::tempdir().expect("a folder");
        let out = place.path().join("results/town-hall");
        let mut old = files("old");
        old.push(("only-in-old.csv".into(), Vec::new()));
        write_folder(&out, &old).expect("a new folder");
        write_folder(&out, &files("new")).expect("in place of the old");
        assert_eq!(names(&out), [MANIFEST, "plots", "runs.csv"]);
        assert_eq!(fs::read_to_string(out.join("plots/latency.svg")).expect("there"), "new");
        assert_eq!(names(&place.path().join("results")), ["town-hall"]);
    }

    #[test]
    fn what_a_person_put_beside_results_stays() {
        let place = tempfile::tempdir().expect("a folder");
        let out = place.path().join("town-hall");
        write_folder(&out, &files("old")).expect("a new folder");
        fs::write(out.join("notes.md"), "mine").expect("written");
        fs::create_dir(out.join("drafts")).expect("a folder");
        fs::write(out.join("drafts/figure.svg"), "mine too").expect("written");
        write_folder(&out, &files("new")).expect("in place of the old");
        assert_eq!(names(&out), ["drafts", MANIFEST, "notes.md", "plots", "runs.csv"]);
        assert_eq!(fs::read_to_string(out.join("notes.md")).expect("there"), "mine");
        assert_eq!(fs::read_to_string(out.join("drafts/figure.svg")).expect("there"), "mine too");
        assert_eq!(fs::read_to_string(out.join("runs.csv")).expect("there"), "new");
    }

    #[test]
    fn a_place_that_cannot_be_written_is_found_out_beforehand() {
        let place = tempfile::tempdir().expect("a folder");
        fs::write(place.path().join("results"), "a file").expect("written");
        let error = check_target(&place.path().join("results/town-hall")).expect_err("below a file");
        assert!(matches!(error, FolderError::Io { .. }), "{error}");
        check_target(&place.path().join("a/b/c")).expect("folders can be made");
        assert_eq!(names(place.path()), ["results"]);
    }

    #[test]
    fn a_failure_midway_leaves_the_old_results() {
        let place = tempfile::tempdir().expect("a folder");
        let out = place.path().join("town-hall");
        write_folder(&out, &files("old")).expect("a new folder");
        // A file where a folder is needed: the third write fails.
        let mut broken = files("new");
        broken.insert(1, ("plots".into(), Vec::new()));
        let error = write_folder(&out, &broken).expect_err("plots is a file");
        assert!(matches!(error, FolderError::Io { action: "create", .. }), "{error}");
        assert_eq!(fs::read_to_string(out.join("runs.csv")).expect("there"), "old");
        assert_eq!(names(place.path()), ["town-hall"]);
    }

    #[test]
    fn what_peerscape_did_not_make_stays() {
        let place = tempfile::tempdir().expect("a folder");
        let out = place.path().join("photos");
        fs::create_dir(&out).expect("a folder");
        write_folder(&out, &files("new")).expect("an empty folder is free");
        fs::write(out.join(MANIFEST), "{\"name\": \"a web app\"}").expect("written");
        let error = write_folder(&out, &files("newer")).expect_err("not peerscape's");
        assert!(matches!(error, FolderError::Foreign(_)), "{error}");
        assert_eq!(fs::read_to_string(out.join("runs.csv")).expect("there"), "new");
        let file = out.join("runs.csv");
        assert!(matches!(write_folder(&file, &files("new")), Err(FolderError::Foreign(_))));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_results_stays_a_link_and_others_can_read_them() {
        use std::os::unix::fs::PermissionsExt;
        let place = tempfile::tempdir().expect("a folder");
        let (real, link) = (place.path().join("real"), place.path().join("link"));
        write_folder(&real, &files("old")).expect("a new folder");
        std::os::unix::fs::symlink(&real, &link).expect("a link");
        write_folder(&link, &files("new")).expect("through the link");
        assert!(link.is_symlink());
        assert_eq!(fs::read_to_string(real.join("runs.csv")).expect("there"), "new");
        let plain = place.path().join("plain");
        fs::create_dir(&plain).expect("a folder");
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode();
        assert_eq!(mode(&real), mode(&plain));
    }
}
