//! Optimisers of hubs against every possible answer, against optima by another solver, and against themselves with less
//! work.

mod brute_force;
mod certificates;
mod instances;
mod orlib;

use peerscape::Seed;
use peerscape::optimiser::hub::{
    Answer, CapacitatedPMedian, Effort, HubCenter, HubError, HubLocation, KCenter, Matrix, PMedian, UNREACHABLE,
    UnitCosts,
};
use proptest::prelude::*;

use instances::{EFFORT, Instance};

pub(crate) const UNIT: UnitCosts = UnitCosts { collection: 3.0, transfer: 0.75, distribution: 2.0 };

pub(crate) fn p_median(instance: &Instance, p: usize) -> PMedian {
    PMedian::new(instance.matrix(), instance.weights.clone(), p).expect("a problem")
}

pub(crate) fn k_center(instance: &Instance, p: usize) -> KCenter {
    KCenter::new(instance.matrix(), p).expect("a problem")
}

pub(crate) fn capacitated(instance: &Instance, p: usize) -> CapacitatedPMedian {
    let capacities = instance.capacities.iter().map(|&capacity| u64::from(capacity)).collect();
    let (weights, demands) = (instance.weights.clone(), instance.demands.clone());
    CapacitatedPMedian::new(instance.matrix(), weights, demands, capacities, p).expect("a problem")
}

pub(crate) fn hub_center(instance: &Instance, p: usize) -> HubCenter {
    HubCenter::new(instance.matrix(), instance.matrix(), p).expect("a problem")
}

pub(crate) fn hub_median(instance: &Instance, p: usize) -> HubLocation {
    let (distances, flows) = (instance.real(&instance.distances), instance.real(&instance.flows));
    HubLocation::new(&distances, &flows, UNIT, p).expect("a problem")
}

/// With capacities for a half to all of the flow, and a price for each hub.
fn with_capacities(instance: &Instance, fixed: u32) -> HubLocation {
    let all = f64::from(instance.flows.iter().sum::<u32>());
    let share = |capacity: &u32| 0.5 * all + 0.5 * all * f64::from(capacity % 10) / 10.0;
    let capacities = instance.capacities.iter().map(share).collect();
    let prices = instance.weights.iter().map(|weight| f64::from(weight * fixed)).collect();
    let problem = hub_median(instance, 1).with_capacities(capacities).expect("as many as nodes");
    problem.with_fixed_costs(prices).expect("as many as nodes")
}

/// The allocation is one to as many hubs as there are to be.
fn check<V>(answer: &Answer<V>, n: usize, p: usize) {
    assert_eq!((answer.hubs.len(), answer.allocation.len()), (p, n));
    assert!(answer.hubs.is_sorted_by(|a, b| a < b), "{:?}", answer.hubs);
    assert!(answer.allocation.iter().all(|hub| answer.hubs.contains(hub)));
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-8 * a.abs().max(b.abs())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_p_median_is_the_best_of_all(seed: u64, n in 1_usize..11, p in 1_usize..5) {
        let p = p.min(n);
        let instance = Instance::new(seed, n, p);
        let answer = p_median(&instance, p).solve(EFFORT).expect("an answer");
        check(&answer, n, p);
        prop_assert_eq!(answer.value, brute_force::p_median(&instance, p));
        prop_assert_eq!(answer.value, brute_force::assignment_cost(&instance, &answer.allocation));
        prop_assert!(answer.proven && answer.bound == answer.value);
    }

    #[test]
    fn a_k_center_is_the_best_of_all(seed: u64, n in 1_usize..11, p in 1_usize..5) {
        let p = p.min(n);
        let instance = Instance::new(seed, n, p);
        let problem = k_center(&instance, p);
        let answer = problem.solve(EFFORT).expect("an answer");
        check(&answer, n, p);
        let least = brute_force::k_center(&instance, p);
        prop_assert_eq!(answer.value, least);
        prop_assert!(answer.proven && answer.bound == answer.value);
        let farthest_first = problem.farthest_first().expect("an answer").value;
        prop_assert!(least <= farthest_first && farthest_first <= 2 * least);
    }

    #[test]
    fn a_capacitated_p_median_is_the_best_of_all(seed: u64, n in 1_usize..8, p in 1_usize..4) {
        let p = p.min(n);
        let instance = Instance::new(seed, n, p);
        match (capacitated(&instance, p).solve(EFFORT), brute_force::capacitated(&instance, p)) {
            (Ok(answer), Some(least)) => {
                check(&answer, n, p);
                prop_assert_eq!(answer.value, least);
                prop_assert_eq!(answer.value, brute_force::assignment_cost(&instance, &answer.allocation));
                prop_assert!(answer.proven && answer.bound == answer.value);
            }
            (answer, None) => prop_assert!(matches!(answer, Err(HubError::Capacity { proven: true, .. })), "{answer:?}"),
            (answer, least) => prop_assert!(false, "{answer:?} {least:?}"),
        }
    }

    #[test]
    fn a_hub_center_is_the_best_of_all(seed: u64, n in 1_usize..8, p in 1_usize..4) {
        let p = p.min(n);
        let instance = Instance::new(seed, n, p);
        let problem = hub_center(&instance, p);
        let answer = problem.solve(EFFORT).expect("an answer");
        check(&answer, n, p);
        prop_assert_eq!(answer.value, brute_force::hub_center(&problem, n, p));
        prop_assert_eq!(answer.value, brute_force::largest_latency(&instance, &answer.allocation));
        prop_assert!(answer.proven && answer.bound == answer.value);
    }

    #[test]
    fn a_hub_median_is_the_best_of_all(seed: u64, n in 1_usize..8, p in 1_usize..4) {
        let p = p.min(n);
        let instance = Instance::new(seed, n, p);
        let problem = hub_median(&instance, p);
        let answer = problem.solve(EFFORT).expect("an answer");
        check(&answer, n, p);
        prop_assert!(near(answer.value, brute_force::hub_location(&problem, n, p..=p)));
        prop_assert!(near(answer.value, brute_force::flow_cost(&instance, &answer.allocation)));
        prop_assert!(answer.proven);
    }

    #[test]
    fn hubs_with_a_price_and_a_capacity_are_the_best_of_all(seed: u64, n in 1_usize..7, fixed in 0_u32..2_000) {
        let instance = Instance::new(seed, n, 1);
        let problem = with_capacities(&instance, fixed);
        let all = f64::from(instance.flows.iter().sum::<u32>());
        let fits = |hub_of: &[u32]| (0..n).all(|hub| {
            let capacity = 0.5 * all + 0.5 * all * f64::from(instance.capacities[hub] % 10) / 10.0;
            let own = (0..n).filter(|&node| hub_of[node] as usize == hub);
            let load: u32 = own.flat_map(|node| &instance.flows[node * n..(node + 1) * n]).sum();
            f64::from(load) <= capacity * (1.0 + 1e-9)
        });
        let least = brute_force::hub_location_within(&problem, n, &fits);
        match problem.solve(EFFORT) {
            Ok(answer) => {
                prop_assert!(near(answer.value, least), "{} {least}", answer.value);
                prop_assert!(answer.proven && fits(&answer.allocation));
            }
            Err(error) => prop_assert!(least.is_infinite(), "{error} {least}"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Too large to be proven with so little work: the bound of whatever is found must still be below the best known.
    #[test]
    fn bounds_are_never_above_the_best_answer(seed: u64, n in 20_usize..40, p in 2_usize..6) {
        let instance = Instance::new(seed, n, p);
        for work in [20_000, 200_000] {
            let little = Effort { work, seed: Seed(2) };
            let [few, many] = [little, EFFORT].map(|effort| p_median(&instance, p).solve(effort).expect("an answer"));
            prop_assert!(few.bound <= many.value && many.value <= few.value);
            let [few, many] = [little, EFFORT].map(|effort| k_center(&instance, p).solve(effort).expect("an answer"));
            prop_assert!(few.bound <= many.value && many.value <= few.value);
            let [few, many] = [little, EFFORT].map(|effort| hub_center(&instance, p).solve(effort).expect("an answer"));
            prop_assert!(few.bound <= many.value);
            let [few, many] = [little, EFFORT].map(|effort| hub_median(&instance, p).solve(effort).expect("an answer"));
            prop_assert!(few.bound <= many.value * (1.0 + 1e-9));
            if let [Ok(few), Ok(many)] = [little, EFFORT].map(|effort| capacitated(&instance, p).solve(effort)) {
                prop_assert!(few.bound <= many.value);
            }
        }
    }
}

#[test]
fn more_work_never_makes_an_answer_worse_and_the_same_work_makes_the_same_one() {
    let instance = Instance::new(7, 60, 6);
    let works = [0, 1_000, 10_000, 100_000, 1_000_000, 10_000_000];
    let efforts = works.map(|work| Effort { seed: Seed(3), work });
    let falls = |values: [f64; 6]| assert!(values.is_sorted_by(|a, b| a >= b), "{values:?}");
    falls(efforts.map(|effort| p_median(&instance, 6).solve(effort).expect("an answer").value as f64));
    falls(efforts.map(|effort| k_center(&instance, 6).solve(effort).expect("an answer").value as f64));
    falls(efforts.map(|effort| capacitated(&instance, 6).solve(effort).expect("an answer").value as f64));
    falls(efforts.map(|effort| hub_center(&instance, 6).solve(effort).expect("an answer").value as f64));
    falls(efforts.map(|effort| hub_median(&instance, 6).solve(effort).expect("an answer").value));
    for effort in efforts {
        assert_eq!(p_median(&instance, 6).solve(effort), p_median(&instance, 6).solve(effort));
        assert_eq!(hub_median(&instance, 6).solve(effort), hub_median(&instance, 6).solve(effort));
        assert_eq!(hub_center(&instance, 6).solve(effort), hub_center(&instance, 6).solve(effort));
        assert_eq!(capacitated(&instance, 6).solve(effort), capacitated(&instance, 6).solve(effort));
    }
}

#[test]
fn a_portfolio_is_never_worse_than_its_simplest_member() {
    for seed in 0..20 {
        let instance = Instance::new(seed, 50, 5);
        for work in [1, 100_000] {
            let effort = Effort { seed: Seed(4), work };
            let median = p_median(&instance, 5);
            let value = median.solve(effort).expect("an answer").value;
            assert!(value <= median.greedy().expect("an answer").value);
            let center = k_center(&instance, 5);
            assert!(
                center.solve(effort).expect("an answer").value <= center.farthest_first().expect("an answer").value
            );
            let limited = capacitated(&instance, 5);
            if let Ok(largest) = limited.largest() {
                let value = limited.solve(effort).expect("feasible where the largest are").value;
                assert!(value <= largest.value);
            }
        }
        let median = p_median(&instance, 5);
        let [greedy, interchange] =
            [median.greedy(), median.interchange()].map(|answer| answer.expect("an answer").value);
        assert!(median.solve(EFFORT).expect("an answer").value <= interchange && interchange <= greedy);
    }
}

/// Bound stated before: a tenth, on the mean of ten instances.
#[test]
fn the_largest_hubs_are_far_from_the_best_ones() {
    let ratio = |seed| {
        let problem = capacitated(&Instance::new(seed, 40, 4), 4);
        let best = problem.solve(EFFORT).expect("an answer");
        problem.largest().expect("an answer").value as f64 / best.value as f64
    };
    let mean = (0..10).map(ratio).sum::<f64>() / 10.0;
    assert!(mean > 1.1, "{mean}");
}

#[test]
fn what_cannot_be_is_said_with_figures() {
    let two_islands = |a: usize, b: usize| if a / 2 == b / 2 { 5 } else { UNREACHABLE };
    let values: Vec<u32> = (0..16).map(|pair| two_islands(pair / 4, pair % 4)).collect();
    let matrix = Matrix::new(4, 4, values).expect("an answer");
    let error = PMedian::new(matrix.clone(), vec![1; 4], 1).expect("an answer").solve(EFFORT).expect_err("an error");
    assert_eq!(error, HubError::Unreached { clients: 2, hubs: 1, proven: true });
    assert_eq!(error.to_string(), "2 clients reach none of 1 hubs, whichever sites are hubs");
    let answer = PMedian::new(matrix.clone(), vec![1; 4], 2).expect("an answer").solve(EFFORT).expect("an answer");
    assert_eq!((answer.value, answer.proven), (20, true));
    let error = KCenter::new(matrix.clone(), 1).expect("an answer").solve(EFFORT).expect_err("an error");
    assert_eq!(error, HubError::Unreached { clients: 2, hubs: 1, proven: true });
    assert!(HubCenter::new(matrix.clone(), matrix.clone(), 1).expect("an answer").solve(EFFORT).is_err());
    assert!(HubCenter::new(matrix.clone(), matrix.clone(), 2).expect("an answer").solve(EFFORT).is_err());

    let problem =
        CapacitatedPMedian::new(matrix.clone(), vec![1; 4], vec![3; 4], vec![5, 4, 3, 2], 2).expect("an answer");
    let error = problem.solve(EFFORT).expect_err("an error");
    assert_eq!(error.to_string(), "a demand of 12 and 2 hubs that hold 9 at the most: no answer exists");
    // Enough in all, but demands cannot be split.
    let problem =
        CapacitatedPMedian::new(matrix.clone(), vec![1; 4], vec![3; 4], vec![8, 8, 8, 5], 2).expect("an answer");
    let proven = matches!(problem.solve(EFFORT), Err(HubError::Unreached { .. } | HubError::Capacity { .. }));
    assert!(proven || problem.solve(EFFORT).is_ok());

    assert_eq!(KCenter::new(matrix.clone(), 5).expect_err("an error"), HubError::Hubs { hubs: 5, sites: 4 });
    assert_eq!(KCenter::new(matrix.clone(), 0).expect_err("an error"), HubError::Hubs { hubs: 0, sites: 4 });
    assert!(PMedian::new(matrix, vec![1; 3], 1).is_err());
    assert!(Matrix::<u32>::new(0, 0, Vec::new()).is_err());
    let huge = Matrix::new(1, 1, vec![u32::MAX - 1]).expect("an answer");
    assert!(matches!(PMedian::new(huge, vec![u32::MAX], 1), Err(HubError::TooLarge { .. })));
    let bad = Matrix::new(1, 1, vec![f64::NAN]).expect("an answer");
    assert!(matches!(HubLocation::new(&bad, &bad, UNIT, 1), Err(HubError::Figure { .. })));
}
