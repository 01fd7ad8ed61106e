//! Rates against progressive filling, closed forms and the definition of max-min fairness.

mod fluid;
mod reference;

use proptest::prelude::*;
use rand::RngExt;

use super::{FairShares, FlowId, FlowSpec};
use crate::rng::{Domain, Seed, Streams};
use crate::units::Bitrate;

use reference::{Twin, error};

/// What every rate has to keep to, relatively.
const BOUND: f64 = 1e-6;

fn mbit(rate: u64) -> Option<Bitrate> {
    Some(Bitrate::from_bps(rate * 1_000_000))
}

fn weighing(weight: f64, spec: FlowSpec) -> FlowSpec {
    FlowSpec { weight, ..spec }
}

fn capped(rate: u64, spec: FlowSpec) -> FlowSpec {
    FlowSpec { cap: mbit(rate), ..spec }
}

/// A net with these access links, up and down in Mbit/s.
fn net(links: &[(u64, u64)]) -> FairShares {
    let mut shares = FairShares::new();
    for &(up, down) in links {
        shares.add_host(mbit(up), mbit(down));
    }
    shares
}

/// The rates in Mbit/s that flows get which are added together.
fn rates<const N: usize>(mut shares: FairShares, specs: [FlowSpec; N]) -> [f64; N] {
    let flows = specs.map(|spec| shares.add(&spec));
    shares.settle();
    flows.map(|flow| shares.rate(flow) / 1e6)
}

fn equal<const N: usize>(got: [f64; N], expected: [f64; N]) {
    let same = got.iter().zip(&expected).all(|(&got, &expected)| error(got, expected) < 1e-12);
    assert!(same, "{got:?}, expected {expected:?}");
}

#[test]
fn a_star_uploads_at_the_lesser_of_its_share_and_the_downlinks() {
    // A server to n clients: min(u_s / n, d) each (Kumar and Ross, "Peer-assisted file distribution", 2006).
    for (up, down, clients, expected) in [(100, 10, 4, 10.0), (100, 10, 10, 10.0), (100, 10, 25, 4.0)] {
        let mut shares = net(&[(up, 1)]);
        let flows: Vec<_> = (1..=clients)
            .map(|client| {
                shares.add_host(mbit(1), mbit(down));
                shares.add(&FlowSpec::new(0, client))
            })
            .collect();
        shares.settle();
        assert!(flows.iter().all(|&flow| error(shares.rate(flow), expected * 1e6) < 1e-12));
    }
}

#[test]
fn what_some_cannot_use_is_shared_by_the_others() {
    // Downlinks of 1, 2 and 100 under an uplink of 12: the last gets what is left.
    let shares = net(&[(12, 1), (1, 1), (1, 2), (1, 100)]);
    equal(rates(shares, [1, 2, 3].map(|to| FlowSpec::new(0, to))), [1.0, 2.0, 9.0]);
}

#[test]
fn bottlenecks_hang_on_one_another_along_a_chain() {
    // Links in a row, each flow over two neighbours: 0 -> a has 2 of three, and so on, like a parking lot.
    let shares = net(&[(6, 90), (20, 90), (90, 10), (90, 90)]);
    let flows = [(0, 2), (0, 3), (0, 1), (1, 2), (1, 3)].map(|(from, to)| FlowSpec::new(from, to));
    // Uplink 0: 2 each. Downlink 2: 10 - 2 = 8 for 1 -> 2. Uplink 1: 20 - 8 = 12 for 1 -> 3.
    equal(rates(shares, flows), [2.0, 2.0, 2.0, 8.0, 12.0]);
}

#[test]
fn rates_at_a_bottleneck_are_as_the_weights() {
    let shares = net(&[(12, 1), (1, 90), (1, 90), (1, 3)]);
    let flows = [(1.0, 1), (2.0, 2), (3.0, 3)].map(|(weight, to)| weighing(weight, FlowSpec::new(0, to)));
    // The third would have 6, but its downlink allows 3; the other nine go 1 to 2.
    equal(rates(shares, flows), [3.0, 6.0, 3.0]);
}

#[test]
fn a_cap_leaves_the_rest_to_others_until_it_is_lifted() {
    let mut shares = net(&[(12, 1), (1, 90), (1, 90)]);
    let flows = [capped(2, FlowSpec::new(0, 1)), FlowSpec::new(0, 2)].map(|spec| shares.add(&spec));
    let mut after = |cap| {
        shares.set_cap(flows[0], cap);
        assert_eq!(shares.settle().len(), 2);
        flows.map(|flow| shares.rate(flow) / 1e6)
    };
    equal(after(mbit(2)), [2.0, 10.0]);
    equal(after(None), [6.0, 6.0]);
    equal(after(mbit(0)), [0.0, 12.0]);
}

#[test]
fn without_limits_rates_are_infinite_and_without_capacity_zero() {
    let mut shares = FairShares::new();
    let (free, dead) = (shares.add_host(None, None), shares.add_host(mbit(0), mbit(0)));
    let flows = [(free, free), (free, dead), (dead, free)].map(|(from, to)| shares.add(&FlowSpec::new(from, to)));
    shares.settle();
    let rates = flows.map(|flow| shares.rate(flow).to_bits());
    assert_eq!(rates, [f64::INFINITY, 0.0, 0.0].map(f64::to_bits));
}

#[test]
fn only_flows_whose_rates_change_are_told() {
    let mut shares = net(&[(10, 90), (10, 90), (10, 90)]);
    let first = shares.add(&FlowSpec::new(0, 1));
    let apart = shares.add(&FlowSpec::new(1, 2));
    assert_eq!(shares.settle(), [first, apart]);
    assert_eq!(shares.settle(), []);
    let second = shares.add(&FlowSpec::new(0, 2));
    assert_eq!(shares.settle(), [first, second], "{apart:?} has nothing to do with it");
    shares.remove(second);
    assert_eq!(shares.settle(), [first]);
}

#[derive(Clone, Debug)]
enum Change {
    Add(u32, u32, Option<u64>, u32),
    Remove(usize),
    Cap(usize, Option<u64>),
    Capacity(u32, usize, Option<u64>),
    Settle,
}

const HOSTS: u32 = 6;

/// Few different rates, so that many are equal; one in seven is unlimited, some are zero.
fn a_rate() -> impl Strategy<Value = Option<u64>> {
    prop_oneof![
        1 => Just(None),
        3 => (0_u64..5).prop_map(|step| Some(step * 12_000_000)),
        3 => (1_000_u64..200_000_000).prop_map(Some),
    ]
}

fn a_change() -> impl Strategy<Value = Change> {
    let cap = || prop_oneof![3 => Just(None), 1 => a_rate()];
    prop_oneof![
        6 => (0..HOSTS, 0..HOSTS, cap(), prop_oneof![4 => Just(4_u32), 1 => 1_u32..40])
            .prop_map(|(from, to, cap, weight)| Change::Add(from, to, cap, weight)),
        4 => any::<usize>().prop_map(Change::Remove),
        1 => (any::<usize>(), cap()).prop_map(|(flow, cap)| Change::Cap(flow, cap)),
        2 => (0..HOSTS, 0..2_usize, a_rate()).prop_map(|(host, end, rate)| Change::Capacity(host, end, rate)),
        6 => Just(Change::Settle),
    ]
}

fn apply(twin: &mut Twin, change: &Change) -> f64 {
    let rate = |rate: Option<u64>| rate.map(Bitrate::from_bps);
    let pick = |twin: &Twin, number: usize| -> Option<FlowId> {
        twin.flows.keys().nth(number % twin.flows.len().max(1)).copied()
    };
    match *change {
        Change::Add(from, to, cap, weight) => {
            twin.add(FlowSpec { from, to, cap: rate(cap), weight: f64::from(weight) / 4.0 });
        }
        Change::Remove(number) => {
            if let Some(flow) = pick(twin, number) {
                twin.remove(flow);
            }
        }
        Change::Cap(number, cap) => {
            if let Some(flow) = pick(twin, number) {
                twin.set_cap(flow, rate(cap));
            }
        }
        Change::Capacity(host, end, capacity) => twin.set_capacity(host, end, rate(capacity)),
        Change::Settle => return twin.check(),
    }
    0.0
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn rates_are_those_of_progressive_filling_after_any_changes(
        links in prop::collection::vec((a_rate(), a_rate()), HOSTS as usize),
        changes in prop::collection::vec(a_change(), 1..80),
    ) {
        let mut twin = Twin::default();
        for (up, down) in links {
            twin.add_host(up.map(Bitrate::from_bps), down.map(Bitrate::from_bps));
        }
        for change in &changes {
            let worst = apply(&mut twin, change);
            prop_assert!(worst <= BOUND, "a rate is off by {worst}");
        }
        let worst = twin.check();
        prop_assert!(worst <= BOUND, "a rate is off by {worst}");
    }
}

#[test]
fn rates_stay_exact_over_long_runs() {
    // Five flows a host, one leaves and one comes, as in the bench; links of one size, and of many.
    let mut worst: f64 = 0.0;
    for (seed, down, spread) in [(1, 10, 0), (2, 50, 0), (3, 10, 9_000_000), (4, 25, 5_000_000)] {
        let mut stream = Streams::new(Seed(seed)).stream(Domain::Bench, 0);
        let mut draw = |bound: u32| stream.random_range(0..bound);
        let mut twin = Twin::default();
        for _ in 0..30 {
            let [up, down] = [10, down].map(|rate| rate * 1_000_000 - u64::from(draw(spread + 1)));
            twin.add_host(Some(Bitrate::from_bps(up)), Some(Bitrate::from_bps(down)));
        }
        let mut flows: Vec<_> = (0..150).map(|_| twin.add(FlowSpec::new(draw(30), draw(30)))).collect();
        for step in 0..2_000 {
            twin.remove(flows.swap_remove(draw(150) as usize));
            flows.push(twin.add(FlowSpec::new(draw(30), draw(30))));
            twin.shares.settle();
            if step % 50 == 0 {
                worst = worst.max(twin.error());
            }
        }
    }
    println!("largest relative error of a rate: {worst:e}");
    assert!(worst <= BOUND, "a rate is off by {worst}");
}
