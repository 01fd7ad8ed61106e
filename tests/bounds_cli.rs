//! `peerscape bounds` as a user runs it: figures against what can be counted by hand.

mod support;

use serde_json::Value;
use support::{peerscape, stderr, stdout, workshop};

const CLASSROOM: &str = r#"
name = "classroom"
[run]
duration = "20 s"
warmup = "5 s"
seeds = 1
[population]
peers = [10, 40]
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
[[workload]]
kind = "broadcast"
message = "12500 B"
rate = "10 /s"
[[topology]]
kind = "tree"
degree = 2
[[topology]]
kind = "mesh"
"#;

const MIXED: &str = r#"
[run]
duration = "20 s"
warmup = "10 s"
seeds = 1
[population]
peers = 60
regions = "europe"
[[population.class]]
name = "home"
share = "70 %"
link = "cable"
nat = "home"
device = "laptop"
engine = "chromium"
[[population.class]]
name = "mobile"
share = "30 %"
link = "4g"
nat = "mobile"
device = "phone"
engine = "chromium"
[[workload]]
kind = "broadcast"
message = "1000 B"
rate = "5 /s"
channel = "reliable-unordered"
[[topology]]
kind = "mesh"
[[topology]]
kind = "star"
[[topology]]
kind = "tree"
degree = [2, 4, 8]
[[topology]]
kind = "hybrid"
hubs = 4
"#;

fn sheets(scenario: &str, arguments: &[&str]) -> Vec<Value> {
    let folder = workshop(scenario);
    let output = peerscape(folder.path(), &[&["bounds", "small.toml", "--json"], arguments].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let value: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    value["combinations"].as_array().expect("a list").clone()
}

fn figure(sheet: &Value, bound: &str) -> f64 {
    let rows = sheet["bounds"].as_array().expect("a list");
    let row = rows.iter().find(|row| row["bound"] == bound).unwrap_or_else(|| panic!("{bound} in {sheet:#}"));
    row["value"].as_f64().unwrap_or(f64::INFINITY)
}

#[test]
fn every_combination_has_its_bounds_and_topologies_do_not_count() {
    let sheets = sheets(CLASSROOM, &[]);
    let peers: Vec<u64> = sheets.iter().filter_map(|sheet| sheet["peers"].as_u64()).collect();
    assert_eq!(peers, [10, 40]);
    for (sheet, peers) in sheets.iter().zip([10.0, 40.0]) {
        // A message has 100,000 bits: 10 ms up, 2 ms down. A hop is 20 ms and the access links of both, 5 ms each.
        assert!((figure(sheet, "largest latency") - (10.0 + 30.0 + 2.0)).abs() < 1e-6);
        assert!((figure(sheet, "mean latency") - 42.0).abs() < 1e-6);
        // Everybody uploads as much as the source, which binds: 10 Mbit/s.
        assert!((figure(sheet, "stream rate") - 10e6).abs() < 1e-6);
        // Copies double every 10 ms.
        let rounds = 1.0 + f64::floor(f64::log2(peers - 1.0));
        assert!((figure(sheet, "one message with serialisation") - 10.0 * rounds).abs() < 1e-9);
        assert_eq!((figure(sheet, "relayed connections"), figure(sheet, "disjoint ways")), (0.0, peers - 1.0));
        // 10 Mbit/s are ten copies of the stream: nine others, or ten.
        let families = sheet["families"].as_array().expect("a list");
        let of = |name: &str| families.iter().find(|row| row["family"] == name).expect("a family");
        assert_eq!((of("mesh")["holds"].as_bool(), of("mesh")["peers_max"].as_u64()), (Some(peers < 12.0), Some(11)));
        // A hub that does not publish sends to all but two.
        assert_eq!((of("star")["holds"].as_bool(), of("star")["peers_max"].as_u64()), (Some(peers < 13.0), Some(12)));
        assert_eq!((of("tree")["holds"].as_bool(), of("tree")["peers_max"].as_u64()), (Some(true), None));
    }
    assert!((figure(&sheets[1], "diameter") - 2.0).abs() < 1e-6);
    // In a tree the source serves ten, and others hear one hop later; nobody of ten must.
    assert!((figure(&sheets[0], "largest latency of a tree") - 42.0).abs() < 1e-6);
    assert!((figure(&sheets[1], "largest latency of a tree") - 84.0).abs() < 1e-6);
    let three = self::sheets(CLASSROOM, &["--degree", "3"]);
    assert!((figure(&three[1], "diameter") - 4.0).abs() < 1e-6);
}

#[test]
fn nothing_that_is_simulated_beats_them() {
    use peerscape::metrics::MetricId;
    use peerscape::rng::Seed;
    use peerscape::simulation::{Knowledge, simulate};
    let experiment = peerscape::scenario::parse_str("a.toml", MIXED, std::path::Path::new("."), &[]);
    let experiment = experiment.expect("a scenario");
    let mut compared = 0;
    for cell in &experiment.cells {
        let sheet = peerscape::report::BoundSheet::of(cell, Seed(1), 8).expect("bounds");
        let row = |bound: &str| sheet.bounds.iter().find(|row| row.bound == bound).and_then(|row| row.value);
        let (Some(mean_ms), Some(p95_ms)) = (row("mean latency"), row("p95 latency")) else { continue };
        let record = simulate(cell, Seed(1), &Knowledge::of(&cell.settings)).expect("a record");
        let Some(measured) = record.values.get(MetricId::LatencyMean) else { continue };
        // Where some hear nothing, the others may hear sooner.
        if record.values.get(MetricId::Delivered).is_none_or(|delivered| delivered < 99.9) {
            continue;
        }
        assert!(measured >= mean_ms, "{}: {measured} ms, and at least {mean_ms}", cell.label);
        // The histogram's cells are some per cent wide.
        let p95 = record.values.get(MetricId::LatencyP95).expect("a percentile");
        assert!(p95 >= 0.97 * p95_ms, "{}: {p95} ms, and at least {p95_ms}", cell.label);
        compared += 1;
    }
    assert!(compared >= 4, "{compared}");
}

#[test]
fn a_file_in_pieces_and_talk_of_all_have_bounds_of_their_own() {
    let of = |workload: &str| {
        let (before, after) = CLASSROOM.split_once("[[workload]]").expect("a workload");
        let (_, topologies) = after.split_once("[[topology]]").expect("a topology");
        sheets(&format!("{before}[[workload]]\n{workload}[[topology]]{topologies}"), &[])
    };
    let file = of("kind = \"distribution\"\nsize = \"10 MB\"\npiece = \"1 MB\"\n");
    // 80 Mbit at 10 Mbit/s; ten parts double four times among nine, six among 39.
    assert!((figure(&file[0], "file makespan") - 8.0).abs() < 1e-6);
    assert!((figure(&file[0], "file makespan in parts") - 8.0 * 1.3).abs() < 1e-9);
    assert!((figure(&file[1], "file makespan in parts") - 8.0 * 1.5).abs() < 1e-9);
    let talk = of("kind = \"state-sync\"\nmessage = \"1250 B\"\nrate = \"10 /s\"\n");
    assert!((figure(&talk[0], "all-to-all rate") - 10e6 / 9.0).abs() < 1e-6);
    assert!((figure(&talk[0], "all-to-all rate of a full mesh") - 10e6 / 9.0).abs() < 1e-6);
    assert!((figure(&talk[0], "all-to-all rate of a single hub") - 10e6 / 81.0).abs() < 1e-6);
}

#[test]
fn the_text_names_what_binds_and_its_source() {
    let folder = workshop(CLASSROOM);
    let output = peerscape(folder.path(), &["bounds", "small.toml"]);
    let text = stdout(&output);
    for part in ["10 peers, seed 1", "40 peers, seed 1", "the source's uplink, peer", "Kumar, Liu and Ross", "42 ms"] {
        assert!(text.contains(part), "{part}:\n{text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 110), "{text}");
}

#[test]
fn odd_populations_have_an_answer() {
    let two = sheets(CLASSROOM, &["--set", "population.peers=2"]);
    assert_eq!((figure(&two[0], "relayed connections"), figure(&two[0], "largest latency")), (0.0, 42.0));
    let blocked =
        CLASSROOM.replace("nat = \"public\"", "nat = \"enterprise\"").replace("[webrtc]", "[webrtc]\nturn = \"none\"");
    let apart = sheets(&blocked, &["--set", "population.peers=200"]);
    let text = apart[0]["bounds"][0]["binds"].as_str().expect("a text").to_owned();
    assert!(text.contains("cut off from the others even with relays"), "{text}");
    assert!(figure(&apart[0], "peers that never hear") > 0.0);
    let folder = workshop(CLASSROOM);
    let wrong = peerscape(folder.path(), &["bounds", "small.toml", "--set", "population.peers=1"]);
    assert_eq!(wrong.status.code(), Some(2), "{}", stderr(&wrong));
}

/// Where several publish, every pair that messages go between has a shortest way; an audience leaves out the others.
#[test]
fn latencies_of_many_publishers_are_those_of_their_pairs() {
    let all = CLASSROOM
        .replace("kind = \"broadcast\"\n", "kind = \"state-sync\"\n")
        .replace("peers = [10, 40]", "peers = 12");
    // Every hop is 30 ms, and a message of 100,000 bits takes 10 ms up and 2 ms down.
    let sheet = &sheets(&all, &[])[0];
    for bound in ["largest latency", "p95 latency", "mean latency"] {
        assert!((figure(sheet, bound) - 42.0).abs() < 1e-6, "{bound}: {sheet:#}");
    }
    let sources = CLASSROOM.replace("rate =", "sources = 3\nrate =");
    assert!((figure(&sheets(&sources, &[])[0], "p95 latency") - 42.0).abs() < 1e-6);
    // In rooms fewer pairs count, so the largest of all pairs is no less.
    let mixed = MIXED.replace("kind = \"broadcast\"", "kind = \"state-sync\"");
    let rooms = mixed.replace("rate = \"5 /s\"", "rate = \"5 /s\"\nrooms_of = 6");
    let [of_all, of_rooms] = [&mixed, &rooms].map(|scenario| figure(&sheets(scenario, &[])[0], "largest latency"));
    assert!(of_rooms < of_all, "{of_rooms} {of_all}");
}

/// A bound with the mean size of messages would be beaten by the small ones.
#[test]
fn messages_of_several_sizes_have_no_bound_on_latency() {
    let asked = CLASSROOM.replace(
        "kind = \"broadcast\"\nmessage = \"12500 B\"\nrate = \"10 /s\"",
        "kind = \"request-response\"\nservers = 1\nrequest = \"100 B\"\nresponse = \"12500 B\"\nrate = \"1 /s\"",
    );
    let sheet = &sheets(&asked, &[])[0];
    let rows = sheet["bounds"].as_array().expect("a list");
    assert!(rows.iter().all(|row| row["unit"] != "ms"), "{sheet:#}");
    assert!(
        sheet["notes"].to_string().contains("no latency is bounded, for its messages are of several sizes"),
        "{sheet:#}"
    );
}

#[test]
fn who_can_never_hear_is_counted() {
    let cut_off = CLASSROOM
        .replace("nat = \"public\"", "nat = { apdm_apdf = \"100 %\" }")
        .replace("[webrtc]", "[webrtc]\nturn = \"none\"")
        .replace("peers = [10, 40]", "peers = 8");
    assert!((figure(&sheets(&cut_off, &[])[0], "peers that never hear") - 7.0).abs() < 1e-9);
    let talk = cut_off.replace("kind = \"broadcast\"", "kind = \"state-sync\"");
    let sheet = &sheets(&talk, &[])[0];
    assert!((figure(sheet, "pairs that never hear") - 56.0).abs() < 1e-9);
    assert!(sheet["notes"].to_string().contains("they know nothing of peers that cannot connect"), "{sheet:#}");
}

/// What adapts is no reason to exclude a family.
#[test]
fn a_bitrate_that_gives_way_is_told() {
    let live = CLASSROOM.replace("kind = \"broadcast\"\nmessage = \"12500 B\"\nrate = \"10 /s\"", "kind = \"live\"");
    let live = live.replace("overhead = \"none\"\n", "");
    let sheet = &sheets(&live, &[])[1];
    let notes = sheet["notes"].to_string();
    assert!(
        notes.contains("families are asked for the highest bitrate") && notes.contains("no latency is bounded"),
        "{sheet:#}"
    );
}

#[test]
fn a_run_says_what_no_overlay_of_its_peers_could_have_beaten() {
    let scenario = MIXED.replace("seeds = 1", "seeds = 3");
    let folder = workshop(&scenario);
    let topologies = "topology=[{kind='tree', degree=2}, {kind='tree', degree=8, order='optimised'}, {kind='mesh'}, \
                      {kind='star', hub='server'}]";
    let run = |more: &[&str]| {
        let words = ["run", "small.toml", "--force", "--out", "results", "--set", topologies];
        let output = peerscape(folder.path(), &[&words, more].concat());
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        stdout(&output)
    };
    let json: Value = serde_json::from_str(&run(&["--format", "json"])).expect("JSON");
    let least = &json["decisions"][0]["least"];
    let least_ms = least["p95_ms"].as_f64().expect("a bound");
    // The mean of what `bounds` says with each seed.
    let of_seed = |seed: &str| figure(&sheets(&scenario, &["--seed", seed])[0], "p95 latency");
    let mean_ms = ["1", "2", "3"].map(of_seed).iter().sum::<f64>() / 3.0;
    assert!((least_ms - mean_ms).abs() < 1e-9, "{least_ms} {mean_ms}");
    let p95_ms = |topology: &str| {
        let cells = json["cells"].as_array().expect("cells");
        let cell = cells.iter().find(|cell| cell["topology"] == topology).expect("a cell");
        cell["metrics"]["delivery_latency_p95_ms"]["mean"].as_f64().expect("a figure")
    };
    let trees = least["trees"].as_array().expect("trees");
    let narrow = trees.iter().find(|tree| tree[0] == "tree degree=2").expect("the narrow tree");
    let narrow_ms = narrow[1].as_f64().expect("a bound of the narrow tree");
    assert!(least_ms < narrow_ms && narrow_ms <= p95_ms("tree degree=2"), "{least}");
    for topology in ["tree degree=8 order=optimised", "mesh"] {
        assert!(p95_ms(topology) >= least_ms, "{topology}: {} {least_ms}", p95_ms(topology));
    }
    assert_ne!(least["fastest"][0], "star hub=server", "a server is not among the peers");
    let text = run(&[]).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("no overlay of these 60 peers alone that delivers everything can beat"), "{text}");
    let trees = text.split("no tree can beat, with as many children a peer: ").nth(1).expect("a line of trees");
    assert!(trees.split("warning").next().is_some_and(|trees| trees.contains("as tree degree=2")), "{text}");
    let plot =
        std::fs::read_to_string(folder.path().join("results/plots/delivery_latency_p95_ms.svg")).expect("a plot");
    assert!(plot.contains("no overlay of peers alone is faster"), "the plot has no line");
}

#[test]
fn packets_of_one_message_overlap_on_their_way() {
    let scenario = CLASSROOM
        .replace("peers = [10, 40]", "peers = 2")
        .replace("seeds = 1", "seeds = 2\ngrain = \"packet\"")
        .replace(
            "{ down = \"50 Mbit/s\", up = \"10 Mbit/s\", rtt = \"10 ms\" }",
            "{ down = \"2 Mbit/s\", up = \"2 Mbit/s\" }",
        )
        .replace("one_way = \"20 ms\"", "one_way = \"5 ms\"")
        .replace("[webrtc]\noverhead = \"none\"\n", "")
        .replace("12500 B", "4000 B")
        .replace("rate = \"10 /s\"", "rate = \"1 /s\"");
    let folder = workshop(&scenario);
    let output = peerscape(folder.path(), &["run", "small.toml", "--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let json: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    let least_ms = json["decisions"][0]["least"]["p95_ms"].as_f64().expect("a bound");
    let had_ms = json["cells"][0]["metrics"]["delivery_latency_p95_ms"]["mean"].as_f64().expect("a figure");
    // 16 ms on the uplink, 5 ms on the way, and the downlink at the same time but for a packet.
    assert!((21.0..22.5).contains(&least_ms) && had_ms > least_ms && had_ms < 38.0, "{least_ms} {had_ms}");
}

#[test]
fn a_plan_has_no_number_of_children() {
    let folder = workshop(&CLASSROOM.replace("peers = [10, 40]", "peers = 12"));
    let pairs: String = (1..12).map(|peer| format!("{},{peer}\n", if peer < 11 { 0 } else { 1 })).collect();
    std::fs::write(folder.path().join("plan.csv"), format!("a,b\n{pairs}")).expect("written");
    let words = ["run", "small.toml", "--format", "json", "--set", "topology=[{kind='file', file='plan.csv'}]"];
    let output = peerscape(folder.path(), &words);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let json: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    let least = &json["decisions"][0]["least"];
    assert!(least["p95_ms"].is_f64() && least["trees"].as_array().is_some_and(Vec::is_empty), "{least}");
}

#[test]
fn links_that_follow_traces_have_no_bound_on_latency() {
    let trace = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/data/4g-walk.trace");
    let traced = format!("link = {{ rtt = \"52 ms\" }}\ncapacity = {{ down = \"{trace}\", up = \"{trace}\" }}");
    let sheet = &sheets(&MIXED.replace("link = \"4g\"", &traced), &[])[0];
    assert!(sheet["notes"].to_string().contains("rates of links change"), "{sheet:#}");
    assert!(!sheet["bounds"].to_string().contains("p95 latency"), "{sheet:#}");
}

#[test]
fn messages_in_chunks_are_bounded_as_chunks() {
    let noted = |workload: &str| {
        let sheet = &sheets(&MIXED.replace("message = \"1000 B\"", workload), &[])[0];
        sheet["notes"].to_string().contains("bounded as those of one chunk")
    };
    assert!(noted("message = \"4 kB\"\nchunk = \"1 kB\"") && !noted("message = \"4 kB\""));
}
