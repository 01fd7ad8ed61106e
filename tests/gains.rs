//! What `recommend` gains over every topology with its defaults: six scenarios that were written before any was run.
//!
//! In each the choice has to beat the best of them in the metric that ranks, paired by seed, or to be one of them. Where it
//! is one of them, it has to be within a tenth of the bound on p95 latency that no overlay beats.

mod support;

use serde_json::Value;
use support::{peerscape, stderr, stdout, workshop};

const RUN: &str = "
[run]
duration = '11 s'
warmup   = '5 s'
seeds    = 5
grain    = 'message'
";
const HOME: &str = "
[[population.class]]
name   = 'home'
share  = '60 %'
link   = 'cable'
nat    = 'home'
device = 'laptop'
[[population.class]]
name   = 'office'
share  = '25 %'
link   = 'enterprise'
nat    = 'enterprise'
device = 'desktop'
[[population.class]]
name   = 'mobile'
share  = '15 %'
link   = '4g'
nat    = 'mobile'
device = 'phone'
";
const PHONES: &str = "
[[population.class]]
name   = 'mobile'
link   = '4g'
nat    = 'mobile'
device = 'phone'
";
const TOPOLOGY: &str = "
[[topology]]
kind = 'tree'
[[expect]]
metric  = 'delivery_latency_p95_ms'
at_most = 2000
";

fn lecture(name: &str, (peers, regions): (u32, &str), classes: &str, workload: &str) -> (String, String) {
    let population = format!("[population]\npeers = {peers}\nregions = '{regions}'\n");
    (name.to_owned(), format!("name = '{name}'\n{RUN}{population}{classes}{workload}{TOPOLOGY}"))
}

fn broadcast(sources: u32, rate: u32) -> String {
    format!(
        "[[workload]]\nkind = 'broadcast'\nsources = {sources}\nmessage = '1000 B'\nrate = '{rate} /s'\n\
         channel = 'reliable-unordered'\n"
    )
}

fn state_sync(rooms_of: Option<u32>) -> String {
    let rooms = rooms_of.map_or_else(String::new, |size| format!("rooms_of = {size}\n"));
    format!("[[workload]]\nkind = 'state-sync'\nmessage = '60 B'\nrate = '5 /s'\nchannel = 'unreliable'\n{rooms}")
}

fn check((name, scenario): &(String, String)) {
    let folder = workshop(scenario);
    let output = peerscape(folder.path(), &["recommend", "small.toml", "--no-flips", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{name}: {}{}", stdout(&output), stderr(&output));
    let advice: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    let choice = advice.pointer("/choice/topology").and_then(Value::as_str).expect("a choice");
    match advice.pointer("/choice/best_plain").filter(|plain| !plain.is_null()) {
        Some(plain) => {
            let figure = |path: &str| plain.pointer(path).and_then(Value::as_f64).expect("a figure");
            println!(
                "{name}: {choice} beats {} by {:.1} ms ({:.1} to {:.1})",
                plain["topology"],
                figure("/difference/mean"),
                figure("/difference/ends/low"),
                figure("/difference/ends/high")
            );
            assert!(figure("/difference/ends/low") > 0.0, "{name}: {plain:#}");
        }
        // Either nothing plain works, or one of them is the choice.
        None if advice["finalists"][0]["origin"] == "shipped" => {
            let bounds = advice["bounds"].as_array().expect("bounds");
            let bound = bounds.iter().find(|row| row["bound"] == "p95 latency").expect("a bound on p95 latency");
            let figures = advice["finalists"][0]["figures"].as_array().expect("figures");
            let p95 = figures.iter().find(|figure| figure["metric"] == "delivery_latency_p95_ms").expect("p95");
            let (p95, bound) = (p95.pointer("/interval/mean").and_then(Value::as_f64), bound["value"].as_f64());
            println!("{name}: {choice} has {p95:?} ms, and nothing less than {bound:?}");
            assert!(p95.zip(bound).is_some_and(|(p95, bound)| p95 <= 1.1 * bound), "{name}: {p95:?} {bound:?}");
        }
        None => println!("{name}: {choice}, and no topology works with its defaults"),
    }
}

#[test]
fn the_choice_beats_every_plain_topology_for_a_stream_to_phones() {
    check(&lecture("phones", (60, "europe"), PHONES, &broadcast(1, 10)));
}

#[test]
#[ignore = "takes minutes"]
fn the_choice_beats_every_plain_topology_or_nothing_can() {
    let scenarios = [
        lecture("lecture", (120, "europe"), HOME, &broadcast(1, 10)),
        lecture("world", (150, "world"), HOME, &broadcast(1, 20)),
        lecture("phones", (80, "europe"), PHONES, &broadcast(1, 10)),
        lecture("panel", (100, "europe"), HOME, &broadcast(4, 10)),
        lecture("cursors", (40, "europe"), HOME, &state_sync(None)),
        lecture("rooms", (80, "europe"), HOME, &state_sync(Some(10))),
    ];
    scenarios.iter().for_each(check);
}
