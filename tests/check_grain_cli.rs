//! `peerscape run --check-grain` as a user runs it.

use std::path::Path;

use assert_cmd::Command;

#[test]
fn both_grains_stand_side_by_side_and_nothing_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/quickstart-small.toml");
    let mut run = Command::cargo_bin("peerscape").expect("the binary");
    run.current_dir(&folder).arg("run").arg(scenario).arg("--check-grain");
    let output = run.args(["--set", "population.peers=8"]).output().expect("it runs");
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(out.starts_with("quickstart-small: message by message beside packet by packet, over 1 seed"), "{out}");
    assert!(out.contains("p95 latency") && out.contains("same order of topologies"), "{out}");
    assert_eq!(output.status.code(), Some(if out.contains("MISS") { 3 } else { 0 }), "{out}");
    assert_eq!(std::fs::read_dir(&folder).expect("the folder").count(), 0);
}

#[test]
fn what_has_only_packets_says_why_it_cannot_be_compared() {
    let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/adaptive-live.toml");
    let mut run = Command::cargo_bin("peerscape").expect("the binary");
    let output = run.arg("run").arg(scenario).arg("--check-grain").output().expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(err.contains("acts on packets"), "{err}");
}
