//! Ways through overlays against closed forms: hops, detours, who sends how much.

use super::support::{cell, ideal, simulate, topology, workload};
use peerscape::metrics::{MetricId, RunRecord};
use peerscape::net::LatencySpec;
use peerscape::presets::OrPreset;
use peerscape::rng::Seed;
use peerscape::scenario::Settings;

fn settings(peers: u32, kind: &str, parameters: &str) -> Settings {
    let mut settings = ideal(peers, LatencySpec::default(), vec![workload(kind, parameters)]);
    settings.population.classes[0].link = OrPreset::named("cable").expect("a preset");
    settings
}

fn run(settings: Settings, kind: &str, parameters: &str) -> RunRecord {
    simulate(&cell(settings, topology(kind, parameters)), Seed(1)).expect("it runs")
}

fn broadcast(peers: u32, kind: &str, parameters: &str) -> RunRecord {
    let told = "{ message = \"100 B\", rate = \"1 /s\", sources = 1 }";
    run(settings(peers, "broadcast", told), kind, parameters)
}

fn of<const N: usize>(record: &RunRecord, ids: [MetricId; N]) -> [Option<f64>; N] {
    ids.map(|id| record.values.get(id))
}

const SHAPE: [MetricId; 4] = [MetricId::Depth, MetricId::Diameter, MetricId::VertexCut, MetricId::LinkStress];

#[test]
fn a_full_tree_is_as_deep_as_its_levels() {
    for (degree, depth) in [(2_u32, 5_u32), (3, 3), (4, 3)] {
        let level = |level: u32| f64::from(degree.pow(level));
        let peers = (0..=depth).map(level).sum::<f64>();
        let record = broadcast(peers as u32, "tree", &format!("{{ degree = {degree} }}"));
        let (deep, fan) = (f64::from(depth), f64::from(degree));
        assert_eq!(of(&record, SHAPE), [deep, 2.0 * deep, 1.0, fan].map(Some));
        let hops: f64 = (1..=depth).map(|hops| f64::from(hops) * level(hops)).sum();
        assert_eq!(record.values.get(MetricId::PathHops), Some(hops / (peers - 1.0)));
    }
}

#[test]
fn a_mesh_takes_no_detour_and_a_star_none_from_its_hub() {
    let mesh = broadcast(20, "mesh", "{}");
    assert_eq!(of(&mesh, SHAPE), [1.0, 1.0, 19.0, 19.0].map(Some));
    assert_eq!(of(&mesh, [MetricId::StretchMean, MetricId::StretchP95]), [Some(1.0); 2]);
    assert_eq!(mesh.values.get(MetricId::ServerOffload), Some(100.0));
    let star = broadcast(20, "star", "{}");
    let served = broadcast(20, "star", "{ hub = \"server\" }");
    assert_eq!(of(&served, SHAPE), [2.0, 2.0, 1.0, 1.0].map(Some));
    assert_eq!(of(&served, [MetricId::ServerOffload]), [Some(0.0)]);
    assert!(served.values.get(MetricId::StretchMean) > Some(1.0));
    assert_eq!(star.values.get(MetricId::ServerOffload), Some(100.0));
    assert_eq!(star.values.get(MetricId::Diameter), Some(2.0));
}

#[test]
fn a_flood_sends_over_all_connections_but_one() {
    let record = broadcast(40, "random-regular", "{ degree = 4 }");
    let [depth, diameter, _, stress] = of(&record, SHAPE);
    assert!(depth <= diameter && depth.is_some(), "{depth:?} {diameter:?}");
    assert!(stress >= Some(4.0), "the source sends to all of its neighbours: {stress:?}");
}

#[test]
fn where_all_send_alike_no_peer_is_a_hub() {
    let told = "{ message = \"100 B\", rate = \"1 /s\" }";
    let record = run(settings(100, "state-sync", told), "mesh", "{}");
    let share = record.values.get(MetricId::HubShare).expect("a share");
    assert!(share < 1.5, "one of a hundred sends {share} % of all");
    let record = run(settings(100, "state-sync", told), "star", "{}");
    let share = record.values.get(MetricId::HubShare).expect("a share");
    // The hub passes on 99 * 98 of 99 * 99 + 99 copies, and the others send 99.
    assert!((share - 99.0).abs() < 0.5, "the hub sends {share} %");
}
