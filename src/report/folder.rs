//! The results folder: written whole or not at all.
//!
//! All files are first written to a hidden folder beside the target and flushed to the disk; then
//! renames put it in place. Whoever looks sees the old results or the new ones, never a mixture or
//! a part, and an error on the way leaves the old ones.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};

use tempfile::TempDir;
use thiserror::Error;

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

/// Whether results can go to `out`: nothing is there, an empty folder, or older results. To be
/// asked before a long run.
///
/// # Errors
/// [`FolderError::Foreign`] if something else is there.
pub fn check_target(out: &Path) -> Result<(), FolderError> {
    match fs::read_dir(out) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => Err(FolderError::Foreign(out.to_owned())),
        Err(source) => Err(FolderError::Io { action: "read", path: out.to_owned(), source }),
        Ok(entries) => {
            let free = entries.count() == 0 || holds_results(out);
            free.then_some(()).ok_or_else(|| FolderError::Foreign(out.to_owned()))
        }
    }
}

/// Whether `out` holds the results of a run that was not interrupted.
#[must_use]
pub fn holds_complete_results(out: &Path) -> bool {
    let manifest = fs::read(out.join(MANIFEST)).ok();
    let json = manifest.and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok());
    json.is_some_and(|json| json["complete"] == true)
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
    swap(staging, &new, out)?;
    sync_dir(parent)?;
    Ok(written)
}

fn holds_results(folder: &Path) -> bool {
    let manifest = File::open(folder.join(MANIFEST)).ok();
    let manifest =
        manifest.and_then(|file| serde_json::from_reader::<_, serde_json::Value>(io::BufReader::new(file)).ok());
    manifest.is_some_and(|manifest| manifest.get(MANIFEST_KEY).is_some())
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
        let manifest = format!("{{\"{MANIFEST_KEY}\": \"{content}\"}}").into_bytes();
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
