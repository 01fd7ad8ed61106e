//! What every topology must keep to, for each row of the table and several sizes.

use std::collections::BTreeSet;

use super::support::{ideal, topology, with_defaults};
use peerscape::net::LatencySpec;
use peerscape::overlay::Overlay;
use peerscape::overlay::topology::{BuildContext, Topology};
use peerscape::rng::{Domain, Seed, Streams};
use peerscape::scenario::Settings;
use peerscape::world::{World, WorldSpec};
use petgraph::algo::connected_components;

const SIZES: &[u32] = &[2, 3, 17, 100, 257];

fn world(settings: &Settings, topology: &dyn Topology) -> World {
    WorldSpec {
        population: &settings.population,
        latency: &settings.latency,
        webrtc: &settings.webrtc,
        servers: topology.servers(settings.population.peers.get()),
    }
    .generate(Streams::new(Seed(1)))
    .expect("a world")
}

fn built(topology: &dyn Topology, settings: &Settings, world: &World, sources: &[u32]) -> Overlay {
    let context = BuildContext { world, sources, flows: &[], audiences: &[], webrtc: &settings.webrtc };
    topology.build(&context, &mut Streams::new(Seed(1)).stream(Domain::Topology, 0))
}

fn for_every_topology(check: impl Fn(&str, &World, &Overlay)) {
    let extra = [("star", r#"{ hub = "server" }"#), ("tree", r#"{ degree = 1, order = "arrival" }"#)];
    let defaults = with_defaults().map(|kind| (kind, "{}"));
    for (kind, params) in defaults.chain(extra) {
        let topology = topology(kind, params);
        for &peers in SIZES {
            let mut settings = ideal(peers, LatencySpec::default(), Vec::new());
            settings.population.classes[0].link = peerscape::presets::OrPreset::named("cable").expect("a preset");
            let world = world(&settings, &*topology);
            let build = || built(&*topology, &settings, &world, &[peers / 2]);
            let overlay = build();
            assert_eq!(format!("{overlay:?}"), format!("{:?}", build()), "{kind} is not deterministic");
            check(&format!("{} of {peers}", topology.label()), &world, &overlay);
        }
    }
}

#[test]
fn every_topology_is_connected() {
    for_every_topology(|name, world, overlay| {
        assert_eq!(overlay.nodes(), world.nodes(), "{name}");
        assert_eq!(connected_components(&overlay.to_petgraph()), 1, "{name}");
    });
}

#[test]
fn a_message_of_any_peer_reaches_every_other_exactly_once() {
    for_every_topology(|name, world, overlay| {
        for source in [0, world.peers() / 2, world.peers() - 1] {
            let mut reached = vec![0_u32; world.nodes() as usize];
            let mut pending = vec![(source, None)];
            while let Some((node, from)) = pending.pop() {
                reached[node as usize] += 1;
                pending.extend(overlay.next_hops(node, from).map(|next| (next, Some(node))));
            }
            assert!(reached.iter().all(|&times| times == 1), "{name} from {source}: {reached:?}");
        }
    });
}

#[test]
fn degrees_and_connections_agree() {
    for_every_topology(|name, _, overlay| {
        let mut pairs = BTreeSet::new();
        let mut degrees = vec![0_u32; overlay.nodes() as usize];
        overlay.for_each_connection(|connection| {
            let (a, b) = (connection.a, connection.b);
            assert!(a != b && pairs.insert((a.min(b), a.max(b))), "{name}: {a} {b} twice");
            degrees[a as usize] += 1;
            degrees[b as usize] += 1;
        });
        assert_eq!(pairs.len() as u64, overlay.connections(), "{name}");
        assert!((0..overlay.nodes()).all(|node| overlay.degree(node) == degrees[node as usize]), "{name}");
    });
}

#[test]
fn a_tree_keeps_its_degree() {
    let tree = topology("tree", "{ degree = 3 }");
    let settings = ideal(100, LatencySpec::default(), Vec::new());
    let world = world(&settings, &*tree);
    let overlay = built(&*tree, &settings, &world, &[7]);
    assert_eq!(overlay.degree(7), 3, "the source is the root");
    assert!((0..100).all(|peer| overlay.degree(peer) <= 4));
}

#[test]
fn labels_tell_topologies_apart() {
    let labels: BTreeSet<String> = with_defaults().map(|kind| topology(kind, "{}").label()).collect();
    assert_eq!(labels.len(), with_defaults().count());
}

/// Who is not at the nearest hub finds none nearer with room: by places, since pairs' own draws are not known beforehand.
#[test]
fn spokes_are_at_the_nearest_hub_with_room() {
    let hybrid = topology("hybrid", "{ peers_per_hub = 7 }");
    let mut settings = ideal(200, LatencySpec::default(), Vec::new());
    settings.population.regions = peerscape::presets::OrPreset::named("world").expect("a preset");
    let world = world(&settings, &*hybrid);
    let overlay = built(&*hybrid, &settings, &world, &[]);
    let hubs = overlay.block(0);
    let has_room = |hub: u32| overlay.pair_neighbours(hub).len() < 6;
    let delay_ns = |hub: u32, spoke: u32| world.typical_delay_ns(hub, spoke).expect("all are public");
    let mut own_city = 0;
    for &hub in hubs {
        for &spoke in overlay.pair_neighbours(hub) {
            let nearer = hubs.iter().filter(|&&other| delay_ns(other, spoke) < delay_ns(hub, spoke));
            assert!(nearer.clone().all(|&other| !has_room(other)), "{spoke} at {hub}");
            own_city += u32::from(nearer.count() == 0);
        }
    }
    assert!(own_city > 85, "{own_city} of 171 are at the nearest of all");
}
