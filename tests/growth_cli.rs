//! Latency that grows while it is measured, as a user meets it.

mod support;

use std::fmt::Write;
use std::fs;

use support::{peerscape, stderr, stdout, workshop};

// One pair of 42 falls behind: with 8 % of loss its association carries less than is asked.
const FALLS_BEHIND: &str = r#"
[run]
duration = "240 s"
warmup = "5 s"
drain = "3 s"
seeds = 1
grain = "packet"
[population]
peers = 7
[[population.class]]
name = "home"
nat = "mobile"
device = "phone"
link = { up = "5 Mbit/s", down = "2 Mbit/s", loss = "8 %", rtt = "10 ms" }
[[workload]]
kind = "state-sync"
message = "2 KiB"
rate = "2 /s"
channel = "reliable-unordered"
[[topology]]
kind = "hybrid"
peers_per_hub = 3
"#;

// A document that grows: its messages take longer, and nothing waits.
const GROWS: &str = r#"
[run]
duration = "70 s"
warmup = "5 s"
seeds = 1
grain = "packet"
[population]
peers = 6
[[population.class]]
name = "home"
nat = "public"
link = { up = "20 Mbit/s", down = "50 Mbit/s" }
[[workload]]
kind = "trace"
file = "document.csv"
channel = "reliable"
[[topology]]
kind = "tree"
degree = 2
"#;

// Messages know the windows of two sources of 64 kB roughly: they fall behind here, and packets do not.
const ROUGH_WINDOWS: &str = r#"
[run]
duration = "240 s"
warmup = "10 s"
seeds = 2
grain = "message"
[population]
peers = 4
regions = "europe"
[[population.class]]
name = "p"
link = { up = "4 Mbit/s", down = "50 Mbit/s", rtt = "10 ms" }
nat = "public"
[[workload]]
kind = "broadcast"
message = "64 kB"
rate = "1 /s"
channel = "reliable-unordered"
[[workload]]
kind = "broadcast"
message = "64 kB"
rate = "1.01 /s"
channel = "reliable-unordered"
[[topology]]
kind = "tree"
degree = 1
"#;

/// The findings, and what is said.
fn findings(scenario: &str) -> [String; 2] {
    let folder = workshop(scenario);
    let mut document = "time_s,source,bytes,to\n".to_owned();
    for second in 1..65 {
        writeln!(document, "{second},ann,{},", 4_000 * second).expect("invariant: text grows");
    }
    fs::write(folder.path().join("document.csv"), document).expect("written");
    let output = peerscape(folder.path(), &["run", "small.toml", "--out", "results"]);
    assert!(output.status.success(), "{}", stderr(&output));
    [fs::read_to_string(folder.path().join("results/findings.csv")).expect("findings"), stdout(&output)]
}

#[test]
fn a_pair_that_falls_behind_is_found() {
    let [found, _] = findings(FALLS_BEHIND);
    assert!(found.contains("growing") && found.contains("a queue grows without end"), "{found}");
}

#[test]
fn messages_that_grow_are_no_queue() {
    let [found, _] = findings(GROWS);
    assert_eq!(found.lines().count(), 1, "{found}");
}

#[test]
fn windows_that_are_in_doubt_are_no_queue() {
    let [found, said] = findings(ROUGH_WINDOWS);
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("in doubt (?)") && said.contains("messages know it roughly"), "{said}");
    assert!(!found.contains("growing"), "{found}");
}
