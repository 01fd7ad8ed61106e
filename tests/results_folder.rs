//! What a run may put in the place of what: no results of another scenario, nothing of a person's.

mod support;

use std::fs;
use std::path::Path;

use support::{run, stderr, workshop};

const SCENARIO: &str = r#"
name = "small"

[run]
duration = "2 s"
warmup = "1 s"
seeds = 2

[population]
peers = 4

[[workload]]
kind = "broadcast"
sources = 1
message = "200 B"
rate = "5 /s"
channel = "unreliable"

[[topology]]
kind = "star"
"#;

fn peers_of(folder: &Path) -> serde_json::Value {
    support::manifest(folder)["scenario"]["settings"]["population"]["peers"].clone()
}

#[test]
fn the_default_folder_names_what_was_set() {
    let folder = workshop(SCENARIO);
    for arguments in [&[][..], &["--set", "population.peers=5"], &[]] {
        assert!(run(folder.path(), arguments).status.success(), "{arguments:?}");
    }
    let results = folder.path().join("results");
    assert_eq!(peers_of(&results.join("small")), 4);
    assert_eq!(peers_of(&results.join("small-peers=5")), 5);
}

#[test]
fn other_results_stay_unless_forced() {
    let folder = workshop(SCENARIO);
    let out = folder.path().join("out");
    assert!(run(folder.path(), &["--out", "out"]).status.success());
    fs::write(out.join("notes.md"), "mine").expect("written");
    let other = ["--out", "out", "--set", "population.peers=5"];
    let refused = run(folder.path(), &other);
    let message = stderr(&refused);
    assert_eq!(refused.status.code(), Some(1), "{message}");
    for words in ["population.peers is 4 there and 5 here", "peerscape run small.toml --out out", "--force"] {
        assert!(message.contains(words), "{message}");
    }
    assert_eq!(peers_of(&out), 4);
    assert!(run(folder.path(), &[&other[..], &["--force"]].concat()).status.success());
    assert_eq!(peers_of(&out), 5);
    assert_eq!(fs::read_to_string(out.join("notes.md")).expect("there"), "mine");
}

#[test]
fn a_folder_that_cannot_be_made_is_refused_before_anything_runs() {
    let folder = workshop(SCENARIO);
    fs::write(folder.path().join("results"), "a file").expect("written");
    // Hours, were it to run.
    let refused = run(folder.path(), &["--set", "run.duration=900 h", "--set", "population.peers=1000"]);
    let message = stderr(&refused);
    assert_eq!(refused.status.code(), Some(1), "{message}");
    assert!(message.contains("results"), "{message}");
}
