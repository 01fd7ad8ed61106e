//! Tells the build which commit it is made from, for the manifests of results.

use std::path::Path;
use std::process::Command;

fn main() {
    for source in ["build.rs", "src", "Cargo.toml", "Cargo.lock"] {
        println!("cargo::rerun-if-changed={source}");
    }
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

/// What a git command prints, or nothing where there is no git.
fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}
