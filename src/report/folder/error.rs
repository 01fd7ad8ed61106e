//! Why results could not be written.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::super::held::OtherResults;

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
    /// Replications of a run that was killed are there, which this run would not use.
    #[error(
        "{} holds {replications} finished of a run that was cut off{}; --force discards them",
        work.display(),
        if *resumable { ": go on with it by --resume" } else { ", of another scenario: choose another folder with --out" }
    )]
    Unfinished {
        /// Where they are.
        work: PathBuf,
        /// How many, in words.
        replications: String,
        /// Whether `--resume` can go on with them.
        resumable: bool,
    },
    /// There is nothing to resume in older results.
    #[error(
        "{} was written by a version of peerscape that kept no replications, so there is nothing to resume: run without \
         --resume, which does all of it again",
        .0.display()
    )]
    NoStore(PathBuf),
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
    /// The new results could not be put in place and the old ones not be put back.
    #[error("cannot put the new results at {}; the old ones are at {}, and the next run puts them back", out.display(), old.display())]
    Stranded {
        /// Where the results belong.
        out: PathBuf,
        /// Where the old results are now.
        old: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
}

pub(super) fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> FolderError {
    let path = path.to_owned();
    move |source| FolderError::Io { action, path, source }
}
