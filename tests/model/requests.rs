//! Requests and responses against closed forms and across the grains.

use std::sync::Arc;

use peerscape::metrics::{MetricId, RunRecord};
use peerscape::overlay::workload::Workload;
use peerscape::presets::OrPreset;
use peerscape::rng::Seed;
use peerscape::scenario::{Grain, Settings};
use peerscape::units::{Probability, SimDuration};
use peerscape::webrtc::HeaderOverhead;

use super::oracles::{constant, mean_max_ns, run};
use super::support::{cell, ideal, simulate, symmetric, topology, workload};

fn requests(params: &str) -> Arc<dyn Workload> {
    let all = format!("{{ request = \"100 B\", response = \"900 B\", rate = \"1 /s\", {params} }}");
    workload("request-response", &all)
}

const PERIODIC: &str = r#"arrivals = "periodic""#;

fn value(record: &RunRecord, id: MetricId) -> f64 {
    record.values.get(id).expect("a value")
}

fn response_ms(record: &RunRecord) -> [Option<f64>; 2] {
    [MetricId::ResponseP50, MetricId::ResponseP95].map(|id| record.values.get(id))
}

#[test]
fn a_response_takes_four_one_way_delays_and_the_service_time_by_way_of_a_hub() {
    // The hub is a client, too; links and engines cost nothing.
    for service_ms in [0, 7] {
        let traffic = requests(&format!("service_time = \"{service_ms} ms\", {PERIODIC}"));
        let record = run(ideal(20, constant(20), vec![traffic]), "star", "{}", 1);
        assert_eq!(mean_max_ns(&record).1, 40_000_000);
        assert_eq!(response_ms(&record), [Some(80.0 + f64::from(service_ms)); 2]);
        let counts = record.counts;
        assert_eq!([counts.messages, counts.deliveries], [380, 380], "19 clients, 10 s at 1 /s, both ways");
        assert_eq!(counts.copies_sent, 740, "one hop each way for the hub, two for the others");
        assert_eq!(record.latency.count(), 190, "responses are no part of delivery latency");
        assert_eq!([MetricId::Answered, MetricId::Delivered].map(|id| record.values.get(id)), [Some(100.0); 2]);
    }
}

#[test]
fn a_response_takes_two_one_way_delays_over_a_mesh_and_two_hops_each_way_by_a_hub_that_is_no_peer() {
    let of = |kind, params| run(ideal(20, constant(20), vec![requests(PERIODIC)]), kind, params, 1);
    let mesh = of("mesh", "{}");
    assert_eq!(response_ms(&mesh), [Some(40.0); 2]);
    assert_eq!([mesh.counts.messages, mesh.counts.copies_sent], [380, 380]);
    // The hub's link adds half a millisecond a way, and its CPU what a message costs: more for the larger response.
    let star = of("star", r#"{ hub = "server" }"#);
    assert_eq!(star.counts.copies_sent, 760);
    assert_eq!(mean_max_ns(&star).1, 41_023_432);
    assert!((82.0..82.2).contains(&value(&star, MetricId::ResponseP95)), "{:?}", response_ms(&star));
}

#[test]
fn nobody_asks_where_no_request_is_made_and_a_lost_request_has_no_answer() {
    let reports = workload("telemetry", r#"{ message = "100 B", rate = "1 /s" }"#);
    let record = run(ideal(10, constant(20), vec![reports]), "mesh", "{}", 1);
    for id in [MetricId::ResponseP50, MetricId::ResponseP95, MetricId::Answered] {
        assert_eq!(record.values.get(id), None);
    }
    // Requests pass two links and responses two: (1 - 0.1)^4 is 65.6 % of 1,800, within four standard deviations.
    let asks =
        r#"{ request = "100 B", response = "100 B", rate = "10 /s", arrivals = "periodic", channel = "unreliable" }"#;
    let mut settings = ideal(19, constant(20), vec![workload("request-response", asks)]);
    settings.population.classes[0].link.value.loss = Probability::new(0.1).expect("a share").into();
    let record = run(settings, "mesh", "{}", 3);
    let answered = value(&record, MetricId::Answered);
    assert!((answered - 65.6).abs() < 4.5, "{answered} %");
    // Each request that arrives is answered.
    assert_eq!(record.counts.messages, 1_800 + record.latency.count());
}

#[test]
fn a_request_that_is_delivered_too_late_to_be_answered_is_not() {
    // The service takes longer than what is left of the run and its drain: 15 s in all.
    let traffic = requests(&format!("service_time = \"12 s\", {PERIODIC}"));
    let record = run(ideal(11, constant(20), vec![traffic]), "mesh", "{}", 1);
    let answered = value(&record, MetricId::Answered);
    assert!((20.0..40.0).contains(&answered), "those of the first 3 s of 10: {answered} %");
    assert_eq!(record.values.get(MetricId::Delivered), Some(100.0));
}

#[test]
fn popular_servers_are_asked_more() {
    // With an exponent of 3 the first of three servers has 1 of 1 + 1/8 + 1/27 clients: 86 %. One is the tree's root.
    let asked = |exponent: u32| {
        let traffic = requests(&format!("servers = 3, exponent = {exponent}, {PERIODIC}"));
        let mut settings = ideal(303, constant(20), vec![traffic]);
        settings.run.duration = SimDuration::from_secs(1);
        run(settings, "tree", "{ degree = 1000 }", 2).counts.copies_sent
    };
    // Copies of 600 messages: those of the root's clients are half of the others'.
    let [even, skewed] = [asked(0), asked(3)].map(|copies| (1_200 - copies) as f64 / 600.0);
    assert!((even - 1.0 / 3.0).abs() < 0.12, "{even} ask the root");
    assert!(!(0.2..0.8).contains(&skewed), "{skewed} ask the root, which is one of the three");
}

#[test]
fn the_grains_agree_on_requests() {
    for (kind, params) in
        [("mesh", "{}"), ("star", "{}"), ("tree", "{ degree = 3 }"), ("hybrid", "{ peers_per_hub = 5 }")]
    {
        let of_grain = |grain: Grain| -> RunRecord {
            let slow = requests(r#"servers = 2, service_time = "30 ms""#);
            let mut settings: Settings = ideal(20, constant(20), vec![slow]);
            settings.run.grain = grain;
            settings.webrtc.overhead = HeaderOverhead::Full;
            settings.run.warmup = SimDuration::from_secs(1);
            settings.population.classes[0].link.value = symmetric(20);
            settings.population.classes[0].engine = OrPreset::named("chromium").expect("a preset");
            simulate(&cell(settings, topology(kind, params)), Seed(2)).expect("runs")
        };
        let (message, packet) = (of_grain(Grain::Message), of_grain(Grain::Packet));
        assert_eq!(message.latency.count(), packet.latency.count(), "{kind}");
        for id in [MetricId::Answered, MetricId::Delivered] {
            assert_eq!([message.values.get(id), packet.values.get(id)], [Some(100.0); 2], "{kind}");
        }
        for id in [MetricId::ResponseP50, MetricId::ResponseP95] {
            let (a, b) = (value(&message, id), value(&packet, id));
            assert!((b / a - 1.0).abs() < 0.05, "{kind}: {a} and {b} ms");
        }
    }
}

#[test]
fn shortcuts_change_nothing_for_requests_under_losses_and_load() {
    // Most peers only pass on, so that arrivals need no events where nothing is sent again.
    for channel in ["unreliable", "reliable"] {
        for (kind, params) in [("star", "{}"), ("tree", "{ degree = 3 }"), ("hybrid", "{ peers_per_hub = 5 }")] {
            let parties = "from = \"party\", server_class = \"party\", servers = 2";
            let asks = requests(&format!("{parties}, channel = \"{channel}\""));
            let everybody =
                format!("{{ from = \"party\", message = \"900 B\", rate = \"20 /s\", channel = \"{channel}\" }}");
            let mut settings = ideal(30, constant(20), vec![workload("broadcast", &everybody), asks]);
            let share = |peers: f64| Probability::new(peers / 30.0).expect("a share");
            settings.population.classes[0].share = share(25.0);
            let link = &mut settings.population.classes[0].link.value;
            *link = symmetric(1);
            link.loss = Probability::new(0.02).expect("a share").into();
            let mut party = settings.population.classes[0].clone();
            (party.name, party.share) = ("party".into(), share(5.0));
            settings.population.classes.push(party);
            let record = run(settings, kind, params, 6);
            assert!(record.counts.deliveries > 1_000, "{kind}: {:?}", record.counts);
        }
    }
}
