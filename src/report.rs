//! What a sweep comes to: the answer on the terminal, and the files of a results folder.
//!
//! One file a format. Each takes finished results and gives bytes or text; only [`folder`] touches
//! the disk. All files but the manifest are the same bytes for the same scenario, seeds and
//! version, so nothing here but the manifest may know about clocks, hosts or threads.

mod answer;
mod axes;
mod comparison;
mod figures;
#[cfg(test)]
mod fixture;
pub mod folder;
mod ranking;
mod reign;
mod runs_csv;
mod summary;
mod summary_csv;

pub use answer::{Answer, Decision, Progress, answer};
pub use comparison::Comparison;
pub use folder::{FolderError, write_folder};
pub use ranking::{Failure, FailureKind, Ranking, Row};
pub use reign::Reign;
pub use runs_csv::runs_csv;
pub use summary::{Difference, Summary};
pub use summary_csv::summary_csv;
