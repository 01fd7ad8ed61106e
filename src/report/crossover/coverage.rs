//! Searches on functions whose crossover is known: how often the interval holds it, and what is said of other shapes.

use std::convert::Infallible;
use std::ops::Range;

use rand::RngExt;

use super::evidence::{Lead, Load, Paired, Side};
use super::search::{Found, Plan, search};
use crate::metrics::Better;
use crate::rng::{Domain, Seed, Stream, Streams};

const PLAN: Plan = Plan { from: 4, to: 256, seeds: 8, seeds_max: 32, precision: 0.05, better: Better::Lower };

// Box and Muller.
fn normal(stream: &mut Stream) -> f64 {
    let radius = libm::sqrt(-2.0 * libm::log(1.0 - stream.random::<f64>()));
    radius * libm::cos(std::f64::consts::TAU * stream.random::<f64>())
}

// What is drawn for a seed at a population; without one, what the seed has at all of them.
fn draw(trial: u64, seed: usize, peers: u32) -> f64 {
    let id = (trial << 32) | ((seed as u64) << 20) | u64::from(peers);
    normal(&mut Streams::new(Seed(29)).stream(Domain::Workload, id))
}

fn side(value: f64) -> Side {
    let fault = value.is_infinite().then(|| "it is overloaded".to_owned());
    Side { value: Some(value), fault, load: Load::default() }
}

// Searches two topologies whose values a seed has at a population; an infinite one is a topology that does not work.
fn found(plan: &Plan, values: impl Fn(usize, u32) -> [f64; 2]) -> Found {
    let pair = |seed: usize, peers: u32| Paired { seed: Seed(seed as u64), sides: values(seed, peers).map(side) };
    let mut measure =
        |peers: u32, seeds: Range<usize>| Ok::<_, Infallible>(seeds.map(|seed| pair(seed, peers)).collect());
    let (found, error) = search(plan, &mut measure);
    assert!(error.is_none());
    found
}

fn only(found: &Found) -> (u32, f64, u32) {
    let [crossing] = found.crossings.as_slice() else { panic!("one crossover: {:?}", found.crossings) };
    (crossing.low, crossing.peers, crossing.high)
}

#[test]
fn without_noise_the_ends_are_next_to_each_other() {
    for at in [5.5, 23.4, 100.2, 200.7] {
        let found = found(&Plan { precision: 0.001, ..PLAN }, |_, peers| [f64::from(peers), at]);
        let (low, guess, high) = only(&found);
        assert_eq!((f64::from(low), f64::from(high)), (libm::floor(at), libm::ceil(at)));
        assert!((guess - at).abs() < 0.1, "{guess} for {at}");
        assert_eq!((found.crossings[0].below, found.crossings[0].above), (Lead::First, Lead::Second));
    }
    // The other way round, and where more is better.
    let more = Plan { better: Better::Higher, ..PLAN };
    let found = found(&more, |_, peers| [f64::from(peers), 50.5]);
    assert_eq!((found.crossings[0].below, found.crossings[0].above), (Lead::Second, Lead::First));
}

#[test]
fn a_wall_is_found_between_two_neighbours() {
    let found =
        found(&Plan { precision: 0.001, ..PLAN }, |_, peers| [if peers > 44 { f64::INFINITY } else { 10.0 }, 20.0]);
    let (low, _, high) = only(&found);
    assert_eq!((low, high), (44, 45));
}

#[test]
fn where_nothing_changes_nothing_is_found() {
    let wins = found(&PLAN, |_, _| [1.0, 2.0]);
    assert!(wins.crossings.is_empty() && wins.points.iter().all(|point| point.evidence.lead == Lead::First));
    let same = found(&PLAN, |_, _| [1.0, 1.0]);
    assert!(same.crossings.is_empty() && same.points.iter().all(|point| point.evidence.lead == Lead::Open));
    let none = found(&PLAN, |_, _| [f64::INFINITY; 2]);
    assert!(none.points.iter().all(|point| point.evidence.lead == Lead::NeitherWorks));
}

#[test]
fn a_lead_that_comes_back_is_seen() {
    let found = found(&PLAN, |_, peers| [1.5, if (16..80).contains(&peers) { 1.0 } else { 2.0 }]);
    let leads: Vec<[Lead; 2]> = found.crossings.iter().map(|crossing| [crossing.below, crossing.above]).collect();
    assert_eq!(leads, [[Lead::First, Lead::Second], [Lead::Second, Lead::First]]);
    assert!(found.crossings[0].low <= 16 && 16 <= found.crossings[0].high, "{:?}", found.crossings);
    assert!(found.crossings[1].low <= 80 && 80 <= found.crossings[1].high, "{:?}", found.crossings);
}

#[test]
fn an_end_of_both_hides_no_crossover() {
    // The first fails beyond 20 peers, the second beyond 30: two populations of the coarse grid lie around both.
    let value = |peers: u32, most: u32, value: f64| if peers > most { f64::INFINITY } else { value };
    let found = found(&PLAN, |_, peers| [value(peers, 20, 1.0), value(peers, 30, 2.0)]);
    let leads: Vec<[Lead; 2]> = found.crossings.iter().map(|crossing| [crossing.below, crossing.above]).collect();
    assert_eq!(leads, [[Lead::First, Lead::Second], [Lead::Second, Lead::NeitherWorks]]);
}

#[test]
fn what_is_known_stands_when_a_measurement_ends_it() {
    let mut left = 3;
    let mut measure = |_: u32, seeds: Range<usize>| {
        left -= 1;
        if left < 0 {
            Err("interrupted")
        } else {
            Ok(seeds.map(|_| Paired { seed: Seed(1), sides: [side(1.0), side(2.0)] }).collect())
        }
    };
    let (found, error) = search(&PLAN, &mut measure);
    assert_eq!((found.points.len(), error), (3, Some("interrupted")));
}

/// Of so many searches the shares in percent.
struct Coverage {
    /// Whose only crossing holds the true one.
    held: f64,
    /// Who find something else: a crossing elsewhere, or several. The rest finds none.
    wrong: f64,
    /// The mean ratio of the ends of those that find one.
    width: f64,
}

fn coverage(truth: f64, values: impl Fn(u64, usize, u32) -> [f64; 2]) -> Coverage {
    const TRIALS: u32 = 400;
    let (mut held, mut wrong, mut width) = (0, 0, 0.0);
    for trial in 0..u64::from(TRIALS) {
        let found = found(&PLAN, |seed, peers| values(trial, seed, peers));
        match found.crossings.as_slice() {
            [] => {}
            [only] if f64::from(only.low) <= truth && truth <= f64::from(only.high) => {
                held += 1;
                width += f64::from(only.high) / f64::from(only.low);
            }
            _ => wrong += 1,
        }
    }
    let percent = |count: u32| 100.0 * f64::from(count) / f64::from(TRIALS);
    Coverage { held: percent(held), wrong: percent(wrong), width: width / f64::from(held) }
}

/// The bounds on what is held and on what is wrong were stated first: 92 % are held, which is 95 % less about three standard
/// errors of 400 searches; and where noise hides the crossover near an end of the range, so that nothing need be held, none is
/// found rather than a wrong one. Those on the width were set by what was measured: they tell if it grows.
#[test]
fn the_interval_holds_the_true_crossover_of_noisy_latencies() {
    for (noise, held_least, width_most) in [(1.0, 92.0, 1.25), (4.0, 92.0, 1.6), (12.0, 92.0, 3.0), (30.0, 0.0, 20.0)] {
        for truth in [12.3, 47.7, 120.4] {
            // A grows by 10 ms a doubling, B is level; what a seed has at all populations, and what it has at each.
            let values = |trial, seed, peers| {
                let own = 0.7 * draw(trial, seed, 0) + 0.7 * draw(trial, seed, peers);
                let grown = 10.0 * libm::log2(f64::from(peers) / truth);
                [100.0 + grown + noise * own, 100.0]
            };
            let Coverage { held, wrong, width } = coverage(truth, values);
            println!("at {truth}, noise {noise} ms: held {held:.1} %, wrong {wrong:.1} %, high/low {width:.2}");
            assert!(held >= held_least && wrong <= 8.0, "at {truth}, noise {noise} ms: {held:.1} %, {wrong:.1} %");
            assert!(width < width_most, "at {truth}, noise {noise} ms: {width:.2}");
        }
    }
}

#[test]
fn the_interval_holds_the_median_wall_of_populations() {
    for (spread, width_most) in [(0.05, 1.25), (0.2, 1.6)] {
        // A is faster until its wall, which lies elsewhere in each population: the median is where half of them fail.
        let truth = 40.5;
        let values = |trial, seed, peers: u32| {
            let wall = truth * libm::exp(spread * draw(trial, seed, 0));
            [if f64::from(peers) > wall { f64::INFINITY } else { 10.0 }, 20.0]
        };
        let Coverage { held, wrong, width } = coverage(truth, values);
        println!("walls with a spread of {spread}: held {held:.1} %, wrong {wrong:.1} %, high/low {width:.2}");
        assert!(held >= 92.0 && wrong <= 8.0, "walls with a spread of {spread}: {held:.1} %, {wrong:.1} %");
        assert!(width < width_most, "{width:.2}");
    }
}
