//! Where the shipped traces come from: a Markov-modulated uplink, ours alone, drawn from a named seed.
//!
//! In slots of 100 ms the link is in one of a few states in a row, each with a mean rate; it leaves its state
//! with a probability a slot, to a neighbour. Around the state's rate the slot's is log-normal. What that
//! rate makes possible becomes opportunities, one each 1,504 bytes. The figures and where they come from
//! stand in docs/MODELS.md, "Capacity traces".

use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

use super::{CapacityTrace, OPPORTUNITY_BYTES};
use crate::rng::{Domain, Seed, Streams};

const SLOT_MS: u32 = 100;
/// Probability a slot that an outage ends: a second in the mean.
const RECOVERY: f64 = 0.1;
const BITS: f64 = (OPPORTUNITY_BYTES * 8) as f64;

/// A link that moves.
struct Mobility {
    name: &'static str,
    seconds: u32,
    /// Mean rates in Mbit/s, the worst first.
    states: &'static [f64],
    /// Probability a slot of leaving a state.
    leave: f64,
    /// Of those that leave a state, how many go to the worse one.
    worse: f64,
    /// Probability a slot that an outage begins.
    outage: f64,
    spread: f64,
    id: u64,
}

const DRIVE: Mobility = Mobility {
    name: "4g-drive",
    seconds: 90,
    states: &[1.2, 2.5, 4.5, 7.0, 10.5],
    leave: 0.1,
    worse: 0.5,
    outage: 0.008,
    spread: 0.25,
    id: 1,
};

const WALK: Mobility = Mobility {
    name: "4g-walk",
    seconds: 90,
    states: &[1.0, 2.5, 4.5, 6.5],
    leave: 0.04,
    worse: 0.45,
    outage: 0.0,
    spread: 0.15,
    id: 2,
};

/// The seed of the shipped traces: the year of Mahimahi.
const SEED: Seed = Seed(2_015);

impl Mobility {
    fn times_ms(&self) -> Vec<u32> {
        let mut stream = Streams::new(SEED).stream(Domain::Bench, self.id);
        let (mut state, mut out, mut credit, mut times) = (self.states.len() / 2, false, 0.0, Vec::new());
        for slot in 0..self.seconds * 1_000 / SLOT_MS {
            if stream.random::<f64>() < self.leave {
                let falls = stream.random::<f64>() < self.worse;
                state = if state == 0 || !falls { (state + 1).min(self.states.len() - 1) } else { state - 1 };
            }
            out = stream.random::<f64>() < if out { 1.0 - RECOVERY } else { self.outage };
            let z: f64 = StandardNormal.sample(&mut stream);
            let bits_per_ms = self.states[state] * 1e3 * libm::exp(self.spread * z - self.spread * self.spread / 2.0);
            if out {
                continue;
            }
            for ms in 1..=SLOT_MS {
                credit += bits_per_ms;
                while credit >= BITS {
                    credit -= BITS;
                    times.push(slot * SLOT_MS + ms);
                }
            }
        }
        times
    }

    fn text(&self) -> String {
        let mut text = format!(
            "# Synthetic {}: ms at which 1,504 bytes can be delivered (docs/MODELS.md, Capacity traces)\n",
            self.name
        );
        for ms in self.times_ms() {
            text += &format!("{ms}\n");
        }
        text
    }
}

/// Capacity of each second in Mbit/s, sorted.
fn seconds_mbit(times_ms: &[u32], seconds: u32) -> Vec<f64> {
    let mut bins = vec![0.0; seconds as usize];
    for ms in times_ms {
        bins[((ms - 1) / 1_000) as usize] += BITS / 1e6;
    }
    bins.sort_by(f64::total_cmp);
    bins
}

#[test]
fn the_shipped_traces_come_from_their_seed() {
    for mobility in [DRIVE, WALK] {
        let file = format!("{}/scenarios/data/{}.trace", env!("CARGO_MANIFEST_DIR"), mobility.name);
        if std::env::var_os("PEERSCAPE_BLESS").is_some() {
            std::fs::write(&file, mobility.text()).expect("it can be written");
        }
        let text = std::fs::read_to_string(&file).expect("it is there");
        assert!(text == mobility.text(), "{file}: PEERSCAPE_BLESS=1 writes it anew");
        let trace = CapacityTrace::parse(&text).expect("a trace");
        assert_eq!(trace.opportunities(), mobility.times_ms().len() as u64);
    }
}

/// What docs/MODELS.md says of them.
#[test]
fn the_drive_is_as_wide_as_measured_and_has_outages() {
    let figures = |mobility: &Mobility| {
        let bins = seconds_mbit(&mobility.times_ms(), mobility.seconds);
        [5, 50, 95].map(|percent| (bins[bins.len() * percent / 100] * 10.0).round() as u64)
    };
    assert_eq!(figures(&DRIVE), [12, 58, 108], "tenths of Mbit/s");
    assert_eq!(figures(&WALK), [10, 43, 67]);
    let times = DRIVE.times_ms();
    let gaps = times.windows(2).map(|pair| pair[1] - pair[0]);
    assert_eq!(gaps.clone().filter(|gap| *gap >= 500).count(), 3);
    assert!((1_000..2_000).contains(&gaps.max().expect("many")));
}
