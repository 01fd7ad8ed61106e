//! Every example runs on the public surface alone, and what it prints means something.

#[path = "../examples/engine_alone.rs"]
#[expect(dead_code, reason = "its main only prints")]
mod engine_alone;
#[path = "../examples/own_dissemination.rs"]
#[expect(dead_code, reason = "its main only prints")]
mod own_dissemination;
#[path = "../examples/own_topology.rs"]
#[expect(dead_code, reason = "its main only prints")]
mod own_topology;
#[path = "../examples/run_scenario.rs"]
#[expect(dead_code, reason = "its main only prints")]
mod run_scenario;
#[path = "../examples/signaling_plan.rs"]
#[expect(dead_code, reason = "its main only prints")]
mod signaling_plan;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The numbers of a line.
fn numbers(line: &str) -> Vec<f64> {
    line.split_whitespace().filter_map(|word| word.parse().ok()).collect()
}

#[test]
fn a_queue_on_the_engine_alone_waits_as_its_closed_form_says() {
    let table = engine_alone::table().expect("it runs");
    let rows: Vec<Vec<f64>> = table.lines().skip(1).map(numbers).collect();
    assert_eq!(rows.iter().map(|row| row[0]).collect::<Vec<_>>(), [0.3, 0.6, 0.9]);
    for row in rows {
        // A million customers at the least; at a load of 0.9 they are far from independent.
        assert!((row[1] / row[2] - 1.0).abs() < 0.05, "{table}");
    }
}

#[test]
fn a_topology_of_ones_own_is_ranked_beside_ours() {
    let text = own_topology::text().expect("it runs");
    let line = |label: &str| text.lines().find(|line| line.contains(label)).unwrap_or_else(|| panic!("{text}"));
    let labels = ["mesh", "star hub=server", "caterpillar spine=3", "caterpillar spine=12"];
    let ranks: BTreeSet<u64> = labels.iter().map(|label| numbers(line(label))[0] as u64).collect();
    assert_eq!(ranks, BTreeSet::from([1, 2, 3, 4]), "{text}");
    // Four times as many on the way, so that the longer spine comes after the shorter.
    let rank = |label: &str| numbers(line(label))[0];
    assert!(rank("caterpillar spine=3") < rank("caterpillar spine=12"), "{text}");
}

#[test]
fn a_rule_of_ones_own_delivers_what_its_closed_form_says() {
    let table = own_dissemination::table().expect("it runs");
    let rows: Vec<(&str, Vec<f64>)> = table.lines().skip(1).map(|line| (line.trim(), numbers(line))).collect();
    assert_eq!(rows.len(), 3, "{table}");
    for (line, numbers) in &rows {
        // Of 60 peers; the form is that of very many.
        assert!((numbers[0] - numbers[1]).abs() < 3.0, "{line}");
    }
    // Who passes a message on to two sends less than who sends it to all.
    let uplink = |row: usize| rows[row].1[2];
    assert!(uplink(1) < uplink(2) && uplink(2) < uplink(0), "{table}");
}

#[test]
fn a_scenario_run_from_rust_is_ranked() {
    let text = run_scenario::rankings(run_scenario::whiteboard().expect("a scenario")).expect("it runs");
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("whiteboard, 40 peers, by delivery_latency_p95_ms"), "{text}");
    let means: Vec<f64> = lines[1..].iter().map(|line| *numbers(line).get(1).expect("a mean")).collect();
    assert_eq!(means.len(), 3, "{text}");
    assert!(means.is_sorted() && means[0] > 1.0, "{text}");
}

#[test]
fn a_signaling_server_tells_its_peers_whom_to_connect_to() {
    let text = signaling_plan::messages(signaling_plan::LOG).expect("it runs");
    assert!(text.contains("0.0 join ada paris 3.5\n    to source: offer to ada\n"), "{text}");
    // Who listens to the messages has a tree: everybody is offered one connection more often than is told to close it.
    let mut parents: std::collections::BTreeMap<&str, Vec<&str>> = std::collections::BTreeMap::new();
    for line in text.lines() {
        match line.split_whitespace().collect::<Vec<_>>()[..] {
            ["to", parent, "offer", "to", child] => {
                parents.entry(child).or_default().push(parent.trim_end_matches(':'));
            }
            ["to", parent, "close", child] => {
                let of_child = parents.get_mut(child).expect("a connection");
                of_child.retain(|&other| other != parent.trim_end_matches(':'));
            }
            [_, "leave", name] => {
                parents.remove(name);
                parents.values_mut().for_each(|of_child| of_child.retain(|&other| other != name));
            }
            _ => {}
        }
    }
    assert_eq!(parents.len(), 6, "{text}");
    assert!(parents.values().all(|parents| parents.len() == 1), "{text}");
    assert!(text.contains("\n6 peers hear the stream, 0 wait"), "{text}");
    let told = |log: &str| signaling_plan::messages(log).expect_err("no event").to_string();
    assert_eq!(told("1 join ada rome 2"), "line 1: there is no city `rome`; there are paris, berlin, boston, tokyo");
    assert_eq!(told("1 join ada paris 2\n2 leave bob"), "line 2: `bob` is not there");
    assert_eq!(told("1 join ada paris fast"), "line 1: an uplink is between 0 and 1000000 Mbit/s, not `fast`");
}

/// A module that is hidden from the documents is no part of what examples show.
#[test]
fn examples_use_only_what_is_promised() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manual = fs::read_to_string(root.join("src/lib.rs")).expect("a file");
    let (mut hidden, mut is_hidden) = (Vec::new(), false);
    for line in manual.lines() {
        match line.strip_prefix("pub mod ") {
            Some(module) if is_hidden => hidden.push(module.trim_end_matches(';')),
            _ => {}
        }
        is_hidden = line == "#[doc(hidden)]" || is_hidden && line.starts_with("#[");
    }
    assert!(hidden.len() >= 10 && !hidden.contains(&"engine"), "{hidden:?}");
    let files: Vec<_> = fs::read_dir(root.join("examples")).expect("a folder").collect();
    assert_eq!(files.len(), 6);
    for file in files {
        let file = file.expect("an entry").path();
        let text = fs::read_to_string(&file).expect("a text");
        let imports = text.split("use peerscape::").skip(1).filter_map(|rest| rest.split(';').next());
        for import in imports {
            let names = || import.split(|c: char| !c.is_alphanumeric() && c != '_');
            let stray = hidden.iter().find(|module| names().any(|name| name == **module));
            assert_eq!(stray, None, "{}: {import}", file.display());
        }
    }
}
