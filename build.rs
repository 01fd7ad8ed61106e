//! Tells the build which commit it is made from, for the manifests of results, and a hash of its sources, by which a run
//! that goes on knows whether what it finds is of the same models.

use std::path::{Path, PathBuf};
use std::process::Command;

use xxhash_rust::xxh3::Xxh3;

fn main() {
    for source in ["build.rs", "src", "Cargo.toml", "Cargo.lock"] {
        println!("cargo::rerun-if-changed={source}");
    }
    println!("cargo::rustc-env=PEERSCAPE_SOURCES={:032x}", sources());
    // A packaged crate has no repository of its own; one further up would be somebody else's.
    if !Path::new(".git").exists() {
        return;
    }
    // The log of HEAD grows with every commit and checkout.
    if let Some(log) = git(&["rev-parse", "--git-path", "logs/HEAD"])
        && Path::new(&log).exists()
    {
        println!("cargo::rerun-if-changed={log}");
    }
    if let Some(commit) = git(&["rev-parse", "HEAD"]) {
        let changed = git(&["status", "--porcelain", "--", "build.rs", "src", "Cargo.toml", "Cargo.lock"]);
        let mark = if changed.is_some_and(|files| !files.is_empty()) { "-changed" } else { "" };
        println!("cargo::rustc-env=PEERSCAPE_GIT_COMMIT={commit}{mark}");
    }
}

/// XXH3-128 over the paths and contents of all sources and of the versions of what they depend on.
fn sources() -> u128 {
    let mut files = vec![PathBuf::from("Cargo.lock")];
    let mut folders = vec![PathBuf::from("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    let mut hash = Xxh3::new();
    for file in files {
        let content = std::fs::read(&file).unwrap_or_default();
        hash.update(file.to_string_lossy().as_bytes());
        hash.update(&(content.len() as u64).to_le_bytes());
        hash.update(&content);
    }
    hash.digest128()
}

/// What a git command prints, or nothing where there is no git.
fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}
