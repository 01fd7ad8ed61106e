//! `peerscape recommend` as a user runs it: what is right by a closed form, what cannot be, and what is refused.

mod support;

use std::path::Path;

use serde_json::Value;
use support::{peerscape, stderr, stdout, workshop};

/// Uplinks of 10 Mbit/s, and 1 Mbit/s a copy: a star serves ten, and a tree anybody.
fn lecture(peers: u32, up: &str) -> String {
    format!(
        r#"
name = "lecture"
[run]
duration = "8 s"
warmup = "2 s"
seeds = 3
[population]
peers = {peers}
[[population.class]]
name = "home"
link = {{ down = "100 Mbit/s", up = "{up}", rtt = "10 ms" }}
nat = "public"
device = "server"
engine = "ideal"
[network]
latency = {{ kind = "uniform", min = "5 ms", max = "60 ms" }}
[webrtc]
overhead = "none"
setup = "instant"
[[workload]]
kind = "broadcast"
message = "2500 B"
rate = "50 /s"
[[topology]]
kind = "star"
"#
    )
}

fn advice(folder: &Path, arguments: &[&str], code: i32) -> Value {
    let output = peerscape(folder, &[&["recommend", "small.toml", "--json"], arguments].concat());
    assert_eq!(output.status.code(), Some(code), "{}", stderr(&output));
    serde_json::from_str(&stdout(&output)).expect("JSON")
}

fn text<'v>(value: &'v Value, path: &str) -> &'v str {
    value.pointer(path).and_then(Value::as_str).unwrap_or_else(|| panic!("no {path} in {value:#}"))
}

fn p95_ms(finalist: &Value) -> f64 {
    let figures = finalist["figures"].as_array().expect("figures");
    let p95 = figures.iter().find(|figure| figure["metric"] == "delivery_latency_p95_ms");
    p95.and_then(|figure| figure.pointer("/interval/mean")).and_then(Value::as_f64).expect("a p95")
}

#[test]
fn where_one_uplink_serves_all_nothing_beats_the_direct_way() {
    let folder = workshop(&lecture(6, "10 Mbit/s"));
    let advice = advice(folder.path(), &["--no-flips"], 0);
    // Five copies of 1 Mbit/s: every message goes straight to its receiver, which no relay can beat by more than the
    // triangle inequality lacks.
    let choice = advice.pointer("/choice").expect("a choice");
    let finalists = advice["finalists"].as_array().expect("finalists");
    let best = finalists.iter().map(p95_ms).fold(f64::INFINITY, f64::min);
    assert!(p95_ms(&finalists[0]) <= best * 1.000_001, "{choice:#}");
    let star = finalists.iter().find(|finalist| finalist["topology"] == "star").expect("a star works");
    assert!(p95_ms(&finalists[0]) <= p95_ms(star));
    // Means over the same seeds: nothing is below the bound.
    let bound_ms = advice["p95_bound_ms"].as_f64().expect("a bound");
    assert!((0.9 * best..=best).contains(&bound_ms), "{bound_ms} {best}");
}

#[test]
fn a_star_is_excluded_by_its_closed_form_and_a_tree_is_taken() {
    let folder = workshop(&lecture(40, "10 Mbit/s"));
    let advice = advice(folder.path(), &[], 0);
    let excluded = advice["excluded"].as_array().expect("a list");
    let reason = |label: &str| {
        let found = excluded.iter().find(|excluded| excluded["topology"] == label).expect(label);
        text(found, "/reason").to_owned()
    };
    // A hub that is the source serves ten others; one that is not has one copy less to send.
    assert!(reason("star").contains("up to 1"), "{}", reason("star"));
    assert!(reason("mesh").contains("up to 11 peers"), "{}", reason("mesh"));
    let label = text(&advice, "/choice/topology");
    assert!(label.contains("order=optimised") || label.contains("choose=optimised"), "{label}");
    // It beats every topology with its defaults, seed by seed.
    let plain = advice.pointer("/choice/best_plain/difference").expect("a plain one works");
    assert!(plain.pointer("/ends/low").and_then(Value::as_f64).is_some_and(|low| low > 0.0), "{plain:#}");
    // Uplinks, delays and rates up and down; there are no hard NATs here.
    let changes: Vec<&str> =
        advice["flips"].as_array().expect("flips").iter().map(|flip| text(flip, "/change")).collect();
    assert_eq!(
        changes,
        [
            "uplinks −20 %",
            "uplinks +20 %",
            "delays −20 %",
            "delays +20 %",
            "message rates −20 %",
            "message rates +20 %"
        ]
    );
    // What is printed to be pasted is what was simulated.
    let pasted = lecture(40, "10 Mbit/s").replace("[[topology]]\nkind = \"star\"\n", text(&advice, "/choice/toml"));
    std::fs::write(folder.path().join("pasted.toml"), pasted).expect("written");
    let output = peerscape(folder.path(), &["run", "pasted.toml", "--format", "json", "--out", "results"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let ran: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    assert!(ran.to_string().contains(label), "{ran:#}");
}

/// The rounds may lose a candidate with one seed. Aim, set beforehand: 5 % of the best there is.
#[test]
fn little_is_lost_by_rounds_with_few_seeds() {
    let folder = workshop(&lecture(24, "10 Mbit/s"));
    let halved = advice(folder.path(), &["--no-flips"], 0);
    let all = advice(folder.path(), &["--no-flips", "--exhaustive"], 0);
    let rounds = |advice: &Value| advice["rounds"].as_array().map(Vec::len);
    assert_eq!((rounds(&halved), rounds(&all)), (Some(3), Some(1)));
    let simulated = |advice: &Value| advice.pointer("/rounds/0/candidates").and_then(Value::as_u64).expect("a round");
    assert!(simulated(&all) > simulated(&halved), "{all:#}");
    let best = all["finalists"].as_array().expect("finalists").iter().map(p95_ms).fold(f64::INFINITY, f64::min);
    let chosen = p95_ms(&halved["finalists"][0]);
    assert!((best..=1.05 * best).contains(&chosen), "{chosen} {best}");
}

#[test]
fn where_nothing_works_there_is_a_proof_and_the_smallest_change() {
    let folder = workshop(&lecture(40, "0.7 Mbit/s"));
    let advice = advice(folder.path(), &[], 3);
    assert!(advice["choice"].is_null());
    // All uplinks together send 28 Mbit/s, and 39 are needed: 1 Mbit/s cannot even leave the source once.
    let proof = text(&advice, "/impossible");
    assert!(proof.contains("Kumar-Ross"), "{proof}");
    let remedies = advice["remedies"].as_array().expect("remedies");
    let uplink = remedies.iter().find(|remedy| text(remedy, "/change").starts_with("uplinks")).expect("more uplink");
    // Half again is just 1.05 Mbit/s, and twice is enough for some.
    assert!(uplink["factor"].as_f64().is_some_and(|factor| (1.5..=2.0).contains(&factor)), "{uplink:#}");
    let output = peerscape(folder.path(), &["recommend", "small.toml"]);
    let shown = stdout(&output);
    assert!(shown.contains("proven: no overlay of these peers can carry it"), "{shown}");
    assert!(shown.contains("the smallest change"), "{shown}");
}

#[test]
fn the_answer_is_the_same_with_one_thread_and_two() {
    let folder = workshop(&lecture(24, "10 Mbit/s"));
    let [one, two] = ["1", "2"].map(|jobs| {
        let output = peerscape(folder.path(), &["recommend", "small.toml", "--jobs", jobs, "--out", "advice.json"]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        (stdout(&output), std::fs::read(folder.path().join("advice.json")).expect("written"))
    });
    assert!(one == two);
    assert!(one.0.contains("In a scenario:\n\n[[topology]]\n"), "{}", one.0);
}

#[test]
fn one_peer_and_a_wrong_cell_have_an_answer() {
    let folder = workshop(&lecture(1, "10 Mbit/s"));
    let output = peerscape(folder.path(), &["recommend", "small.toml"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("nobody to talk to"), "{}", stderr(&output));
    let folder = workshop(&lecture(2, "10 Mbit/s"));
    let two = advice(folder.path(), &["--no-flips"], 0);
    assert_eq!(two["peers"], 2);
    let output = peerscape(folder.path(), &["recommend", "small.toml", "--cell", "peers=7"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("no axis `peers`"), "{}", stderr(&output));
    let output = peerscape(folder.path(), &["recommend", "nowhere.toml"]);
    assert_eq!(output.status.code(), Some(2));
}
