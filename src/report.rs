//! What a sweep comes to: the answer on the terminal, and the files of a results folder.
//!
//! One file a format. Each takes finished results and gives bytes or text; only [`folder`] touches
//! the disk. All files but the manifest are the same bytes for the same scenario, seeds and
//! version, so nothing here but [`manifest`] may know about clocks, hosts or threads.

mod axes;
#[cfg(test)]
mod fixture;
pub mod folder;
mod runs_csv;

pub use folder::{FolderError, write_folder};
pub use runs_csv::runs_csv;
