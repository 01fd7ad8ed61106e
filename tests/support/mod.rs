//! What the tests share that run the program or a sweep: a folder to run in, the program in it, and what it leaves.
#![allow(dead_code, unused_imports, reason = "each test uses some of it")]

mod folder;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

pub(crate) use folder::{all_files, names};
use peerscape::sweep::Observer;
use tempfile::TempDir;

/// The file of the scenario in a [`workshop`].
pub(crate) const SCENARIO_FILE: &str = "small.toml";
/// The store of a results folder.
pub(crate) const STORE: &str = "replications.jsonl";

/// A folder with this scenario, which goes with the value.
pub(crate) fn workshop(scenario: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join(SCENARIO_FILE), scenario).expect("written");
    folder
}

/// The program in a folder, yet to be started.
pub(crate) fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_peerscape"));
    command.current_dir(folder).args(arguments);
    command
}

/// Runs the program in a folder.
pub(crate) fn peerscape(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().expect("it starts")
}

/// Runs the scenario of a [`workshop`].
pub(crate) fn run(folder: &Path, arguments: &[&str]) -> Output {
    peerscape(folder, &[&["run", SCENARIO_FILE], arguments].concat())
}

/// What it printed.
pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What it said.
pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// All files of a results folder but the manifest, by name: what is the same in every run.
pub(crate) fn files(out: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = all_files(out);
    files.remove(Path::new("manifest.json"));
    assert!(files.contains_key(Path::new(STORE)), "{:?}", files.keys());
    files
}

/// The manifest of a results folder.
pub(crate) fn manifest(out: &Path) -> serde_json::Value {
    serde_json::from_slice(&fs::read(out.join("manifest.json")).expect("a manifest")).expect("JSON")
}

/// An observer of a sweep that says nothing and never stops it.
pub(crate) struct Silent;

impl Observer for Silent {
    fn finished(&mut self, _share: f64) {}

    fn should_stop(&mut self) -> bool {
        false
    }
}
