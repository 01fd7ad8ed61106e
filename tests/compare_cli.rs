//! `peerscape compare`: no alarm where nothing changed, one where a scenario is a tenth worse.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use peerscape::report::change::{Side, changes};
use peerscape::scenario;
use peerscape::sweep::store::{Head, write_store};
use peerscape::sweep::{self, CellRuns, Kept, Results, Rung, Store, SweepOptions};
use support::{STORE, Silent, peerscape, stderr, stdout};

const SCENARIO: &str = r#"
name = "small"

[run]
duration = "14 s"
warmup = "8 s"
seeds = 6

[population]
peers = 12

[[population.class]]
name = "home"
share = "60 %"
link = "cable"
nat = "home"

[[population.class]]
name = "mobile"
share = "40 %"
link = "4g"
nat = "mobile"
device = "phone"

[[workload]]
kind = "broadcast"
sources = 2
message = "600 B"
rate = "20 /s"
channel = "unreliable"

[[topology]]
kind = "star"

[[topology]]
kind = "tree"
degree = 2
"#;

fn run(folder: &Path, out: &str, set: &[&str]) {
    fs::write(folder.join(support::SCENARIO_FILE), SCENARIO).expect("written");
    let set = set.iter().flat_map(|value| ["--set", value]);
    let arguments: Vec<&str> = ["--out", out].into_iter().chain(set).collect();
    let output = support::run(folder, &arguments);
    assert!(output.status.code().is_some_and(|code| code != 1), "{}", stderr(&output));
}

#[test]
fn the_same_seeds_raise_no_alarm_and_a_tenth_worse_does() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    run(folder, "base", &[]);
    run(folder, "again", &[]);
    run(folder, "busier", &["workload.0.rate=\"22 /s\""]);
    run(folder, "larger", &["workload.0.message=\"660 B\""]);
    run(folder, "other", &["topology.1.degree=3"]);
    let same = peerscape(folder, &["compare", "base", "again"]);
    assert_eq!(same.status.code(), Some(0), "{}", stdout(&same));
    assert!(stdout(&same).contains("are the same in every seed"), "{}", stdout(&same));
    for worse in ["busier", "larger"] {
        let output = peerscape(folder, &["compare", "base", worse]);
        let words = stdout(&output);
        assert_eq!(output.status.code(), Some(3), "{words}");
        assert!(words.contains("note: not the same scenario: workloads.0."), "{words}");
        assert!(words.contains("uplink_utilisation_max_percent") && words.contains("WORSE"), "{words}");
        // The way back is better.
        assert!(stdout(&peerscape(folder, &["compare", worse, "base"])).contains("better"));
    }
    let other = stdout(&peerscape(folder, &["compare", "base", "other"]));
    assert!(other.contains("note: only in base: tree degree=2, 12 peers"), "{other}");
    let json = peerscape(folder, &["compare", "base", "busier", "--format", "json"]);
    let document: serde_json::Value = serde_json::from_slice(&json.stdout).expect("JSON");
    assert_eq!((&document["alarm"], &document["pairing"]["by_seed"]), (&true.into(), &6.into()));
    let markdown = stdout(&peerscape(folder, &["compare", "base", "busier", "--format", "markdown"]));
    assert!(markdown.starts_with("### busier against base") && markdown.contains("| WORSE |"), "{markdown}");
}

#[test]
fn rules_say_what_is_too_much() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    run(folder, "base", &[]);
    run(folder, "busier", &["workload.0.rate=\"22 /s\""]);
    let code = |rule: &str| peerscape(folder, &["compare", "base", "busier", "--fail-if", rule]).status.code();
    assert_eq!(code("uplink_utilisation_mean_percent:+5%"), Some(3));
    assert_eq!(code("uplink_utilisation_mean_percent:+15%"), Some(0));
    assert_eq!(code("uplink_utilisation_mean_percent:-5%"), Some(0));
    assert_eq!(code("uplink:+5%"), Some(2));
    assert_eq!(peerscape(folder, &["compare", "base", "nowhere"]).status.code(), Some(2));
    fs::remove_file(folder.join("busier/replications.jsonl")).expect("there");
    let old = peerscape(folder, &["compare", "base", "busier"]);
    assert_eq!(old.status.code(), Some(2));
    assert!(stderr(&old).contains("older version"));
}

/// Results of every so many seeds of a long run of unchanged code.
fn sides(folder: &Path, seeds_each: usize, count: usize) -> Vec<Side> {
    let file = folder.join(support::SCENARIO_FILE);
    fs::write(&file, SCENARIO.replace("seeds = 6", &format!("seeds = {}", seeds_each * count))).expect("written");
    let experiment = Arc::new(scenario::load(&file, &[]).expect("a scenario"));
    let options = SweepOptions { jobs: 2, rung: Rung::MODEL };
    let mut store = Store::create(&folder.join("all.jsonl"), &Head::of(&experiment, Rung::MODEL)).expect("created");
    let results = sweep::resume(&experiment, options, Kept::default(), Some(&mut store), &mut Silent).expect("it runs");
    let mut cells = results.cells;
    let side = |nth: usize| {
        let mut part = (*experiment).clone();
        part.seeds = part.seeds[nth * seeds_each..(nth + 1) * seeds_each].to_vec();
        // In the order of the seeds, so they are in front.
        let cells = cells.iter_mut().map(|cell| {
            let mut part = CellRuns::default();
            part.runs = cell.runs.drain(..seeds_each).collect();
            part
        });
        let part = Results { experiment: &part, rung: Rung::MODEL, cells: cells.collect() };
        let out: PathBuf = folder.join(nth.to_string());
        fs::create_dir(&out).expect("made");
        let mut bytes = Vec::new();
        write_store(&part, &store, &mut bytes).expect("written");
        fs::write(out.join(STORE), bytes).expect("written");
        Side::read(&out).expect("a store")
    };
    (0..count).map(side).collect()
}

#[test]
fn fresh_seeds_of_unchanged_code_raise_an_alarm_in_at_most_one_of_fifty() {
    let folder = tempfile::tempdir().expect("a folder");
    let sides = sides(folder.path(), 5, 100);
    let alarming = |pair: &&[Side]| changes(&pair[0], &pair[1], &[]).is_alarming();
    let alarms = sides.chunks(2).filter(alarming).count();
    println!("{alarms} of 50 comparisons of unchanged code raise an alarm");
    assert!(alarms <= 1, "{alarms} of 50");
    // And nobody is deaf: other seeds of a scenario that is a third busier are heard.
    let busier = tempfile::tempdir().expect("a folder");
    run(busier.path(), "busier", &["workload.0.rate=\"27 /s\"", "run.seeds=[1001, 1002, 1003, 1004, 1005]"]);
    let busier = Side::read(&busier.path().join("busier")).expect("a store");
    assert!(changes(&sides[0], &busier, &[]).is_alarming());
}
