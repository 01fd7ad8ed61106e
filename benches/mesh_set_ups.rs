//! A full mesh's set-ups, looked up in what was learned beforehand from pairs at random of another population
//! drawn alike: the CPU time of learning and of all look-ups, and how often and by how much what is looked up differs
//! from what the state machine says. An eighth
//! of the answers wait, much as replications draw them for learning; their offers wait too, now and then.
//!
//! Peers of the default class (Chromium, cable links that lose one datagram in a thousand, a mix of NATs) live
//! in the cities of the world, with a TURN server; a signaling server stands in the middle of them. The number
//! of peers is the value of `PEERSCAPE_MESH_PEERS`, or 1,000.

mod support;

use std::hint::black_box;

use cpu_time::ThreadTime;
use peerscape::net::LatencySpec;
use peerscape::presets::OrPreset;
use peerscape::rng::{Domain, PairKey, Seed, Streams};
use peerscape::units::{Probability, SimDuration, SimTime};
use peerscape::webrtc::WebrtcSpec;
use peerscape::webrtc::setup::{
    Chance, LinkLoss, Losses, PairSetup, RelayTransport, SetupOptions, SetupOutcome, SetupPair, Setups, SetupsLearner,
    run,
};
use peerscape::webrtc::stamp::{Comparisons, Delays, Leg};
use peerscape::world::{ClassSpec, PeerCount, PopulationSpec, World, WorldSpec};

use support::{best_ns_per_op, is_measuring};

const TRANSPORTS: [RelayTransport; 3] = [RelayTransport::Udp, RelayTransport::Tcp, RelayTransport::Tls];
/// Pairs of which the state machine is asked as well.
const CHECKED: u32 = 4_000;
/// Runs that are learned from beforehand: as many as for replications.
const LEARNED_RUNS: u64 = 6_000;
const LESSONS: u32 = 100_000;

fn main() {
    let wanted = std::env::var("PEERSCAPE_MESH_PEERS").ok().and_then(|peers| peers.parse().ok());
    let peers = if is_measuring() { wanted.unwrap_or(1_000) } else { 20 };
    let (world, sample) = (world(peers, 1), world(if is_measuring() { 1_000 } else { 20 }, 2));
    for loss in [0.0, 0.001] {
        let mut mesh = Mesh::new(&world, loss);
        println!("{peers} peers, loss {loss}");
        let (runs, lessons) = if is_measuring() { (LEARNED_RUNS, LESSONS) } else { (20, 100) };
        mesh.timed("learning", |mesh| mesh.learn(&sample, runs, lessons));
        mesh.timed("all", Mesh::set_up_all);
        if loss == 0.0 {
            mesh.compare();
        }
        let ns = best_ns_per_op(|| mesh.set_up_some());
        println!("  a look-up once all that is learned: {ns:.0} ns, delays of the pair included");
    }
}

fn world(peers: u32, seed: u64) -> World {
    let population = PopulationSpec {
        peers: PeerCount::new(peers).expect("a number of peers"),
        regions: OrPreset::named("world").expect("a preset"),
        join_over: SimDuration::ZERO,
        classes: vec![ClassSpec::named("peers")],
    };
    let spec = WorldSpec {
        population: &population,
        latency: &LatencySpec::default(),
        webrtc: &WebrtcSpec::default(),
        servers: 1,
    };
    let world = spec.generate(Streams::new(Seed(seed))).expect("a world");
    assert!(world.has_relay());
    world
}

fn options(world: &World) -> SetupOptions {
    SetupOptions { trickle: true, transports: TRANSPORTS.to_vec(), profile: world.setup() }
}

struct Mesh<'a> {
    world: &'a World,
    setups: Setups,
    loss: Probability,
    key: PairKey,
}

impl<'a> Mesh<'a> {
    fn new(world: &'a World, loss: f64) -> Self {
        let setups = Setups::played(world.ends().to_vec(), options(world));
        let loss = Probability::new(loss).expect("a share");
        let key = Streams::new(Seed(1)).pair_key(Domain::PairLatency);
        Self { world, setups, loss, key }
    }

    fn timed(&mut self, what: &str, work: impl FnOnce(&mut Self)) {
        let begin = ThreadTime::now();
        work(self);
        println!("  {what}: {:.3} s of CPU; {:?}", begin.elapsed().as_secs_f64(), self.setups.size());
    }

    fn learn(&mut self, sample: &World, runs: u64, lessons: u32) {
        let mesh = Mesh::new(sample, self.loss.get());
        let mut learner = SetupsLearner::new(sample.ends().to_vec(), options(sample));
        for number in 0..lessons {
            let [a, b] = mesh.random_pair(2, number);
            if a != b && (learner.runs() < runs || !learner.knows(mesh.pair(a, b))) {
                let wait = SimDuration::from_ms(if number % 8 != 1 { 0 } else { 6_250 >> (number / 8 % 10) });
                let answer = mesh.delays(a, b).of(Leg::Answer) + wait;
                let delays = mesh.delays(a, b).with(Leg::Answer, answer);
                learner.learn(mesh.pair(a, b), &delays, &mesh.chance(a, b));
            }
        }
        if mesh.loss > Probability::ZERO {
            learner.learn_unmet_losses();
        }
        self.setups = learner.into_setups().known_to(self.world.ends().to_vec());
    }

    fn set_up_all(&mut self) {
        let peers = self.world.peers();
        for a in 0..peers {
            for b in a + 1..peers {
                black_box(self.set_up(a, b));
            }
        }
    }

    fn random_pair(&self, key: u64, number: u32) -> [u32; 2] {
        [0, 1].map(|which| (PairKey::new(key).directed(number, which) % u64::from(self.world.peers())) as u32)
    }

    fn set_up_some(&self) -> u64 {
        let peers = self.world.peers();
        let others = 1..peers.min(100);
        others.clone().for_each(|b| (0..b).for_each(|a| _ = black_box(self.set_up(a, b))));
        others.map(u64::from).sum()
    }

    fn set_up(&self, a: u32, b: u32) -> SetupOutcome<SimDuration> {
        self.setups.look_up(self.pair(a, b), &self.delays(a, b), &self.chance(a, b))
    }

    fn chance(&self, a: u32, b: u32) -> Chance {
        let loss = LinkLoss { up: self.loss, down: self.loss };
        Chance { loss: [loss; 2], draw: self.key.directed(a, b) }
    }

    fn pair(&self, a: u32, b: u32) -> SetupPair {
        SetupPair { kinds: [a, b].map(|node| self.world.end_kind(node)), relation: self.world.relation(a, b) }
    }

    fn delays(&self, a: u32, b: u32) -> Delays {
        let world = self.world;
        let access = |node: u32| world.class(node).access_delay;
        let mean = |there: u64, back: u64| SimDuration::from_ns(u64::midpoint(there, back));
        let way = |a: u32, b: u32| mean(world.propagation_ns(a, b), world.propagation_ns(b, a)) + access(a) + access(b);
        let turn = |node: u32| mean(world.to_turn_ns(node, 0), world.from_turn_ns(0, node)) + access(node);
        let (of_a, of_b, server) = (turn(a), turn(b), world.peers());
        let signaled = way(a, server) + way(b, server);
        Delays::default()
            .with(Leg::Direct, way(a, b))
            .with(Leg::OffererToOwn, of_a)
            .with(Leg::OffererToOther, of_a)
            .with(Leg::AnswererToOwn, of_b)
            .with(Leg::AnswererToOther, of_b)
            .with(Leg::Offer, signaled)
            .with(Leg::Answer, signaled)
    }

    /// Asks the state machine as well, of pairs at random.
    fn compare(&self) {
        let (mut differ, mut errors) = (0, Vec::new());
        for number in 0..CHECKED {
            let [a, b] = self.random_pair(1, number);
            if a == b {
                continue;
            }
            let (looked_up, machine) = (self.set_up(a.min(b), a.max(b)).times.open, self.machine(a.min(b), a.max(b)));
            differ += u32::from(looked_up != machine);
            for (known, right) in looked_up.into_iter().zip(machine) {
                let ms = |time: Option<SimDuration>| time.map_or(f64::INFINITY, |time| time.as_ns() as f64 / 1e6);
                errors.push(if known == right { 0.0 } else { (ms(known) - ms(right)).abs() });
            }
        }
        errors.sort_unstable_by(f64::total_cmp);
        let at = |share: f64| errors[(share * (errors.len() - 1) as f64) as usize];
        let mean = errors.iter().sum::<f64>() / errors.len() as f64;
        let [p90, p95, p99, most] = [0.9, 0.95, 0.99, 1.0].map(at);
        println!("  {differ} of {CHECKED} open at another time; ms off: mean {mean:.2}");
        println!("  nine of ten up to {p90:.1}, 95 % {p95:.1}, 99 % {p99:.1}, all {most:.1}");
    }

    fn machine(&self, a: u32, b: u32) -> [Option<SimDuration>; 2] {
        let setup = PairSetup {
            ends: [a, b].map(|node| self.world.end(node).clone()),
            relation: self.world.relation(a, b),
            trickle: true,
            transports: TRANSPORTS.to_vec(),
            profile: self.world.setup(),
        };
        let open = run(&setup, &Losses::default(), Comparisons::new(self.delays(a, b))).outcome.times.open;
        open.map(|time| time.map(|stamp| stamp.time().since(SimTime::ZERO)))
    }
}
