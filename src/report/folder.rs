//! The results folder: written whole or not at all.
//!
//! All files are first written beside the target and flushed to the disk; then the new folder takes the place of the
//! old one. Whoever looks sees the old results or the new ones, never a mixture or a part, and an error on the way
//! leaves the old ones. What a person has put beside the results stays where it is.

mod claim;
mod error;
mod exchange;
mod target;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Component, Path, PathBuf};

use super::content::Content;
pub use super::marks::MANIFEST;
use crate::sweep::disk;
pub use claim::Claim;
pub use error::FolderError;
use error::io_error;
pub use target::{check_same, check_target, holds_more};

/// Results in their place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The folder.
    pub folder: PathBuf,
    /// The files in it, relative to the folder.
    pub files: Vec<PathBuf>,
}

/// Writes `files` (relative path and content) as the folder that is claimed, in place of older results.
///
/// # Errors
/// As [`check_target`], or when the disk refuses; then older results are still in place.
///
/// # Panics
/// If a path is not relative and plain.
pub fn write_folder(claim: &Claim, files: &[(PathBuf, Content<'_>)]) -> Result<Written, FolderError> {
    check_target(&claim.out)?;
    let new = claim.work.join(exchange::NEW);
    if new.exists() {
        disk::remove_dir_all(&new).map_err(io_error("remove", &new))?;
    }
    write_files(&new, files)?;
    exchange::place(&claim.work, &claim.out)?;
    let files = files.iter().map(|(name, _)| name.clone()).collect();
    Ok(Written { folder: claim.named.clone(), files })
}

fn write_files(folder: &Path, files: &[(PathBuf, Content<'_>)]) -> Result<(), FolderError> {
    disk::create_dir(folder).map_err(io_error("create", folder))?;
    let mut folders = vec![folder.to_owned()];
    for (name, content) in files {
        let plain = name.components().all(|part| matches!(part, Component::Normal(_)));
        assert!(plain, "invariant: {} stays in the folder", name.display());
        let path = folder.join(name);
        let parent = path.parent().unwrap_or(folder);
        if !folders.iter().any(|known| known == parent) {
            disk::create_dir_all(parent).map_err(io_error("create", parent))?;
            folders.push(parent.to_owned());
        }
        write_file(&path, content)?;
    }
    folders.iter().try_for_each(|folder| disk::sync_dir(folder).map_err(io_error("flush", folder)))
}

/// Writes one file, in place of what is there: all of it or nothing.
///
/// # Errors
/// When the disk refuses; what was there before is still there.
pub fn write_one(path: &Path, content: &Content<'_>) -> Result<(), FolderError> {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.new", std::process::id()));
    let new = path.with_file_name(name);
    let written = write_file(&new, content).and_then(|()| disk::rename(&new, path).map_err(io_error("write", path)));
    if written.is_err() {
        // It may not be there; there is nothing else to do.
        let _ = disk::remove_file(&new);
    }
    written
}

fn write_file(path: &Path, content: &Content<'_>) -> Result<(), FolderError> {
    let file = disk::create_new(path).map_err(io_error("create", path))?;
    let mut buffered = BufWriter::with_capacity(1 << 18, ByDisk(file));
    let written = content.write(&mut buffered).and_then(|()| buffered.flush());
    written.and_then(|()| disk::sync(&buffered.get_ref().0)).map_err(io_error("write", path))
}

/// A file that is written through the functions of [`disk`].
struct ByDisk(File);

impl Write for ByDisk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        disk::write(&mut self.0, bytes).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
