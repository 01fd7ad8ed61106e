//! Simulated annealing of hubs and allocation at once (Ernst and Krishnamoorthy 1996), in runs that get longer; each ends
//! with a descent.

use rand::RngExt;

use super::costs::Costs;
use super::state::State;
use crate::optimiser::hub::work::Work;
use crate::rng::Stream;

/// Moves of the first run for each node.
const MOVES: usize = 150;
/// The last temperature as a share of the first.
const COOLED: f64 = 1e-3;

/// The best allocation so far: within all capacities.
pub(super) struct Best {
    pub(super) hub_of: Vec<u32>,
    pub(super) value: f64,
}

impl Best {
    pub(super) fn none() -> Self {
        Self { hub_of: Vec::new(), value: f64::INFINITY }
    }

    /// Takes an allocation if it is better, and within the capacities.
    pub(super) fn offer(&mut self, costs: &Costs, hub_of: &[u32]) {
        let value = costs.value(hub_of);
        if value < self.value && costs.excess(hub_of) == 0.0 {
            *self = Self { hub_of: hub_of.to_vec(), value };
        }
    }
}

/// The nodes with most flow as hubs, and a descent from there.
pub(super) fn begin(costs: &Costs, best: &mut Best, work: &mut Work) {
    let mut nodes: Vec<u32> = (0..costs.n as u32).collect();
    let supply = |node: u32| costs.supply[node as usize];
    nodes.sort_by(|&a, &b| supply(b).total_cmp(&supply(a)).then(a.cmp(&b)));
    let mut state = State::new(costs, &nearest(costs, &nodes[..costs.hubs.0]));
    best.offer(costs, state.hub_of());
    descend(&mut state, costs, work);
    best.offer(costs, state.hub_of());
}

/// The run of this number: number 0 is the shortest, each further one twice as long.
pub(super) fn run(costs: &Costs, best: &mut Best, stream: &mut Stream, number: u32, work: &mut Work) {
    let start =
        if number.is_multiple_of(2) && !best.hub_of.is_empty() { best.hub_of.clone() } else { random(costs, stream) };
    let mut state = State::new(costs, &start);
    let moves = (MOVES * costs.n) << number.min(20);
    let first = first_temperature(&mut state, costs, stream, work);
    let cooling = libm::pow(COOLED, 1.0 / moves as f64);
    let mut temperature = first;
    let mut least = f64::INFINITY;
    for step in 0..moves {
        if !work.is_left() {
            break;
        }
        let accepts = |change: f64, stream: &mut Stream| {
            change <= 0.0 || stream.random::<f64>() < libm::exp(-change / temperature)
        };
        advance(&mut state, costs, stream, work, &accepts);
        if state.value() < least {
            least = state.value();
            best.offer(costs, state.hub_of());
        }
        if step % 20_000 == 19_999 {
            state.refresh();
        }
        temperature *= cooling;
    }
    if !work.is_left() {
        // A descent from where a longer run would only pass could make less work look better than more.
        return;
    }
    let end = best.hub_of.clone();
    if !end.is_empty() {
        state.restore(&end);
    }
    state.refresh();
    descend(&mut state, costs, work);
    best.offer(costs, state.hub_of());
}

/// Random hubs; every node goes where its access is cheapest.
fn random(costs: &Costs, stream: &mut Stream) -> Vec<u32> {
    let (fewest, most) = costs.hubs;
    let number = stream.random_range(fewest..=most.min(fewest + costs.n / 5));
    let mut nodes: Vec<u32> = (0..costs.n as u32).collect();
    for slot in 0..number {
        let other = stream.random_range(slot..costs.n);
        nodes.swap(slot, other);
    }
    nearest(costs, &nodes[..number])
}

/// Every node is served by the hub whose access is cheapest.
pub(super) fn nearest(costs: &Costs, hubs: &[u32]) -> Vec<u32> {
    let access = |node: usize, hub: u32| costs.access[node * costs.n + hub as usize];
    let serve = |node: usize| {
        let cheapest = hubs.iter().copied().min_by(|&a, &b| access(node, a).total_cmp(&access(node, b)));
        let cheapest = cheapest.expect("invariant: there is a hub");
        if hubs.contains(&(node as u32)) { node as u32 } else { cheapest }
    };
    (0..costs.n).map(serve).collect()
}

/// Half of the mean change for the worse.
fn first_temperature(state: &mut State, costs: &Costs, stream: &mut Stream, work: &mut Work) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0);
    for _ in 0..50 {
        let before = state.value();
        advance(state, costs, stream, work, &|_, _| true);
        let change = state.value() - before;
        if change > 0.0 {
            sum += change;
            count += 1.0;
        }
    }
    if count > 0.0 { sum / count / 2.0 } else { 1.0 }
}

type Accepts<'a> = dyn Fn(f64, &mut Stream) -> bool + 'a;

/// Tries one random move.
fn advance(state: &mut State, costs: &Costs, stream: &mut Stream, work: &mut Work, accepts: &Accepts) {
    let node = stream.random_range(0..costs.n as u32);
    let hub = state.hubs()[stream.random_range(0..state.hubs().len())];
    let kind = stream.random_range(0..100_u32);
    work.spend(2 * state.hubs().len() + 8);
    if kind < 70 && !state.is_hub(node) {
        let change = state.change(node, hub);
        if accepts(change, stream) {
            state.move_to(node, hub);
            work.spend(costs.n);
        }
        return;
    }
    let before = (state.hub_of().to_vec(), state.value());
    let (fewest, most) = costs.hubs;
    let number = state.hubs().len();
    match kind {
        _ if state.is_hub(node) && number > fewest && kind >= 85 => state.close(node),
        _ if state.is_hub(node) => return,
        // Another node of the same cluster takes over, or one from anywhere.
        0..=84 => state.replace(state.hub_of()[node as usize], node),
        85..=89 if number < most => state.move_to(node, node),
        90..=94 => exchange(state, node, hub),
        _ => {
            state.move_to(node, node);
            state.close(hub);
        }
    }
    work.spend(costs.n * costs.n / number.max(1));
    let change = state.value() - before.1;
    if !accepts(change, stream) {
        state.restore(&before.0);
    }
}

/// Two nodes change their hubs: where hubs are full, no node can move alone.
fn exchange(state: &mut State, node: u32, hub: u32) {
    let own = state.hub_of()[node as usize];
    let of_hub = |&other: &u32| state.hub_of()[other as usize] == hub && other != hub;
    // The partner is the one that costs least.
    let partners = (0..state.hub_of().len() as u32).filter(of_hub);
    let partner = partners.min_by(|&a, &b| state.change(a, own).total_cmp(&state.change(b, own)));
    if own != hub
        && let Some(partner) = partner
    {
        state.move_to(partner, own);
        state.move_to(node, hub);
    }
}

/// Moves nodes and hubs as long as that helps.
fn descend(state: &mut State, costs: &Costs, work: &mut Work) {
    let improves = |change: f64, value: f64| change < -1e-12 * value.abs();
    loop {
        let before = state.value();
        for node in 0..costs.n as u32 {
            for place in 0..state.hubs().len() {
                let hub = state.hubs()[place];
                if !state.is_hub(node) && improves(state.change(node, hub), before) {
                    state.move_to(node, hub);
                }
            }
            work.spend(2 * state.hubs().len() * state.hubs().len());
        }
        for node in 0..costs.n as u32 {
            for hub in state.hubs().to_vec() {
                if state.is_hub(node) || !state.is_hub(hub) {
                    continue;
                }
                let kept = (state.hub_of().to_vec(), state.value());
                state.replace(hub, node);
                if !improves(state.value() - kept.1, before) {
                    state.restore(&kept.0);
                }
                work.spend(costs.n * costs.n / state.hubs().len());
            }
        }
        if !improves(state.value() - before, before) || !work.is_left() {
            return;
        }
    }
}
