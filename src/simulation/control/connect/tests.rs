//! The phase against closed forms.

mod beside;
mod limits;
mod looked_up;
mod negotiation;
mod server;

use std::sync::Arc;

use super::*;
use crate::net::{LatencySpec, LinkSpec};
use crate::overlay::Connection;
use crate::presets::OrPreset;
use crate::rng::Seed;
use crate::rng::Streams;
use crate::units::{Bounded, Probability, SimDuration};
use crate::webrtc::{EngineSpec, SetupProfile};
use crate::world::{ClassSpec, PeerCount, PopulationSpec, WorldSpec};

/// One way between any two places.
const ONE_WAY: SimDuration = SimDuration::from_ms(10);
const ROUND_TRIP: SimDuration = SimDuration::from_ms(20);
/// Until a session is open.
const SESSION: SimDuration = SimDuration::from_ms(60);
/// An offer, or an answer, by way of the server.
const LEG: SimDuration = SimDuration::from_ms(2 * 10);

/// A world in which only what a test changes takes time or limits, its overlay, and the settings.
struct Stage {
    population: PopulationSpec,
    webrtc: WebrtcSpec,
    tree: Vec<(u32, u32)>,
    core: Vec<u32>,
}

impl Stage {
    /// Peers with a full mesh of the first `core`.
    fn mesh(peers: u32, core: u32) -> Self {
        let class = ClassSpec {
            link: OrPreset { value: LinkSpec::default(), name: None },
            nat: OrPreset::named("public").expect("a preset"),
            device: OrPreset::named("server").expect("a preset"),
            engine: OrPreset::named("ideal").expect("a preset"),
            ..ClassSpec::named("ideal")
        };
        let population = PopulationSpec {
            peers: PeerCount::new(peers).expect("a number of peers"),
            regions: OrPreset::named("world").expect("a preset"),
            join_over: SimDuration::ZERO,
            classes: vec![class],
        };
        Self { population, webrtc: WebrtcSpec::default(), tree: Vec::new(), core: (0..core).collect() }
    }

    /// Peers with a star around the last, which joins a second after the others.
    fn late_hub(peers: u32) -> Self {
        let mut stage = Self::mesh(peers, 0);
        stage.tree = (0..peers - 1).map(|spoke| (spoke, peers - 1)).collect();
        stage.population.join_over = SimDuration::from_secs(u64::from(peers));
        stage
    }

    fn engine(&mut self) -> &mut EngineSpec {
        &mut self.population.classes[0].engine.value
    }

    fn world(&self) -> World {
        let latency = self.latency();
        let spec = WorldSpec { population: &self.population, latency: &latency, webrtc: &self.webrtc, servers: 0 };
        spec.generate(Streams::new(Seed(1))).expect("a world")
    }

    fn latency(&self) -> LatencySpec {
        LatencySpec::Constant { one_way: ONE_WAY }
    }

    fn overlay(&self) -> Overlay {
        Overlay::new(self.population.peers.get(), &self.tree, vec![self.core.clone()])
    }

    /// The phase at its end.
    fn run<T>(&self, look: impl FnOnce(&Connecting<'_>) -> T) -> T {
        self.with_setting(|setting| look(&run(setting, false).expect("an end")))
    }

    /// From the offer of peer 1 to peer 0 until both are open.
    fn set_up(&self, offer: SimDuration, answer: SimDuration) -> SimDuration {
        let world = self.world();
        let paths = Paths::new(&world, &self.webrtc, Streams::new(Seed(1)), None);
        match paths.set_up(&world, [1, 0], 1, set_up::Legs { offer, answer, allocations: Default::default() }) {
            set_up::SetUp::Opens(opens) => opens.after,
            set_up::SetUp::Fails(failed) => panic!("it fails: {failed:?}"),
        }
    }

    /// The same where nothing waits.
    fn ladder(&self) -> SimDuration {
        self.set_up(LEG, LEG)
    }

    fn connect(&self) -> Connected {
        self.with_setting(|setting| connect(setting).expect("an end"))
    }

    fn with_setting<T>(&self, use_it: impl FnOnce(Setting<'_>) -> T) -> T {
        let (world, overlay) = (self.world(), self.overlay());
        let streams = Streams::new(Seed(1));
        let (webrtc, known) = (&self.webrtc, None);
        let horizon = SimTime::ZERO + SimDuration::from_secs(60);
        use_it(Setting { world: &world, overlay: &overlay, webrtc, known, streams, horizon, messages: None })
    }
}

fn at(after: SimDuration) -> SimTime {
    SimTime::ZERO + after
}

#[test]
fn a_pair_takes_its_session_its_work_and_its_ladder() {
    let mut stage = Stage::mesh(2, 2);
    assert_eq!(stage.connect().connected_at, at(SESSION + stage.ladder()));
    stage.webrtc.setup = SetupProfile::Classic12;
    assert_eq!(stage.connect().connected_at, at(SESSION + stage.ladder()));
    assert!(stage.ladder() >= LEG * 2 + ROUND_TRIP * 4, "{}", stage.ladder());
    // Work before the offer, and before the answer; the first time more.
    stage.engine().cpu_per_setup = SimDuration::from_ms(8);
    stage.engine().first_setup = SimDuration::from_ms(80);
    let busy = SimDuration::from_ms((8 + 80) * 10 / 8);
    let connected = stage.connect();
    assert_eq!(connected.connected_at, at(SESSION + busy + stage.set_up(LEG, LEG + busy)));
    assert_eq!(connected.in_block(Shared { block: 0, places: [0, 1] }, [0, 1]).at(), connected.connected_at);
    assert_eq!((connected.degrees, connected.wanted, connected.impossible), (vec![1, 1], 1, 0));
}

#[test]
fn parts_add_up_to_the_whole() {
    let mut stage = Stage::mesh(6, 6);
    stage.engine().cpu_per_setup = SimDuration::from_ms(8);
    let tally = stage.connect().tally;
    let whole = tally.setup.mean().expect("connections").as_ns() * tally.setup.count();
    let sum = tally.parts.iter().sum::<u128>() + tally.before;
    assert!(sum.abs_diff(u128::from(whole)) < u128::from(tally.setup.count()), "{sum} {whole}");
    assert!(tally.parts[1] >= 15 * 2 * u128::from(LEG.as_ns()), "{:?}", tally.parts);
    assert!(tally.parts[2..].iter().all(|&part| part > 0), "{:?}", tally.parts);
}

#[test]
fn whoever_joins_later_offers() {
    let stage = Stage::late_hub(5);
    stage.run(|phase| {
        // Four spokes that never offer, and a hub that offers to each.
        assert_eq!(phase.ranks, [0, 1, 2, 3, 4]);
        assert_eq!(phase.tally.attempts, 4);
        assert_eq!(phase.connected_at, at(SimDuration::from_secs(4) + SESSION + stage.ladder()));
    });
    let begins = stage.with_setting(beginnings).expect("an end");
    let offerers: Vec<u32> = begins.iter().map(|(connection, _)| connection.a).collect();
    assert_eq!(offerers, [4; 4]);
}

#[test]
fn one_at_a_time_is_one_after_the_other() {
    let mut stage = Stage::late_hub(9);
    for concurrent in [1_u64, 2, 3, 8, 50] {
        stage.webrtc.connect.concurrent = Bounded::new(concurrent as u32).expect("in range");
        let rounds = 8_u64.div_ceil(concurrent);
        let expected = at(SimDuration::from_secs(8) + SESSION + stage.ladder() * rounds);
        assert_eq!(stage.connect().connected_at, expected, "{concurrent}");
    }
}

#[test]
fn a_mesh_opens_every_pair_once_with_few_rows() {
    let mut stage = Stage::mesh(41, 41);
    stage.webrtc.connect.concurrent = Bounded::new(4).expect("in range");
    stage.engine().cpu_per_setup = SimDuration::from_ms(1);
    stage.run(|phase| {
        assert_eq!(phase.tally.opening.count(), 41 * 40 / 2);
        assert_eq!(phase.tally.attempts, 41 * 40 / 2);
        assert!(phase.degrees.iter().all(|&degree| degree == 40));
        assert!(phase.attempts.rows() <= 41 * 4, "{}", phase.attempts.rows());
        assert!(phase.peers.iter().all(|peer| peer.busy == 0 && peer.live == 40));
    });
}

#[test]
fn without_time_the_phase_and_its_short_cut_agree() {
    let mut stage = Stage::late_hub(7);
    stage.core = vec![1, 3, 4];
    stage.webrtc.setup = SetupProfile::Instant;
    let short = stage.connect();
    let long = stage.with_setting(|setting| run(setting, false).expect("an end").into_connected());
    assert_eq!((short.connected_at, short.all_open_at), (long.connected_at, long.all_open_at));
    assert_eq!((&short.degrees, short.wanted), (&long.degrees, long.wanted));
    let overlay = stage.overlay();
    overlay.for_each_connection(|Connection { a, b, .. }| {
        assert_eq!(short.between(&overlay, a, b).at(), long.between(&overlay, a, b).at(), "{a} {b}");
    });
    assert_eq!(short.tally.pairs(), long.tally.pairs());
}

#[test]
fn a_beginning_is_what_an_idle_network_would_need() {
    let mut stage = Stage::mesh(12, 9);
    stage.tree = vec![(9, 0), (10, 1), (11, 2)];
    stage.engine().cpu_per_setup = SimDuration::from_ms(5);
    let connected = stage.connect();
    let overlay = stage.overlay();
    for (Connection { a, b, .. }, begin) in stage.with_setting(beginnings).expect("an end") {
        // Timers of ICE run on while messages wait, so that it may be a little less or more.
        let open = connected.between(&overlay, a, b).at().as_ns();
        let expected = (begin + stage.ladder()).as_ns();
        assert!(open.abs_diff(expected) <= 60_000_000, "{a} {b}: {open} {expected}");
    }
}

#[test]
fn pairs_of_engines_may_not_understand_each_other() {
    let mut stage = Stage::mesh(40, 40);
    let mut other = stage.population.classes[0].clone();
    other.name = "other".to_owned();
    other.engine.value.cpu_per_setup = SimDuration::from_us(1);
    let half = Probability::new(0.5).expect("a share");
    stage.population.classes[0].share = half;
    other.share = half;
    stage.population.classes.push(other);
    stage.webrtc.connect.interop_failures = Probability::new(0.25).expect("a share");
    let tally = stage.connect().tally;
    let name = |pair: &crate::metrics::PairOpening| pair.classes.clone().map(|name: Arc<str>| name.to_string());
    for pair in tally.pairs() {
        let mixed = name(&pair)[0] != name(&pair)[1];
        let share = pair.failed as f64 / pair.wanted() as f64;
        assert!(if mixed { (0.15..0.35).contains(&share) } else { pair.failed == 0 }, "{pair:?}");
    }
    // Each is tried three times.
    assert_eq!(tally.attempts, tally.opening.count() + 3 * tally.given_up);
}
