//! What every topology must keep to, for each row of the table and several sizes.

use std::collections::BTreeSet;

use super::support::{flooded, ideal, topology, with_defaults};
use peerscape::net::LatencySpec;
use peerscape::overlay::Overlay;
use peerscape::overlay::topology::{BuildContext, Topology};
use peerscape::rng::{Domain, Seed, Streams};
use peerscape::scenario::Settings;
use peerscape::world::{World, WorldSpec};
use petgraph::algo::connected_components;

const SIZES: &[u32] = &[1, 2, 3, 5, 17, 100, 257];

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
    let context =
        BuildContext { world, sources, flows: &[], audiences: &[], webrtc: &settings.webrtc, dissemination: None };
    topology.build(&context, &mut Streams::new(Seed(1)).stream(Domain::Topology, 0))
}

fn for_every_topology(check: impl Fn(&str, &World, &Overlay)) {
    for_every(|name, _, world, overlay| check(name, world, overlay));
}

fn for_every(check: impl Fn(&str, &dyn Topology, &World, &Overlay)) {
    let extra = [
        ("star", r#"{ hub = "server" }"#),
        ("tree", r#"{ degree = 1, order = "arrival" }"#),
        ("tree", r#"{ degree = 3, order = "latency" }"#),
        ("tree", r#"{ degree = 3, order = "latency-within-budgets" }"#),
        ("hybrid", r#"{ hubs = 3, choose = "servers", attach = { kind = "tree", order = "latency" } }"#),
        ("hybrid", r#"{ choose = { class = "ideal" } }"#),
        ("hybrid", r#"{ hubs = 8, core = { kind = "random-regular", degree = 3 } }"#),
        ("hybrid", r#"{ hubs = 8, core = { kind = "ring", neighbours = 1, shortcuts = 0 }, attach = "mesh" }"#),
        ("hybrid", r#"{ hubs = 4, core = "genet", attach = { kind = "nearest", degree = 2 } }"#),
        ("hybrid", r#"{ hubs = 2, core = "star", attach = { kind = "ring", shortcuts = 1 } }"#),
        ("random-regular", "{ degree = 3 }"),
        ("ring", "{ neighbours = 1, shortcuts = 0 }"),
        ("nearest", "{ degree = 1, links = 0 }"),
        ("webtorrent", "{ announces = 12 }"),
        ("genet", "{ degree = 1 }"),
        ("hyparview", "{ cycles = 0 }"),
        ("gossipsub", r#"{ links = "all" }"#),
    ];
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
            check(&format!("{} of {peers}", topology.label()), &*topology, &world, &overlay);
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
    for_every(|name, topology, world, overlay| {
        if !topology.dissemination().is_horizon() {
            return;
        }
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

/// Over any graph: all of `n` nodes, with `2 m - (n - 1)` copies over `m` connections, as few of them new as there are
/// receivers.
#[test]
fn a_flood_reaches_every_node_of_every_topology() {
    for_every(|name, _, world, overlay| {
        for copies in flooded(overlay, [0, world.peers() / 2, world.peers() - 1]) {
            assert_eq!(copies, 2 * overlay.connections() - u64::from(overlay.nodes() - 1), "{name}");
        }
    });
}

/// As many connections as the topology says beforehand; where peers dial one another somewhat less, where parts are joined
/// somewhat more.
#[test]
fn shapes_tell_how_many_connections_there_are() {
    for_every(|name, topology, world, overlay| {
        let (told, built) = (topology.shape(world.peers()).connections(), overlay.connections());
        let dials = ["nearest", "ring", "webtorrent", "y-webrtc", "hyparview", "gossipsub", "multi-tree"]
            .iter()
            .any(|kind| name.starts_with(kind));
        // Hubs do not all have as many spokes.
        let dials = dials || (topology.dissemination().takes_rings() && name.starts_with("hybrid"));
        let least = if dials { 0.6 * told as f64 } else { told as f64 };
        let most = if name.contains("nearest") { 1.2 * told as f64 } else { told as f64 };
        assert!(built as f64 <= most && built as f64 >= least, "{name}: {built} of {told}");
    });
}

#[test]
fn random_graphs_keep_their_degrees() {
    for (kind, params, least, most) in [
        ("random-regular", "{ degree = 6 }", 6, 6),
        ("random-regular", "{ degree = 9 }", 9, 9),
        // Of the ring four, one that it dials, and those that dial it.
        ("ring", "{ neighbours = 2, shortcuts = 1 }", 5, 14),
        ("nearest", "{ degree = 3, links = 1 }", 4, 24),
    ] {
        let topology = topology(kind, params);
        let settings = ideal(2_000, LatencySpec::default(), Vec::new());
        let world = world(&settings, &*topology);
        let overlay = built(&*topology, &settings, &world, &[]);
        let degrees = (0..2_000).map(|peer| overlay.degree(peer));
        assert!(degrees.clone().all(|degree| (least..=most).contains(&degree)), "{kind}: {:?}", degrees.max());
    }
}

/// Whom a peer dials is no farther than whom it does not, as far as places tell.
#[test]
fn near_neighbours_are_near() {
    let nearest = topology("nearest", "{ degree = 4, links = 0 }");
    let mut settings = ideal(300, LatencySpec::default(), Vec::new());
    settings.population.regions = peerscape::presets::OrPreset::named("world").expect("a preset");
    let world = world(&settings, &*nearest);
    let overlay = built(&*nearest, &settings, &world, &[]);
    for peer in 0..300 {
        let delay_ns = |other: u32| world.typical_delay_ns(peer, other).expect("all are public");
        let mut all: Vec<u64> = (0..300).filter(|&other| other != peer).map(delay_ns).collect();
        let mut own: Vec<u64> = overlay.pair_neighbours(peer).iter().map(|&other| delay_ns(other)).collect();
        all.sort_unstable();
        own.sort_unstable();
        assert_eq!(own[..4], all[..4], "{peer}");
    }
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

/// Delays from the root of a tree of peers on cable, DSL and mobile links all over the world: the largest and the mean, and
/// what they cannot fall below, the largest direct delay from the root; in ms.
fn delays_ms(params: &str) -> (f64, f64, f64) {
    let mut settings = ideal(1_000, LatencySpec::default(), Vec::new());
    settings.population.regions = peerscape::presets::OrPreset::named("world").expect("a preset");
    settings.population.classes = ["cable", "dsl", "4g"]
        .map(|link| peerscape::world::ClassSpec {
            link: peerscape::presets::OrPreset::named(link).expect("a preset"),
            share: peerscape::units::Probability::new(1.0 / 3.0).expect("a share"),
            nat: peerscape::presets::OrPreset::named("public").expect("a preset"),
            ..peerscape::world::ClassSpec::named(link)
        })
        .to_vec();
    let tree = topology("tree", params);
    let world = world(&settings, &*tree);
    let overlay = built(&*tree, &settings, &world, &[7]);
    let delay = |a, b| world.typical_delay_ns(a, b).expect("all are public") as f64 / 1e6;
    let (mut last, mut total, mut pending) = (0.0_f64, 0.0, vec![(7, None, 0.0)]);
    while let Some((node, from, heard_ms)) = pending.pop() {
        last = last.max(heard_ms);
        total += heard_ms;
        assert!(overlay.degree(node) <= 5, "a parent and four children");
        pending.extend(overlay.next_hops(node, from).map(|next| (next, Some(node), heard_ms + delay(node, next))));
    }
    let least = (0..1_000).filter(|&peer| peer != 7).map(|peer| delay(7, peer)).fold(0.0, f64::max);
    (last, total / 999.0, least)
}

/// With four children each, a tree that knows delays takes at most half the time of one that knows uplinks only, and at most
/// twice that of direct paths.
#[test]
fn a_tree_that_knows_delays_is_shorter_than_one_that_does_not() {
    let uplinks = delays_ms("{}");
    let latency = delays_ms(r#"{ order = "latency" }"#);
    assert!(latency.0 < 0.5 * uplinks.0 && latency.1 < 0.5 * uplinks.1, "{latency:?} and {uplinks:?}");
    assert!(latency.0 < 2.0 * latency.2, "{latency:?}");
}
