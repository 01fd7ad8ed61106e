//! Messages for some peers only, and peers that fail for their connections: the virtual rung as the model has it.

use std::io::Write;
use std::path::Path;

use peerscape::metrics::{MetricId, RunRecord};
use peerscape::real::replication::replicate;
use peerscape::rng::Seed;
use peerscape::scenario::{self, Cell};
use peerscape::simulation::{Knowledge, simulate};

/// Cells of `quickstart-small` with ten public peers, unlimited links without loss, and this traffic.
fn cells(traffic: &str, overrides: &[&str]) -> Vec<Cell> {
    let small = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/quickstart-small.toml");
    let text = std::fs::read_to_string(small).expect("a scenario");
    let (before, rest) = text.split_once("[[workload]]").expect("its workload");
    let (_, topologies) = rest.split_once("[[topology]]").expect("its topologies");
    let mut file = tempfile::NamedTempFile::with_suffix(".toml").expect("a file");
    write!(file, "{before}[[workload]]\n{traffic}\n[[topology]]{topologies}").expect("written");
    let mut all: Vec<String> =
        ["population.peers=10", "run.duration=9 s", "run.warmup=5 s", "population.class.0.nat=public"]
            .map(str::to_owned)
            .to_vec();
    all.push("population.class.0.link={ rtt = \"10 ms\" }".to_owned());
    all.extend(overrides.iter().map(|text| (*text).to_owned()));
    scenario::load(file.path(), &all).expect("valid").cells
}

fn both(cell: &Cell) -> [RunRecord; 2] {
    [
        simulate(cell, Seed(3), &Knowledge::of(&cell.settings)).expect("runs"),
        replicate(cell, Seed(3), &Knowledge::of(&cell.settings)).expect("runs").record,
    ]
}

#[test]
fn messages_for_some_reach_whom_the_model_says() {
    for traffic in [
        "kind = \"telemetry\"\nsinks = 2\nmessage = \"200 B\"\nrate = \"5 /s\"",
        "kind = \"pub-sub\"\ntopics = 4\nmessage = \"200 B\"\nrate = \"5 /s\"",
    ] {
        for cell in cells(traffic, &[]) {
            let [model, real] = both(&cell);
            let what = format!("{} {traffic}", cell.label);
            assert!(model.latency.count() > 100, "{what}: {:?}", model.counts);
            assert_eq!(real.latency.count(), model.latency.count(), "{what}");
            for record in [&model, &real] {
                assert_eq!(record.values.get(MetricId::Delivered), Some(100.0), "{what}");
            }
            // As many copies a delivery: no hop leads to nobody.
            let copies = |record: &RunRecord| record.counts.copies_sent as f64 / record.counts.deliveries as f64;
            let (expected, is) = (copies(&model), copies(&real));
            assert!((is / expected - 1.0).abs() < 0.02, "{what}: {is} copies a delivery, expected {expected}");
        }
    }
}

#[test]
fn peers_fail_for_their_connections_as_in_the_model() {
    // 260 KiB a connection: five fit, nine do not.
    let device =
        r#"population.class.0.device={ speed = 1.0, budget = "80 %", memory = "1.5 MiB", on_overload = "fail" }"#;
    let traffic = "kind = \"state-sync\"\nmessage = \"200 B\"\nrate = \"10 /s\"";
    let of_kind = |kind: &str| {
        let cell = cells(traffic, &[device]).into_iter().find(|cell| cell.label.starts_with(kind)).expect("a cell");
        both(&cell)
    };
    let [model, real] = of_kind("mesh");
    let value = |record: &RunRecord, id| record.values.get(id).expect("a value");
    assert!((value(&model, MetricId::FailedPeers) - 40.0).abs() < 1e-9, "{}", value(&model, MetricId::FailedPeers));
    for id in [MetricId::FailedPeers, MetricId::Delivered, MetricId::MemoryMax, MetricId::Failed, MetricId::Impossible]
    {
        let (expected, is) = (value(&model, id), value(&real, id));
        assert!((is - expected).abs() < 1e-6, "{id:?}: {is}, expected {expected}");
    }
    assert_eq!(real.findings[0].text, model.findings[0].text);
    // Where nobody has too many, nobody fails.
    let [_, tree] = of_kind("tree");
    assert_eq!(tree.values.get(MetricId::FailedPeers), Some(0.0));
    assert_eq!(tree.values.get(MetricId::Delivered), Some(100.0));
}
