//! Files that a verb is asked to write.

use std::path::{Path, PathBuf};

use peerscape::report::{self, Content};

use super::exit::Exit;
use super::say;

/// Whether these files can be there, before anything that takes long: if not, says why, and how the verb ends.
pub(super) fn check<'f>(files: impl IntoIterator<Item = Option<&'f PathBuf>>) -> Result<(), Exit> {
    for file in files.into_iter().flatten() {
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
            say::error(format_args!("{}: there is no folder {}", file.display(), folder.display()));
            return Err(Exit::Usage);
        }
        if file.is_dir() {
            say::error(format_args!("{}: this is a folder, and a file is to be written", file.display()));
            return Err(Exit::Usage);
        }
    }
    Ok(())
}

/// Writes a file; if it cannot, says why, and how the verb ends.
pub(super) fn write(file: &Path, content: &Content<'_>) -> Result<(), Exit> {
    report::write_one(file, content).map_err(|error| {
        let source = std::error::Error::source(&error).map_or_else(String::new, |source| format!(": {source}"));
        say::error(format_args!("{error}{source}"));
        Exit::Failure
    })
}
