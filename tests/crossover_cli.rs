//! `peerscape crossover` as a user runs it: against a closed form, and where it is asked what cannot be.

mod support;

use std::fs;
use std::path::Path;

use serde_json::Value;
use support::{peerscape, stderr, stdout, workshop};

/// Everybody sends 1250 bytes ten times a second: 100 kbit/s a copy, and an uplink holds ten. A path takes 100 ms, so a mesh
/// is faster than a detour over a server until its uplinks are full: with eleven peers it works, with twelve it does not.
const HOMES: &str = r#"
name = "homes"
[run]
duration = "6 s"
warmup = "1 s"
seeds = 8
[population]
peers = [4, 24]
[[population.class]]
name = "home"
share = "100 %"
link = { down = "50 Mbit/s", up = "1 Mbit/s", rtt = "2 ms" }
nat = "public"
device = "server"
engine = "ideal"
[network]
latency = { kind = "constant", one_way = "100 ms" }
[webrtc]
overhead = "none"
setup = "instant"
[[workload]]
kind = "state-sync"
message = "1250 B"
rate = "10 /s"
channel = "unreliable"
[[topology]]
kind = "mesh"
[[topology]]
kind = "star"
hub = "server"
[[topology]]
kind = "tree"
degree = 2
"#;

fn sheet(folder: &Path, arguments: &[&str]) -> Value {
    let output = peerscape(folder, &[&["crossover", "small.toml", "--json"], arguments].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    serde_json::from_str(&stdout(&output)).expect("JSON")
}

/// The tolerance, stated first: the mesh leads up to one peer from the closed form, and the star from one peer beyond that.
#[test]
fn where_uplinks_bind_the_crossover_is_that_of_the_closed_form() {
    let folder = workshop(HOMES);
    let sheet = sheet(folder.path(), &["--topologies", "mesh,star"]);
    let closed = sheet["closed_forms"][0]["peers_max"][0].as_f64().expect("a closed form");
    assert!((closed - 11.0).abs() < f64::EPSILON, "{sheet:#}");
    let crossings = sheet["crossings"].as_array().expect("a list");
    assert_eq!(crossings.len(), 1, "{sheet:#}");
    let end = |name: &str| crossings[0][name].as_f64().expect("a number");
    let [low, guess, high] = [end("low_peers"), end("peers"), end("high_peers")];
    assert!((low - closed).abs() <= 1.0 && (high - closed).abs() <= 2.0, "{low} to {high}, closed form {closed}");
    assert!((guess - closed).abs() <= 1.0, "{guess}, closed form {closed}");
    assert_eq!((&crossings[0]["below"], &crossings[0]["above"]), (&"mesh".into(), &"star hub=server".into()));
    let why = crossings[0]["why"][0].as_str().expect("a reason");
    assert!(why.contains("mesh does not work in") && why.contains("Mbit/s up"), "{why}");
}

#[test]
fn the_same_answer_comes_again_and_is_written() {
    let folder = workshop(HOMES);
    let run = |jobs: &str| {
        let files = ["--csv", "points.csv", "--picture", "points.svg"];
        let asked = ["crossover", "small.toml", "--topologies", "mesh,star", "--to", "20", "--jobs", jobs];
        let output = peerscape(folder.path(), &[&asked[..], &files].concat());
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).expect("written");
        (stdout(&output), read("points.csv"), read("points.svg"))
    };
    let (text, csv, svg) = run("1");
    assert_eq!((text.clone(), csv.clone(), svg.clone()), run("2"));
    // Lines are wrapped anywhere.
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in ["by closed form", "up to 11 peers", "mesh is better up to", "95 % interval", "why: ", "fails in all 8"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    assert_eq!(reader.headers().expect("heads").get(0), Some("peers"));
    let rows: Vec<csv::StringRecord> = reader.records().map(|row| row.expect("a row")).collect();
    assert!(rows.len() >= 5 && rows.iter().all(|row| &row[2] == "mesh" && &row[7] == "star hub=server"), "{csv}");
    assert!(roxmltree::Document::parse(&svg).is_ok() && svg.contains("closed form: mesh up to 11"), "{svg}");
}

#[test]
fn where_one_wins_everywhere_there_is_no_crossover() {
    let folder = workshop(HOMES);
    let sheet = sheet(folder.path(), &["--topologies", "mesh,star", "--to", "9"]);
    assert!(sheet["crossings"].as_array().expect("a list").is_empty());
    let decision = sheet["decision"][0].as_str().expect("a sentence");
    assert!(decision.starts_with("no crossover: mesh is better at"), "{decision}");
    // By connections it is the other one.
    let other = ["--topologies", "mesh,star", "--to", "9", "--metric", "connections_per_peer_mean"];
    let decision = self::sheet(folder.path(), &other)["decision"][0].as_str().expect("a sentence").to_owned();
    assert!(decision.starts_with("no crossover: star hub=server is better at"), "{decision}");
}

#[test]
fn what_cannot_be_asked_is_told() {
    let folder = workshop(HOMES);
    let cases: &[(&[&str], &str)] = &[
        (&[], "3 topologies; say which two: --topologies LABEL,LABEL, of `mesh`, `star hub=server`, `tree degree=2`"),
        (&["--topologies", "mesh,stra"], "there is no topology `stra` (did you mean `star`?)"),
        (&["--topologies", "mesh"], "a crossover is between two topologies, not 1"),
        (&["--topologies", "mesh,mesh"], "`mesh` cannot overtake itself"),
        (&["--topologies", "mesh,star", "--from", "30"], "the range from 30 to 24 peers has no room"),
        (&["--topologies", "mesh,star", "--from", "9", "--to", "9"], "the range from 9 to 9 peers has no room"),
        (&["--topologies", "mesh,star", "--metric", "latency_p95"], "did you mean `delivery_latency_p95_ms`?"),
        (&["--topologies", "mesh,star", "--metric", "distribution_bound_s"], "is neither better nor worse"),
        (
            &["--topologies", "mesh,star", "--seeds", "8", "--seeds-max", "4"],
            "`--seeds-max 4` is less than the 8 seeds",
        ),
        (
            &["--topologies", "mesh,star", "--seeds", "4", "--seeds-max", "4"],
            "with at most 4 seeds nothing shows that one topology works",
        ),
        (&["--topologies", "mesh,star", "--cell", "peers=4"], "the number of peers is what is searched"),
        (&["--topologies", "mesh,star", "--cell", "rate=4"], "there is no axis `rate`"),
    ];
    for (arguments, part) in cases {
        let output = peerscape(folder.path(), &[&["crossover", "small.toml"], *arguments].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(part), "{arguments:?}: {}", stderr(&output));
    }
    let alone = workshop(&HOMES[..HOMES.find("[[topology]]\nkind = \"star\"").expect("a star")]);
    let output = peerscape(alone.path(), &["crossover", "small.toml"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("the scenario has one: `mesh`"), "{}", stderr(&output));
}
