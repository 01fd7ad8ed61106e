//! From a scenario's lists to its cells: products, ranges, lockstep, exclusions, overrides, defaults.

use std::path::Path;

use peerscape::rng::{Seed, Streams};
use peerscape::scenario::{Experiment, Grain, parse_str};
use peerscape::units::{Bitrate, ByteCount, SimDuration, SimTime};
use peerscape::world::WorldSpec;
use proptest::prelude::*;

const REST: &str = r#"
[[workload]]
kind = "broadcast"
message = "1200 B"
rate = "30 /s"

[[topology]]
kind = "mesh"

[[topology]]
kind = "star"
"#;

fn experiment(text: &str, overrides: &[&str]) -> Experiment {
    let overrides: Vec<String> = overrides.iter().map(|text| (*text).to_owned()).collect();
    parse_str("test.toml", text, Path::new(""), &overrides)
        .unwrap_or_else(|errors| panic!("{:?}", miette::Report::new(errors)))
}

fn faults(text: &str, overrides: &[&str]) -> Vec<String> {
    let overrides: Vec<String> = overrides.iter().map(|text| (*text).to_owned()).collect();
    let errors = parse_str("test.toml", text, Path::new(""), &overrides).expect_err("it is wrong");
    errors.errors().iter().map(ToString::to_string).collect()
}

/// Each cell as its axis values and topology.
fn cells(experiment: &Experiment) -> Vec<String> {
    let cell = |cell: &peerscape::scenario::Cell| {
        let values = cell.axes.iter().map(|value| value.text.as_str());
        values.chain([cell.label.as_str()]).collect::<Vec<_>>().join(" ")
    };
    experiment.cells.iter().map(cell).collect()
}

#[test]
fn axes_multiply_in_the_order_of_the_file() {
    let text = format!("[population]\npeers = [10, 20]\n[run]\nduration = ['20 s', '1 min']\n{REST}");
    let experiment = experiment(&text, &[]);
    assert_eq!(experiment.axes, ["peers", "duration"]);
    let expected = [
        "10 20 s mesh",
        "10 20 s star",
        "10 1 min mesh",
        "10 1 min star",
        "20 20 s mesh",
        "20 20 s star",
        "20 1 min mesh",
        "20 1 min star",
    ];
    assert_eq!(cells(&experiment), expected);
    let groups: Vec<usize> = experiment.cells.iter().map(|cell| cell.group).collect();
    assert_eq!(groups, [0, 0, 1, 1, 2, 2, 3, 3]);
    assert!(experiment.cells.iter().enumerate().all(|(index, cell)| cell.index == index));
    let minute = &experiment.cells[2];
    assert_eq!(minute.settings.run.duration, SimDuration::from_secs(60));
    assert_eq!(minute.axes[1].number.map(|number| number.0), Some(60.0));
}

#[test]
fn ranges_and_tables_are_axes_too() {
    let text = r#"
        [population]
        peers = { from = 10, to = 40, factor = 2 }
        [[population.class]]
        name = "home"
        link = ["cable", { up = "5 Mbit/s" }]
        [[workload]]
        kind = "state-sync"
        message = "100 B"
        rate = "10 /s"
        [[topology]]
        kind = "tree"
        degree = { from = 2, to = 4, step = 1 }
    "#;
    let experiment = experiment(text, &[]);
    assert_eq!(experiment.axes, ["peers", "link"]);
    assert_eq!(experiment.cells.len(), 3 * 2 * 3);
    assert_eq!(cells(&experiment)[3], "10 { up = 5 Mbit/s } tree degree=2");
    let up = experiment.cells[3].settings.population.classes[0].link.value.up;
    assert_eq!(up, Some(Bitrate::from_bps(5_000_000)));
}

#[test]
fn names_grow_until_they_are_unique() {
    let text = format!(
        "[population]\npeers = 10\n\
         [[population.class]]\nname = 'home'\nshare = '50 %'\nlink = {{ up = ['1 Mbit/s', '2 Mbit/s'], rtt = ['1 ms', '2 ms'] }}\n\
         [[population.class]]\nname = 'office'\nshare = '50 %'\nlink = {{ up = ['3 Mbit/s', '4 Mbit/s'] }}\n{REST}"
    );
    assert_eq!(experiment(&text, &[]).axes, ["home.link.up", "rtt", "office.link.up"]);
}

#[test]
fn zipped_axes_advance_together_and_excluded_cells_are_left_out() {
    let text = format!(
        "[population]\npeers = [10, 20, 30]\n[run]\nwarmup = ['1 s', '2 s', '3 s']\ndrain = ['0 s', '1 s']\n{REST}\n\
         [sweep]\nzip = [['population.peers', 'warmup']]\nexclude = [{{ peers = [20, 30], topology = 'mesh' }}, {{ drain = '0 s', topology = 'star' }}]"
    );
    let expected = ["10 1 s 0 s mesh", "10 1 s 1 s mesh", "10 1 s 1 s star", "20 2 s 1 s star", "30 3 s 1 s star"];
    assert_eq!(cells(&experiment(&text, &[])), expected);
}

#[test]
fn an_exclusion_must_exclude_and_leave_something() {
    let base = format!("[population]\npeers = [10, 20]\n{REST}");
    let nothing =
        format!("{base}\n[sweep]\nexclude = [{{ peers = 10 }}, {{ peers = 10, topology = 'mesh' }}, {{ peers = 20 }}]");
    assert_eq!(faults(&nothing, &[]), ["every cell is left out by [sweep] exclude"]);
}

#[test]
fn overrides_replace_values_and_make_axes() {
    let text = format!("[population]\npeers = 10\n{REST}");
    let overrides =
        ["population.peers=[5, 7]", "run.seeds=2", "workload.rate=10 /s", "topology.star.hub=server", "name=other"];
    let experiment = experiment(&text, &overrides);
    assert_eq!(cells(&experiment), ["5 mesh", "5 star hub=server", "7 mesh", "7 star hub=server"]);
    assert_eq!(experiment.seeds.len(), 2);
    assert_eq!(experiment.name, "other");
    assert_eq!(experiment.cells[0].settings.workloads[0].to_json()["rate"], "10 /s");
}

#[test]
fn wrong_overrides_are_errors_of_the_command_line() {
    let text = format!("[population]\npeers = 10\n{REST}");
    assert_eq!(faults(&text, &["population.peeers=5"]), ["unknown key `peeers` in `population`"]);
    assert_eq!(faults(&text, &["peers=5"]), ["unknown key `peers`"]);
    assert_eq!(faults(&text, &["topology.ring.degree=5"]), ["`topology` has no element `ring`"]);
    assert_eq!(faults(&text, &["population.peers=many"]), ["`population.peers` cannot be the text \"many\""]);
    assert_eq!(faults(&text, &["run"]), ["`run` sets nothing"]);
}

#[test]
fn what_is_not_said_has_a_default() {
    let experiment = experiment(&format!("[population]\npeers = 10\n{REST}"), &[]);
    assert_eq!(experiment.name, "test");
    assert_eq!(experiment.seeds.iter().map(|seed| seed.0).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    let settings = &experiment.resolved["settings"];
    assert_eq!(
        settings["run"],
        serde_json::json!({ "duration": "60 s", "warmup": "10 s", "drain": "5 s", "grain": "packet" })
    );
    assert_eq!(settings["latency"], serde_json::json!({ "kind": "cities", "pair_jitter": "10 %" }));
    assert_eq!(settings["population"]["classes"][0]["name"], "home");
    assert_eq!(settings["population"]["classes"][0]["link"]["up"], "17 Mbit/s");
    assert_eq!(settings["webrtc"]["turn"]["price"], "0.05 USD/GB");
    assert_eq!(experiment.hash.len(), 32);
}

#[test]
fn the_grain_of_a_cell_follows_its_own_cost() {
    let grains = |head: &str, rest: &str, overrides: &[&str]| {
        let experiment = experiment(&format!("[population]\n{head}\n{REST}{rest}"), overrides);
        experiment.cells.iter().map(|cell| cell.settings.run.grain).collect::<Vec<_>>()
    };
    use Grain::{Message, Packet};
    assert_eq!(grains("peers = 10", "", &[]), [Packet; 2]);
    assert_eq!(grains("peers = 1_000", "", &[]), [Packet; 2]);
    assert_eq!(grains("peers = 100_000", "", &[]), [Message; 2], "360 million packets");
    // Each cell by itself, and the topologies of a group alike.
    assert_eq!(grains("peers = [10, 100_000]", "", &[]), [Packet, Packet, Message, Message]);
    assert_eq!(grains("peers = 10", "", &["run.grain=message"]), [Message; 2]);
    let fair = "\n[[population.class]]\nname = \"home\"\nlink = { up = \"5 Mbit/s\", queue = \"fair\" }\n";
    assert_eq!(grains("peers = 100", fair, &[]), [Packet; 2]);
    assert_eq!(grains("peers = 100_000", fair, &[]), [Message; 2], "with a doubt");
}

#[test]
fn what_acts_on_packets_needs_them() {
    let text = format!("[population]\npeers = 10\n{REST}");
    let fault = |overrides: &[&str]| faults(&text, overrides).join("\n");
    let by_message = fault(&["run.grain=message", "workload.0.priority=high"]);
    assert_eq!(by_message, "`priority` acts on packets, and `grain = \"message\"` follows messages");
    let without_headers = fault(&["run.grain=packet", "webrtc.overhead=none"]);
    assert!(without_headers.starts_with("packets have headers"), "{without_headers}");
}

#[test]
fn the_hash_follows_the_meaning_not_the_wording() {
    let of = |text: &str| experiment(text, &[]).hash;
    let base = of(&format!("[population]\npeers = 10\n{REST}"));
    assert_eq!(base, of(&format!("# a comment\n[population]\npeers=10\n[run]\nduration = '1 min'\n{REST}")));
    assert_ne!(base, of(&format!("[population]\npeers = 11\n{REST}")));
}

#[test]
fn regions_need_a_latency_between_cities_in_some_cell() {
    let base = format!("[population]\npeers = 10\nregions = 'europe'\n{REST}\n[network]\n");
    let constant = "{ kind = 'constant', one_way = '10 ms' }";
    let alone = format!("{base}latency = {constant}");
    assert_eq!(faults(&alone, &[]), ["`regions` has no effect: this latency is not between cities"]);
    let both = format!("{base}latency = [{constant}, {{ kind = 'cities' }}]");
    assert_eq!(experiment(&both, &[]).cells.len(), 4);
}

#[test]
fn too_many_cells_are_refused() {
    let range = "{ from = 2, to = 1001, step = 1 }";
    let text = format!(
        "[population]\npeers = {range}\n[run]\nseeds = 1\ndrain = {{ from = '1 ms', to = '1 s', step = '1 ms' }}\n{REST}"
    );
    assert_eq!(faults(&text, &[]), ["2000000 cells are more than the 100000 of one experiment"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn cells_are_the_product_of_the_axes(
        peers in prop::collection::btree_set(2_u32..100_000, 1..5),
        rates in prop::collection::btree_set(1_u32..1_000, 1..4),
        degrees in prop::collection::btree_set(1_u32..100, 1..4),
        share in 1_u32..100,
        seeds in 1_usize..20,
    ) {
        let list = |values: &std::collections::BTreeSet<u32>, unit: &str| {
            values.iter().map(|value| if unit.is_empty() { value.to_string() } else { format!("'{value} {unit}'") }).collect::<Vec<_>>().join(", ")
        };
        let text = format!(
            "[run]\nseeds = {seeds}\n[population]\npeers = [{}]\n\
             [[population.class]]\nname = 'a'\nshare = '{share} %'\n\
             [[population.class]]\nname = 'b'\nshare = '{} %'\n\
             [[workload]]\nkind = 'broadcast'\nmessage = '1 kB'\nrate = [{}]\n\
             [[topology]]\nkind = 'tree'\ndegree = [{}]\n",
            list(&peers, ""), 100 - share, list(&rates, "/s"), list(&degrees, ""),
        );
        let experiment = experiment(&text, &[]);
        prop_assert_eq!(experiment.cells.len(), peers.len() * rates.len() * degrees.len());
        prop_assert_eq!(experiment.seeds.len(), seeds);
        let labels: std::collections::BTreeSet<String> = cells(&experiment).into_iter().collect();
        prop_assert_eq!(labels.len(), experiment.cells.len());
    }
}

const DRIVING: &str = r#"
[population]
peers = 40
[[population.class]]
name = "home"
share = "50 %"
[[population.class]]
name = "driving"
share = "50 %"
link = { up = "8 Mbit/s", jitter = "15 ms", queue = "fair", loss = { good_to_bad = "0.5 %", bad_to_good = "19.5 %" } }
capacity = { up = "data/4g-drive.trace" }
"#;

fn driving(overrides: &[&str]) -> Experiment {
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let overrides: Vec<String> = overrides.iter().map(|text| (*text).to_owned()).collect();
    parse_str("test.toml", &format!("{DRIVING}{REST}"), &scenarios, &overrides)
        .unwrap_or_else(|errors| panic!("{:?}", miette::Report::new(errors)))
}

#[test]
fn keys_that_act_on_packets_are_known_by_class() {
    let population = &driving(&[]).cells[0].settings.population;
    let keys: Vec<String> = population
        .packet_keys()
        .iter()
        .map(|key| format!("{} {} {}", key.class, key.name, key.key.join(".")))
        .collect();
    assert_eq!(keys, ["1 driving link.jitter", "1 driving link.loss", "1 driving link.queue", "1 driving capacity.up"]);
    let plain = experiment(&format!("[population]\npeers = 4\n{REST}"), &[]);
    assert!(plain.cells[0].settings.population.packet_keys().is_empty());
    let swept = driving(&[
        "population.class.driving.link.loss=['1 %', '2 %']",
        "population.class.driving.capacity.up=['data/4g-drive.trace', 'data/4g-walk.trace']",
    ]);
    assert_eq!(swept.cells.len(), 2 * 2 * 2);
}

#[test]
fn each_peer_begins_at_a_place_of_its_own_in_a_trace() {
    let settings = &driving(&[]).cells[0].settings;
    let spec = WorldSpec {
        population: &settings.population,
        latency: &settings.latency,
        webrtc: &settings.webrtc,
        servers: 1,
    };
    let streams = Streams::new(Seed(1));
    let world = spec.generate(streams).expect("a world");
    let mut departures = Vec::new();
    for node in 0..world.nodes() {
        let servers = world.trace_servers(node, streams);
        let driving = &*world.class(node).name == "driving";
        assert_eq!((servers.up.is_some(), servers.down.is_some()), (driving, false));
        if let Some(mut up) = servers.up {
            assert_eq!(world.rates(node).up, Some(up.trace().mean_rate()));
            departures.push(up.serve(SimTime::ZERO, ByteCount::new(1_000_000)));
        }
    }
    departures.sort_unstable();
    departures.dedup();
    assert!(departures.len() > 15, "20 peers, hardly any two alike: {}", departures.len());
    assert!((world.classes()[1].access_loss.get() - 0.025).abs() < 1e-9, "in the long run");
}
