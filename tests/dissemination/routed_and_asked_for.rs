//! Shortest paths and pulls: by every workload, at both grains.

use super::*;

const ROUTED: &[&str] =
    &["kind = \"random-regular\"\ndegree = 4", "kind = \"ring\"", "kind = \"nearest\"", "kind = \"mesh\""];
const TREES: &[&str] =
    &["kind = \"tree\"\ndegree = 3", "kind = \"hybrid\"\npeers_per_hub = 4", "kind = \"star\"\nhub = \"server\""];
const WORKLOADS: [&str; 4] = [BROADCAST, EVERYBODY, TOPICS, QUESTIONS];
const PULL: &str = "kind = \"random-regular\"\ndegree = 4\ndissemination = \"pull\"";

fn routed(topology: &str) -> String {
    format!("{topology}\ndissemination = \"shortest-path\"")
}

/// Where there are no rings, shortest paths are split horizon: as many copies, at the same times.
#[test]
fn shortest_paths_do_on_trees_what_split_horizon_does() {
    for (workload, topology) in WORKLOADS.iter().flat_map(|workload| TREES.iter().map(move |tree| (workload, tree))) {
        for grain in ["message", "packet"] {
            let one = run(&open_at_once(cell(24, grain, FAST, workload, topology)));
            let two = run(&open_at_once(cell(24, grain, FAST, workload, &routed(topology))));
            let counts = |record: &RunRecord| {
                [
                    record.counts.messages,
                    record.counts.deliveries,
                    record.counts.copies_sent,
                    record.counts.copies_arrived,
                ]
            };
            assert_eq!(counts(&one), counts(&two), "{workload} {topology} {grain}");
            assert!(counts(&one)[1] > 0);
            for id in [MetricId::LatencyP50, MetricId::LatencyMax] {
                assert_eq!(one.values.get(id), two.values.get(id), "{workload} {topology} {grain} {id:?}");
            }
            // Acknowledgements are taken from mean loads, which split horizon knows for each of its flows.
            let [one, two] = [&one, &two].map(|record| value(record, MetricId::UplinkMean));
            assert!((one / two - 1.0).abs() < 0.01, "{workload} {topology} {grain}: {one} {two}");
        }
    }
}

/// Every message comes to whom it is for, and to nobody twice, whatever rings there are.
#[test]
fn shortest_paths_bring_every_message_once() {
    for workload in WORKLOADS {
        for topology in ROUTED {
            let [messages, packets] = ["message", "packet"]
                .map(|grain| run(&open_at_once(cell(24, grain, FAST, workload, &routed(topology)))));
            for record in [&messages, &packets] {
                assert!((value(record, MetricId::Delivered) - 100.0).abs() < 1e-9, "{workload} {topology}");
                assert_eq!(record.counts.copies_duplicate, 0, "{workload} {topology}");
            }
            let counts = messages.counts;
            if [BROADCAST, EVERYBODY].contains(&workload) || *topology == "kind = \"mesh\"" {
                assert_eq!(counts.copies_arrived, counts.deliveries, "{workload} {topology}: a copy a receiver");
            } else {
                assert!(counts.copies_arrived > counts.deliveries, "{workload} {topology}: somebody passes on");
            }
            assert_eq!(counts.copies_arrived, packets.counts.copies_arrived, "{workload} {topology}");
            let [a, b] = [&messages, &packets].map(|record| value(record, MetricId::LatencyP95));
            assert!((a / b - 1.0).abs() < 0.05, "{workload} {topology}: {a} {b}");
        }
    }
}

/// A request goes by as many connections as its server is away, and so does its answer: as many copies as the hops of both.
#[test]
fn requests_take_the_shortest_way_and_so_do_answers() {
    // So few ask that hops are told of all.
    let questions = QUESTIONS.replace("rate = \"1 /s\"", "rate = \"5 /s\"");
    let topology = routed("kind = \"random-regular\"\ndegree = 3");
    let record = run(&open_at_once(cell(16, "message", FAST, &questions, &topology)));
    let hops = value(&record, MetricId::PathHops);
    let (copies, deliveries) = (record.counts.copies_arrived as f64, record.counts.deliveries as f64);
    assert!(hops > 1.5 && (copies / deliveries / hops - 1.0).abs() < 0.02, "{copies} {deliveries} {hops}");
}

/// By hops alone: as far as a flood's first copies; where there are no rings all is as by split horizon.
#[test]
fn shortest_paths_are_as_short_as_those_of_a_flood() {
    let both = |topology: &str| {
        [topology.to_owned(), routed(topology)].map(|topology| run(&cell(60, "message", FAST, BROADCAST, &topology)))
    };
    for topology in &ROUTED[..3] {
        let [flood, routed] = both(topology);
        for id in [MetricId::Depth, MetricId::PathHops, MetricId::Diameter] {
            assert_eq!(routed.values.get(id), flood.values.get(id), "{topology} {id:?}");
        }
        let [by_flood, by_hops] = [&flood, &routed].map(|record| value(record, MetricId::StretchMean));
        assert!(by_hops >= by_flood, "{topology}: a flood's first copy comes by the fastest way: {by_hops} {by_flood}");
    }
    for topology in TREES {
        let [horizon, routed] = both(topology);
        for id in
            [MetricId::Depth, MetricId::PathHops, MetricId::LinkStress, MetricId::StretchMean, MetricId::ServerOffload]
        {
            assert_eq!(routed.values.get(id), horizon.values.get(id), "{topology} {id:?}");
        }
    }
}

/// Every copy was asked for: none comes to who has it.
#[test]
fn a_pull_sends_no_copy_twice_where_nothing_is_lost() {
    for workload in WORKLOADS {
        for topology in [PULL, "kind = \"nearest\"\ndissemination = { kind = \"pull\", requests = 16 }"] {
            for grain in ["message", "packet"] {
                let record = run(&open_at_once(cell(24, grain, FAST, workload, topology)));
                assert!((value(&record, MetricId::Delivered) - 100.0).abs() < 1e-9, "{workload} {topology} {grain}");
                assert_eq!(record.counts.copies_duplicate, 0, "{workload} {topology} {grain}");
            }
        }
    }
}

/// What is lost is asked for again. Announcements and requests share an ordered channel: one in ten is lost and repeated,
/// and holds back what comes behind it for longer than requests wait. Those are repeated then, and answered twice.
#[test]
fn a_pull_makes_up_for_losses() {
    let lossy = format!("{FAST}, loss = \"5 %\"");
    let unreliable = BROADCAST.replace("reliable", "unreliable");
    let pull = "kind = \"random-regular\"\ndegree = 4\n[topology.dissemination]\nkind = \"pull\"\nask_again_after = \"400 ms\"";
    let [by_tree, by_pull] = ["kind = \"random-regular\"\ndegree = 4\ndissemination = \"shortest-path\"", pull]
        .map(|topology| run(&cell(60, "message", &lossy, &unreliable, topology)));
    let [tree, asked] = [&by_tree, &by_pull].map(|record| value(record, MetricId::Delivered));
    assert!(tree < 80.0 && asked > 99.0, "{tree} {asked}");
    let duplicates = value(&by_pull, MetricId::Duplicates);
    assert!(duplicates > 0.0 && duplicates < 0.5, "{duplicates}");
}

#[test]
fn the_same_seed_routes_and_asks_the_same() {
    for topology in [routed(ROUTED[0]), PULL.to_owned()] {
        for grain in ["message", "packet"] {
            let cell = cell(30, grain, FAST, EVERYBODY, &topology);
            assert_eq!(run(&cell), run(&cell), "{topology} {grain}");
        }
    }
}

/// Eight requests a round trip are fewer messages than there are: what waits to be asked for is told.
#[test]
fn a_pull_that_cannot_keep_up_is_found() {
    let much = BROADCAST.replace("10 /s", "400 /s");
    let record = run(&cell(20, "message", FAST, &much, "kind = \"tree\"\ndegree = 2\ndissemination = \"pull\""));
    assert!(value(&record, MetricId::Delivered) < 60.0, "{}", value(&record, MetricId::Delivered));
    let told = record.findings.iter().any(|finding| finding.text.contains("wait to be asked for"));
    assert!(told, "{:?}", record.findings);
}
