//! Hybrids are made of topologies: what their compositions have in common with these.

use std::collections::BTreeSet;

use super::support::{cell, flooded, ideal, simulate, topology, workload};
use peerscape::metrics::MetricId;
use peerscape::net::LatencySpec;
use peerscape::overlay::Overlay;
use peerscape::overlay::audience::ALL;
use peerscape::overlay::topology::{BuildContext, Topology};
use peerscape::overlay::workload::{Arrivals, Channel, Flow, Part, Role};
use peerscape::presets::OrPreset;
use peerscape::rng::{Domain, Seed, Streams};
use peerscape::scenario::Settings;
use peerscape::units::{Bitrate, ByteCount, Probability, SimDuration, SimTime};
use peerscape::webrtc::HeaderOverhead;
use peerscape::world::{World, WorldSpec};
use proptest::prelude::*;

fn settings(peers: u32) -> Settings {
    let mut settings = ideal(peers, LatencySpec::default(), Vec::new());
    settings.population.regions = OrPreset::named("world").expect("a preset");
    settings.population.classes[0].link = OrPreset::named("cable").expect("a preset");
    settings
}

fn world(settings: &Settings) -> World {
    let Settings { population, latency, webrtc, .. } = settings;
    WorldSpec { population, latency, webrtc, servers: 0 }.generate(Streams::new(Seed(1))).expect("a world")
}

fn built(topology: &dyn Topology, settings: &Settings, world: &World, flows: &[Flow]) -> Overlay {
    let context =
        BuildContext { world, sources: &[], flows, audiences: &[], webrtc: &settings.webrtc, dissemination: None };
    topology.build(&context, &mut Streams::new(Seed(1)).stream(Domain::Topology, 0))
}

fn connections(overlay: &Overlay) -> BTreeSet<(u32, u32)> {
    let mut found = BTreeSet::new();
    overlay.for_each_connection(|c| assert!(found.insert((c.a.min(c.b), c.a.max(c.b))), "{c:?} is there twice"));
    found
}

fn of(kind: &str, parameters: &str, peers: u32) -> BTreeSet<(u32, u32)> {
    let settings = settings(peers);
    connections(&built(&*topology(kind, parameters), &settings, &world(&settings), &[]))
}

#[test]
fn one_hub_is_a_star_and_nothing_but_hubs_is_the_core() {
    for peers in [1, 2, 3, 17, 60] {
        for core in ["genet", "random-regular", "ring", "nearest"] {
            assert_eq!(of("hybrid", &format!("{{ hubs = 1, core = \"{core}\" }}"), peers), of("star", "{}", peers));
        }
        for core in ["mesh", "star", "tree"] {
            assert_eq!(of("hybrid", &format!("{{ hubs = 1, core = \"{core}\" }}"), peers), of("star", "{}", peers));
            let all = format!("{{ peers_per_hub = 1, core = \"{core}\" }}");
            assert_eq!(of("hybrid", &all, peers), of(core, "{}", peers), "{core} of {peers}");
        }
        let attached = |attach: &str| of("hybrid", &format!("{{ hubs = 1, attach = {attach} }}"), peers);
        assert_eq!(attached("\"mesh\""), of("mesh", "{}", peers));
        assert_eq!(attached("{ kind = \"tree\", degree = 3 }"), of("tree", "{ degree = 3 }", peers));
    }
}

/// What is drawn is drawn anew among others, so that only what all draws have in common is the same.
#[test]
fn parts_that_are_drawn_keep_their_degrees() {
    let settings = settings(200);
    let world = world(&settings);
    for (part, least, most) in [
        ("{ kind = \"random-regular\", degree = 5 }", 5, 5),
        ("{ kind = \"ring\", neighbours = 2, shortcuts = 0 }", 4, 4),
        ("{ kind = \"nearest\", degree = 3, links = 1 }", 3, 24),
        ("{ kind = \"genet\", degree = 4 }", 1, 5),
    ] {
        for text in [format!("{{ hubs = 1, attach = {part} }}"), format!("{{ peers_per_hub = 1, core = {part} }}")] {
            let overlay = built(&*topology("hybrid", &text), &settings, &world, &[]);
            let degrees = (0..200).map(|peer| overlay.degree(peer));
            assert!(degrees.clone().all(|degree| (least..=most).contains(&degree)), "{text}: {:?}", degrees.max());
        }
        // Twenty hubs with nine spokes each: the core and its degrees are theirs alone.
        let cored = built(&*topology("hybrid", &format!("{{ hubs = 20, core = {part} }}")), &settings, &world, &[]);
        let hubs: Vec<u32> = (0..200).filter(|&peer| cored.degree(peer) > 1).map(|hub| cored.degree(hub)).collect();
        assert_eq!(hubs.len(), 20);
        assert!(hubs.iter().all(|degree| (9 + least..=9 + most).contains(degree)), "{part}: {hubs:?}");
        // And twenty such parts of ten, whose hubs are all connected.
        let attached =
            built(&*topology("hybrid", &format!("{{ hubs = 20, attach = {part} }}")), &settings, &world, &[]);
        let hubs: BTreeSet<u32> = attached.block(0).iter().copied().collect();
        let of_core = |peer| if hubs.contains(&peer) { 19 } else { 0 };
        let degrees: Vec<u32> = (0..200).map(|peer| attached.degree(peer) - of_core(peer)).collect();
        assert!(degrees.iter().all(|degree| (least..=most).contains(degree)), "{part}: {degrees:?}");
    }
}

#[test]
fn who_hears_the_same_stands_together() {
    let settings = settings(60);
    let world = world(&settings);
    let audiences: Vec<Vec<u32>> = (0..6).map(|room| (room..60).step_by(6).collect()).collect();
    let topology = topology("hybrid", "{ by_audience = true, attach = \"mesh\", choose = \"best-uplink\" }");
    let context = BuildContext {
        world: &world,
        sources: &[],
        flows: &[],
        audiences: &audiences,
        webrtc: &settings.webrtc,
        dissemination: None,
    };
    let overlay = topology.build(&context, &mut Streams::new(Seed(1)).stream(Domain::Topology, 0));
    assert!(!overlay.has_ring());
    let found = connections(&overlay);
    for room in &audiences {
        let within = found.iter().filter(|(a, b)| room.contains(a) && room.contains(b));
        assert_eq!(within.count(), 45, "ten peers, all connected");
        let hubs: BTreeSet<u32> = found.iter().filter(|(a, b)| a % 6 != b % 6).flat_map(|&(a, b)| [a, b]).collect();
        assert_eq!(room.iter().filter(|peer| hubs.contains(peer)).count(), 1, "one hub a room");
    }
    assert_eq!(found.len(), 6 * 45 + 15);
}

/// Any core, anything below, one level deeper.
fn nested(leaf: impl Strategy<Value = String> + 'static) -> impl Strategy<Value = String> {
    leaf.prop_recursive(3, 8, 2, |part| {
        (1_u32..9, part.clone(), part).prop_map(|(per_hub, core, attach)| {
            format!("{{ kind = \"hybrid\", peers_per_hub = {per_hub}, core = {core}, attach = {attach} }}")
        })
    })
}

fn without_rings() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("{ kind = \"mesh\" }".to_owned()),
        Just("{ kind = \"star\" }".to_owned()),
        (1_u32..6).prop_map(|degree| format!("{{ kind = \"tree\", degree = {degree} }}")),
        (1_u32..6).prop_map(|degree| format!("{{ kind = \"genet\", degree = {degree} }}")),
    ]
}

fn with_rings() -> impl Strategy<Value = String> {
    prop_oneof![
        (2_u32..7).prop_map(|degree| format!("{{ kind = \"random-regular\", degree = {degree} }}")),
        (1_u32..4, 0_u32..3)
            .prop_map(|(near, far)| format!("{{ kind = \"ring\", neighbours = {near}, shortcuts = {far} }}")),
        (1_u32..4, 0_u32..3)
            .prop_map(|(degree, links)| format!("{{ kind = \"nearest\", degree = {degree}, links = {links} }}")),
    ]
}

/// A hybrid of such parts, and how many peers it is for.
fn hybrids(leaf: impl Strategy<Value = String> + Clone + 'static) -> impl Strategy<Value = (String, u32)> {
    (nested(leaf.clone()), nested(leaf), 1_u32..90, 1_u32..20).prop_map(|(core, attach, peers, per_hub)| {
        (format!("{{ peers_per_hub = {per_hub}, core = {core}, attach = {attach} }}"), peers)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever is nested in whatever hangs together without a ring, so that split horizon brings every message once.
    #[test]
    fn every_composition_hangs_together_without_a_ring((text, peers) in hybrids(without_rings().boxed())) {
        let (hybrid, settings) = (topology("hybrid", &text), settings(peers));
        let overlay = built(&*hybrid, &settings, &world(&settings), &[]);
        prop_assert!(!overlay.has_ring() && hybrid.dissemination().is_horizon(), "{}", text);
        prop_assert_eq!(petgraph::algo::connected_components(&overlay.to_petgraph()), 1, "{}", text);
        connections(&overlay);
    }

    /// With parts that have rings it hangs together too, no pair is connected twice, what it passes messages on by can do
    /// with the rings, and a flood makes as many copies as in any graph.
    #[test]
    fn every_composition_with_rings_is_flooded(
        (text, peers) in hybrids(prop_oneof![without_rings(), with_rings()].boxed())
    ) {
        let (hybrid, settings) = (topology("hybrid", &text), settings(peers));
        let overlay = built(&*hybrid, &settings, &world(&settings), &[]);
        prop_assert!(!overlay.has_ring() || hybrid.dissemination().takes_rings(), "{}", text);
        prop_assert_eq!(petgraph::algo::connected_components(&overlay.to_petgraph()), 1, "{}", text);
        prop_assert_eq!(connections(&overlay).len() as u64, overlay.connections());
        let copies = flooded(&overlay, [peers / 2]);
        prop_assert_eq!(copies, [2 * overlay.connections() - u64::from(peers - 1)], "{}", text);
    }
}

/// As many sources as given, each with ten messages of 1,200 bytes a second for everybody.
fn flows(sources: u32) -> Vec<Flow> {
    let flow = |source: u32| Flow {
        id: u64::from(source),
        source,
        audience: ALL,
        arrivals: Arrivals::Periodic,
        start: SimTime::ZERO,
        period: SimDuration::from_ms(100),
        times: None,
        size: ByteCount::new(1_200),
        channel: Channel::Unreliable,
        role: Role::Message,
        part: Part::WHOLE,
    };
    (0..sources).map(flow).collect()
}

const COPIES_MAX: f64 = 0.5;

/// What MODELS.md says, for peers that only their uplinks limit: how many spokes a hub of `hubs` in a full mesh serves.
fn spokes_max(up_bps: f64, sources: f64, wire_bits: f64, hubs: f64) -> Option<f64> {
    let all = 10.0 * sources;
    let copies = |spokes: f64| {
        let own = (all * (spokes + 1.0) / 60.0).max(10.0);
        own * (hubs - 1.0) + all * spokes
    };
    let fits = |&spokes: &u32| copies(f64::from(spokes)) * wire_bits <= COPIES_MAX * up_bps;
    (0..=60 - hubs as u32).take_while(fits).last().map(f64::from)
}

/// The smallest number of hubs that has room for all others, of the peers with the fastest uplinks.
fn smallest(world: &World, sources: f64, wire_bits: f64) -> Option<usize> {
    let mut uplinks: Vec<f64> = (0..60).map(|node| world.rates(node).up.expect("a rate").as_bps() as f64).collect();
    uplinks.sort_by(|a, b| b.total_cmp(a));
    (1..=60).find(|&hubs| {
        let rooms: Option<Vec<f64>> =
            uplinks[..hubs].iter().map(|&up| spokes_max(up, sources, wire_bits, hubs as f64)).collect();
        rooms.is_some_and(|rooms| rooms.iter().sum::<f64>() >= (60 - hubs) as f64)
    })
}

fn hubs_of(overlay: &Overlay) -> usize {
    if overlay.blocks() == 0 { 1 } else { overlay.block(0).len() }
}

/// As the closed form has it, and one less does not do.
#[test]
fn as_few_hubs_as_budgets_allow() {
    let settings = settings(60);
    let world = world(&settings);
    let wire_bits = settings.webrtc.wire(ByteCount::new(1_200)).bytes.get() as f64 * 8.0;
    let hybrid = topology("hybrid", "{ hubs = \"auto\", choose = \"best-capacity\" }");
    let mut met = BTreeSet::new();
    for sources in 1..=16 {
        let overlay = built(&*hybrid, &settings, &world, &flows(sources));
        let Some(wanted) = smallest(&world, f64::from(sources), wire_bits) else { continue };
        assert_eq!(hubs_of(&overlay), wanted, "{sources} sources");
        met.insert(wanted);
    }
    assert!(met.len() > 3, "sources ask for different numbers of hubs: {met:?}");
}

/// Where no number of hubs suffices, everybody is connected all the same, and the simulation tells what is missing; a full
/// mesh of all is not the way out.
#[test]
fn where_no_choice_works_nobody_is_left_out() {
    let settings = settings(60);
    let world = world(&settings);
    for core in ["mesh", "star", "tree"] {
        let hybrid = topology("hybrid", &format!("{{ hubs = \"auto\", core = \"{core}\" }}"));
        let overlay = built(&*hybrid, &settings, &world, &flows(60));
        assert_eq!(petgraph::algo::connected_components(&overlay.to_petgraph()), 1, "{core}");
        assert!(hubs_of(&overlay) < 60, "{core}");
    }
}

/// Who cannot bear the core is passed over while another can: phones come first by number, and none becomes a hub.
#[test]
fn who_would_be_overloaded_is_no_hub_while_another_is_free() {
    let mut settings = settings(40);
    let half = Probability::new(0.5).expect("a share");
    let mut slow = settings.population.classes[0].clone();
    (slow.name, slow.share) = ("slow".to_owned(), half);
    slow.link.value.up = Some(Bitrate::from_bps(100_000));
    settings.population.classes[0].share = half;
    settings.population.classes.push(slow);
    let world = world(&settings);
    let hybrid = topology("hybrid", "{ hubs = \"auto\", choose = \"arrival\" }");
    for sources in [2, 6, 12] {
        let overlay = built(&*hybrid, &settings, &world, &flows(sources));
        let hubs: Vec<u32> = (0..40).filter(|&node| overlay.degree(node) > 1).collect();
        assert!(hubs.iter().all(|&hub| world.class_index(hub) == 0), "{sources} sources: {hubs:?}");
    }
}

/// Each rule prefers whom it says.
#[test]
fn hubs_are_who_the_rule_says() {
    let mut settings = settings(40);
    let mut slow = settings.population.classes[0].clone();
    slow.name = "slow".to_owned();
    slow.share = Probability::new(0.5).expect("a share");
    settings.population.classes[0].share = slow.share;
    slow.link = OrPreset::named("dsl").expect("a preset");
    slow.nat = OrPreset::named("mobile").expect("a preset");
    slow.device = OrPreset::named("phone").expect("a preset");
    slow.engine = OrPreset::named("chromium").expect("a preset");
    settings.population.classes.push(slow);
    let world = world(&settings);
    for choose in ["best-uplink", "best-cpu", "best-capacity", "reachable"] {
        let hybrid = topology("hybrid", &format!("{{ hubs = 8, choose = \"{choose}\" }}"));
        let overlay = built(&*hybrid, &settings, &world, &flows(1));
        assert!(overlay.block(0).iter().all(|&hub| world.class_index(hub) == 0), "{choose}");
    }
    let central = topology("hybrid", "{ hubs = 8, choose = \"central\" }");
    let overlay = built(&*central, &settings, &world, &[]);
    let mean = |from: u32| (0..40).map(|to| world.typical_delay_ns(from, to).unwrap_or(10_000_000_000)).sum::<u64>();
    let is_hub = |node: u32| overlay.block(0).contains(&node);
    let worst_hub = (0..40).filter(|&node| is_hub(node)).map(mean).max();
    let best_spoke = (0..40).filter(|&node| !is_hub(node)).map(mean).min();
    // Delays are taken in whole microseconds.
    assert!(worst_hub.map(|ns| ns / 1_000_000) <= best_spoke.map(|ns| ns / 1_000_000), "{worst_hub:?} {best_spoke:?}");
}

/// Three servers share 60 peers, 20 each, and have a full mesh among them.
#[test]
fn servers_are_hubs() {
    let hybrid = topology("hybrid", "{ hubs = 3, choose = \"servers\" }");
    let settings = settings(60);
    let Settings { population, latency, webrtc, .. } = &settings;
    assert_eq!(hybrid.servers(60), 3);
    let spec = WorldSpec { population, latency, webrtc, servers: 3 };
    let world = spec.generate(Streams::new(Seed(1))).expect("a world");
    let overlay = built(&*hybrid, &settings, &world, &[]);
    assert!((60..63).all(|server| overlay.degree(server) == 22) && (0..60).all(|peer| overlay.degree(peer) == 1));
}

/// Of two classes the one that is named gives the hubs, although the other has the faster uplinks.
#[test]
fn a_class_gives_the_hubs() {
    let mut settings = settings(100);
    let class = |name: &str, link: &str, share| {
        let mut class = settings.population.classes[0].clone();
        class.name = name.to_owned();
        class.link = OrPreset::named(link).expect("a preset");
        class.share = Probability::new(share).expect("a share");
        class
    };
    settings.population.classes = vec![class("office", "dsl", 0.2), class("home", "fibre", 0.8)];
    let world = world(&settings);
    for (hubs, of_office) in [(5, 5), (20, 20), (30, 20)] {
        let text = format!("{{ hubs = {hubs}, choose = {{ class = \"office\" }} }}");
        let overlay = built(&*topology("hybrid", &text), &settings, &world, &[]);
        let found: Vec<u32> = (0..100).filter(|&peer| overlay.degree(peer) > 1).collect();
        assert_eq!(found.len(), hubs);
        assert_eq!(found.iter().filter(|&&hub| &*world.class(hub).name == "office").count(), of_office);
    }
}

#[test]
fn what_cannot_be_a_hub_is_told() {
    let fault = |topology: &str| {
        let text = format!(
            "[population]\npeers = 20\n[[population.class]]\nname = \"office\"\nshare = \"100 %\"\n\
             [[workload]]\nkind = \"broadcast\"\nmessage = \"100 B\"\nrate = \"10 /s\"\n\
             [[topology]]\nkind = \"hybrid\"\n{topology}\n"
        );
        let parsed =
            peerscape::scenario::Registry::default().parse_str("test.toml", &text, std::path::Path::new("."), &[]);
        parsed.err().map(|errors| format!("{errors:?}")).unwrap_or_default()
    };
    assert_eq!(fault("choose = { class = \"office\" }"), "");
    let typo = fault("choose = { class = \"ofice\" }");
    assert!(typo.contains("unknown class `ofice`") && typo.contains("office"), "{typo}");
    let servers = fault("choose = \"servers\"\nhubs = \"auto\"");
    assert!(servers.contains("name a number of `hubs`"), "{servers}");
    let nested = fault("core = { kind = \"hybrid\", choose = \"servers\" }");
    assert!(nested.contains("adds a server"), "{nested}");
}

/// On links of 4 Mbit/s and about, half of which a tree may use, a peer sends as many copies of 1,200 bytes ten times a
/// second as fit. Without budgets the degree binds.
#[test]
fn a_tree_within_budgets_has_no_more_children_than_uplinks_bear() {
    let mut settings = settings(300);
    settings.population.classes[0].link = OrPreset::named("dsl").expect("a preset");
    let world = world(&settings);
    let copy_bps = 10.0 * 8.0 * settings.webrtc.wire(ByteCount::new(1_200)).bytes.get() as f64;
    let fits = |peer| (COPIES_MAX * world.rates(peer).up.map_or(0, Bitrate::as_bps) as f64 / copy_bps) as u32;
    // How many have as many children as they can serve, and how many have more.
    let served = |order: &str| {
        let tree = topology("tree", &format!("{{ degree = 100, order = \"{order}\" }}"));
        let context = BuildContext {
            world: &world,
            sources: &[0],
            flows: &flows(1),
            audiences: &[],
            webrtc: &settings.webrtc,
            dissemination: None,
        };
        let overlay = tree.build(&context, &mut Streams::new(Seed(1)).stream(Domain::Topology, 0));
        let children = |peer: u32| overlay.degree(peer) - u32::from(peer != 0);
        let count = |is: fn(&u32, &u32) -> bool| (0..300).filter(|&peer| is(&children(peer), &fits(peer))).count();
        (count(u32::eq), count(u32::gt))
    };
    let (full, beyond) = served("latency-within-budgets");
    assert!(full > 0 && beyond == 0, "{full} and {beyond}");
    assert!(served("latency").1 > 0);
}

/// What an overlay asks of whom it asks most, in the simulation: the largest share of an uplink, a downlink or a CPU.
fn busiest(settings: &Settings, text: &str) -> f64 {
    let record = simulate(&cell(settings.clone(), topology("hybrid", text)), Seed(1)).expect("it runs");
    let ids = [MetricId::UplinkMax, MetricId::DownlinkMax, MetricId::CpuMax];
    ids.into_iter().filter_map(|id| record.values.get(id)).fold(0.0, f64::max)
}

/// A hundred peers with desktops, to be told of so many messages a second.
fn desktops(kind: &str, traffic: &str) -> Settings {
    let mut settings = ideal(100, LatencySpec::default(), vec![workload(kind, traffic)]);
    settings.run.duration = SimDuration::from_secs(3);
    settings.webrtc.overhead = HeaderOverhead::Full;
    let class = &mut settings.population.classes[0];
    class.link = OrPreset::named("enterprise").expect("a preset");
    class.device = OrPreset::named("desktop").expect("a preset");
    class.engine = OrPreset::named("chromium").expect("a preset");
    settings
}

/// Where no number of hubs keeps everybody below half of what it has, it is not one hub that is asked for many times over,
/// while more hubs could do it.
#[test]
fn where_half_of_what_peers_have_does_not_suffice_the_busiest_is_asked_for_little() {
    let settings = desktops("broadcast", r#"{ message = "1000 B", rate = "140 /s", channel = "reliable-unordered" }"#);
    for core in ["\"tree\"", "{ kind = \"tree\", degree = 2 }", "{ kind = \"random-regular\", degree = 3 }", "\"mesh\""]
    {
        let with =
            |hubs: &str| busiest(&settings, &format!("{{ hubs = {hubs}, choose = \"best-capacity\", core = {core} }}"));
        let auto = with("\"auto\"");
        let least = [5, 10, 20, 33, 50].map(|hubs| with(&hubs.to_string())).into_iter().fold(f64::INFINITY, f64::min);
        assert!(auto <= 1.15 * least, "{core}: {auto} %, and {least} % with another number");
    }
}

/// A rule that knows no audiences brings all messages to all hubs and spokes, and a flood brings them many times.
#[test]
fn hubs_are_as_many_as_the_rule_needs() {
    let rooms = r#"{ message = "100 B", rate = "0.6 /s", rooms_of = 10 }"#;
    let settings = desktops("state-sync", rooms);
    let half = 55.0;
    for core in
        ["{ kind = \"random-regular\", degree = 3 }", "{ kind = \"ring\", neighbours = 1, shortcuts = 1 }", "\"genet\""]
    {
        let text = format!("{{ hubs = \"auto\", choose = \"best-capacity\", core = {core} }}");
        let asked = busiest(&settings, &text);
        assert!(asked < half, "{core}: {asked} %");
    }
    let broadcast = desktops("broadcast", r#"{ message = "1000 B", rate = "15 /s", channel = "reliable-unordered" }"#);
    for (core, attach) in
        [("\"tree\"", "\"mesh\""), ("{ kind = \"random-regular\", degree = 4 }", "\"mesh\""), ("\"mesh\"", "\"ring\"")]
    {
        let text = format!("{{ hubs = \"auto\", choose = \"best-capacity\", core = {core}, attach = {attach} }}");
        let asked = busiest(&broadcast, &text);
        assert!(asked < half, "{core} {attach}: {asked} %");
    }
}
