//! `peerscape optimise` as a user runs it: against what can be counted by hand, against the simulation, and where there is
//! no tree.

mod support;

use std::path::Path;

use peerscape::MetricId;
use peerscape::sweep::{self, SweepOptions};
use serde_json::Value;
use support::{peerscape, stderr, stdout, workshop};

/// A hop takes 10 ms to send, 30 ms to travel and 2 ms to receive; half of an uplink serves five.
const CLASSROOM: &str = r#"
name = "classroom"
[run]
duration = "20 s"
warmup = "5 s"
seeds = 1
[population]
peers = [30, 40]
[[population.class]]
name = "home"
share = "100 %"
link = { down = "50 Mbit/s", up = "10 Mbit/s", rtt = "10 ms" }
nat = "public"
device = "server"
engine = "ideal"
[network]
latency = { kind = "constant", one_way = "20 ms" }
[webrtc]
overhead = "none"
setup = "instant"
[[workload]]
kind = "broadcast"
message = "12500 B"
rate = "10 /s"
[[topology]]
kind = "tree"
degree = 2
"#;

const MIXED: &str = r#"
[run]
duration = "20 s"
warmup = "10 s"
seeds = 5
[population]
peers = 120
regions = "europe"
[[population.class]]
name = "home"
share = "60 %"
link = "cable"
nat = "home"
device = "laptop"
engine = "chromium"
[[population.class]]
name = "mobile"
share = "40 %"
link = "4g"
nat = "mobile"
device = "phone"
engine = "chromium"
[webrtc]
setup = "instant"
[[workload]]
kind = "broadcast"
message = "1000 B"
rate = "10 /s"
channel = "reliable-unordered"
[[topology]]
kind = "tree"
degree = 6
order = ["best-uplink", "latency-within-budgets", "optimised"]
"#;

fn sheet(folder: &Path, arguments: &[&str]) -> Value {
    let output = peerscape(folder, &[&["optimise", "small.toml", "--json"], arguments].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    serde_json::from_str(&stdout(&output)).expect("JSON")
}

#[test]
fn where_all_are_alike_the_depth_decides() {
    let folder = workshop(CLASSROOM);
    // 1 + 5 + 25 peers are within two hops; a third is there for the other nine.
    for (peers, hops) in [("peers=30", 2.0), ("peers=40", 3.0)] {
        let sheet = sheet(folder.path(), &["--cell", peers]);
        assert_eq!(sheet["tree"]["max_ms"], 42.0 * hops, "{sheet:#}");
        assert_eq!((&sheet["tree"]["depth"], &sheet["is_proven"]), (&Value::from(hops as u32), &Value::from(true)));
        assert_eq!(sheet["gap_percent"], 0.0);
    }
    // All of their uplinks serve ten each.
    let all = sheet(folder.path(), &["--cell", "peers=40", "--share", "100", "--objective", "mean"]);
    assert_eq!((&all["tree"]["fan_out_max"], &all["tree"]["max_ms"]), (&Value::from(10), &Value::from(84.0)));
}

/// A chunk of 2,500 bytes and its header of eight takes 2.006 and 0.401 ms to send and to receive, headers leave room for
/// four copies in half of an uplink, and the text says what latency that is.
#[test]
fn of_messages_in_chunks_it_tells_the_latency_of_a_chunk() {
    let chunked = CLASSROOM.replace("\"12500 B\"", "\"12500 B\"\nchunk = \"2500 B\"");
    let texts = [CLASSROOM, &chunked].map(|scenario| {
        let folder = workshop(scenario);
        stdout(&peerscape(folder.path(), &["optimise", "small.toml", "--cell", "peers=30"]))
    });
    assert_eq!(texts.each_ref().map(|text| text.contains("latencies are those of one chunk")), [false, true]);
    let folder = workshop(&chunked);
    let sheet = sheet(folder.path(), &["--cell", "peers=30"]);
    assert_eq!((&sheet["tree"]["max_ms"], &sheet["tree"]["fan_out_max"]), (&Value::from(97.221), &Value::from(4)));
}

#[test]
fn the_same_answer_comes_again_and_says_what_it_is() {
    let folder = workshop(MIXED);
    let run = || peerscape(folder.path(), &["optimise", "small.toml", "--effort", "1"]);
    let text = stdout(&run());
    assert_eq!(text, stdout(&run()));
    for part in ["this tree", "Compact Tree", "no tree within these budgets has less than", "longest way: "] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

/// The gap is drawn as it closes: the tree only gets better, the bound only rises, and both end where the answer is.
#[test]
fn the_search_is_told_and_drawn() {
    let folder = workshop(MIXED);
    let arguments = ["--effort", "1", "--search-picture", "search.svg"];
    let sheet = sheet(folder.path(), &arguments);
    let search = sheet["search"].as_array().expect("steps");
    let of = |row: &Value, key: &str| row[key].as_f64().expect("a number");
    for pair in search.windows(2) {
        assert!(of(&pair[0], "work_millions") <= of(&pair[1], "work_millions"), "{pair:?}");
        assert!(of(&pair[0], "value_ms") >= of(&pair[1], "value_ms"), "{pair:?}");
        assert!(of(&pair[0], "bound_ms") <= of(&pair[1], "bound_ms"), "{pair:?}");
    }
    let last = search.last().expect("an end");
    assert_eq!((&last["value_ms"], &last["bound_ms"]), (&sheet["tree"]["max_ms"], &sheet["bound_ms"]));
    assert!(of(&search[0], "value_ms") > of(last, "value_ms"), "{search:?}");
    let svg = std::fs::read_to_string(folder.path().join("search.svg")).expect("drawn");
    for part in ["the best tree", "no tree is below", "Changes tried (log scale)", "Compact Tree"] {
        assert!(svg.contains(part), "{part}: {svg}");
    }
}

/// What is written is read again, and the simulation finds what was predicted: copies that wait for each other at an
/// uplink come later, those that are sent first do not.
#[test]
fn the_plan_that_is_written_runs() {
    let folder = workshop(CLASSROOM);
    let output = peerscape(folder.path(), &["optimise", "small.toml", "--cell", "peers=30", "--out", "plan.json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let from_file = CLASSROOM
        .replace("peers = [30, 40]", "peers = 30")
        .replace("kind = \"tree\"\ndegree = 2", "kind = \"file\"\nfile = \"plan.json\"");
    let experiment = peerscape::parse_str("a.toml", &from_file, folder.path(), &[]).expect("a scenario").into();
    let results = sweep::run(&experiment, SweepOptions::default(), &mut ()).expect("results");
    let [p50, max] = [MetricId::LatencyP50, MetricId::LatencyMax].map(|id| results.cells[0].values(id)[0]);
    // Two hops; and of the five that serve, who serves four is sent to last. It waits for four copies, and the last of its
    // own for three; before it, one waits for three and the last of its five for four.
    let predicted = sheet(folder.path(), &["--cell", "peers=30"])["tree"]["in_turn_max_ms"].as_f64();
    assert_eq!(predicted, Some(84.0 + 70.0));
    assert!((max - 154.0).abs() < 2.0, "{max}");
    assert!((84.0..=max).contains(&p50), "{p50}");
}

#[test]
fn in_a_scenario_the_searched_tree_is_no_slower_than_those_that_are_grown() {
    let experiment = peerscape::parse_str("a.toml", MIXED, Path::new("."), &[]).expect("a scenario").into();
    let results = sweep::run(&experiment, SweepOptions::default(), &mut ()).expect("results");
    let mean = |cell: usize| {
        let values = results.cells[cell].values(MetricId::LatencyP95);
        values.iter().sum::<f64>() / values.len() as f64
    };
    let [plain, grown, searched] = [0, 1, 2].map(mean);
    // Seen first: 20 % below the plain tree, a few below the grown one.
    assert!(searched < 0.9 * plain && searched <= grown, "{plain} {grown} {searched}");
}

#[test]
fn where_there_is_no_tree_it_is_said_why_and_what_would_help() {
    let scenario = CLASSROOM.replace("peers = [30, 40]", "peers = 30").replace("rate = \"10 /s\"", "rate = \"60 /s\"");
    let folder = workshop(&scenario);
    let output = peerscape(folder.path(), &["optimise", "small.toml"]);
    assert_eq!(output.status.code(), Some(1));
    let text = stderr(&output);
    assert!(text.contains("the source cannot send to anybody: its fan-out is 0, and 29 others"), "{text}");
    assert!(text.contains("with 60 % there is a tree (--share 60)"), "{text}");
}

/// Of two peers one hears: mean, largest and bound are the same.
#[test]
fn a_mean_is_that_of_those_who_hear() {
    let folder = workshop(&CLASSROOM.replace("peers = [30, 40]", "peers = 2"));
    let sheet = sheet(folder.path(), &["--objective", "mean"]);
    for value in [&sheet["tree"]["mean_ms"], &sheet["bound_ms"], &sheet["search"][0]["bound_ms"]] {
        assert_eq!(value, 42.0, "{sheet:#}");
    }
}

#[test]
fn a_wrong_command_line_is_told_what_there_is() {
    let folder = workshop(CLASSROOM);
    let refused = |arguments: &[&str]| {
        let output = peerscape(folder.path(), &[&["optimise", "small.toml"], arguments].concat());
        assert_eq!(output.status.code(), Some(2), "{}", stdout(&output));
        stderr(&output)
    };
    assert!(refused(&[]).contains("2 points of the sweep fit; say which:\n  --cell peers=VALUE, of `30`, `40`"));
    assert!(refused(&["--cell", "peers=35"]).contains("peers is never `35`; there are `30`, `40`"));
    assert!(refused(&["--cell", "peers=30", "--share", "0"]).contains("0 is not in 1..=100"));
    assert!(refused(&["--cell", "peers=30", "--out", "nowhere/plan.json"]).contains("there is no folder nowhere"));
    assert!(refused(&["--cell", "peers=30", "--format", "svg"]).contains("--out <FILE>"));
}
