//! Simulated annealing: any change may happen, those that make the tree worse ever less (Kirkpatrick, Gelatt and Vecchi,
//! Science 220, 1983).
//!
//! Changes are moving a peer with all below it, letting two such groups or two peers alone change places, putting a peer
//! between another and its parent, and moving a peer to a full parent that gives a child away. Half of the peers that are
//! moved stand on the longest way, for nothing else shortens it.

use rand::RngExt;

use super::change::{self, Change};
use super::near::Near;
use super::problem::Objective;
use super::state::State;
use crate::rng::Stream;

/// How an annealing goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Schedule {
    /// How many changes are tried.
    pub(super) moves: u64,
    /// The first and the last temperature, as shares of the value.
    pub(super) from: f64,
    pub(super) to: f64,
    /// How much the mean latency counts beside the largest (or the largest beside the mean).
    pub(super) weight: f64,
}

/// Changes between two temperatures.
const STEP: u64 = 64;

/// The best tree that was met, from the one that `state` is; `state` is left where the search ended.
pub(super) fn anneal(state: &mut State<'_>, near: &Near, schedule: Schedule, stream: &mut Stream) -> Vec<u32> {
    let root = state.problem().root();
    let mut search = Search { peers: Peers::of(state), state, near, weight: schedule.weight, root };
    if search.peers.moved.is_empty() {
        return search.state.parents();
    }
    let first = search.energy();
    let (mut best, mut best_parents) = (first, search.state.parents());
    // Whether the tree is better than the one that was put aside.
    let mut is_fresh = false;
    let (mut now, mut temperature) = (first, first * schedule.from);
    let steps = (schedule.moves / STEP).max(1);
    let factor = libm::pow(schedule.to / schedule.from, 1.0 / steps as f64);
    for _ in 0..steps {
        for _ in 0..STEP {
            let allowed = now - temperature * libm::log(1.0 - stream.random::<f64>());
            let Some(change) = search.propose(allowed, stream) else { continue };
            let then = search.energy();
            if then > allowed || (then > now && is_fresh) {
                change.take_back(search.state);
                if then <= allowed {
                    best_parents = search.state.parents();
                    is_fresh = false;
                }
                continue;
            }
            now = then;
            if now < best {
                (best, is_fresh) = (now, true);
            }
        }
        temperature *= factor;
    }
    if is_fresh {
        best_parents = search.state.parents();
    }
    best_parents
}

struct Search<'s, 'a> {
    state: &'s mut State<'a>,
    near: &'s Near,
    peers: Peers,
    weight: f64,
    root: u32,
}

// Who may be moved, and who may be moved to.
struct Peers {
    moved: Vec<u32>,
    relays: Vec<u32>,
}

impl Peers {
    fn of(state: &State<'_>) -> Self {
        let problem = state.problem();
        let all = 0..problem.peers();
        Self {
            moved: all.clone().filter(|&peer| peer != problem.root()).collect(),
            relays: all.filter(|&peer| problem.fan_out(peer) > 0).collect(),
        }
    }
}

impl Search<'_, '_> {
    // What is made small.
    fn energy(&self) -> f64 {
        let mean_us = self.state.total_us() as f64 / f64::from(self.state.problem().peers());
        let max_us = self.state.max_us() as f64;
        match self.state.problem().objective() {
            Objective::Max | Objective::P95 => max_us + self.weight * mean_us,
            Objective::Mean => mean_us + self.weight * max_us,
        }
    }

    fn propose(&mut self, allowed: f64, stream: &mut Stream) -> Option<Change> {
        // No way may be longer than that.
        let by_us = match self.state.problem().objective() {
            Objective::Max | Objective::P95 => allowed as u64,
            Objective::Mean => u64::MAX / 2,
        };
        let draw = stream.random::<u32>();
        let peer = if draw & 1 == 0 { self.critical(stream) } else { any(&self.peers.moved, stream) };
        let state = &mut *self.state;
        match draw >> 1 & 15 {
            0..5 => {
                let to = parent(self.near, &self.peers, peer, stream);
                if state.free(to) > 0 {
                    return change::relink(state, peer, to, by_us);
                }
                let child = nth_child(state, to, stream)?;
                if draw >> 8 & 1 == 0 {
                    return change::swap(state, peer, child, by_us);
                }
                let refuge = parent(self.near, &self.peers, child, stream);
                change::eject(state, (peer, to), (child, refuge), by_us)
            }
            5..9 => change::swap(state, peer, any(&self.peers.moved, stream), by_us),
            9..14 => {
                let other = if draw >> 8 & 1 == 0 { any(&self.peers.relays, stream) } else { state.parent(peer) };
                change::exchange(state, peer, other, by_us)
            }
            _ => {
                let between = any(&self.peers.relays, stream);
                if between == self.root {
                    return None;
                }
                change::insert(state, peer, between, by_us)
            }
        }
    }

    // Somebody on the longest way.
    fn critical(&self, stream: &mut Stream) -> u32 {
        let (mut at, mut chosen, mut met) = (self.root, self.root, 0);
        while let Some(child) = self.state.critical_child(at) {
            met += 1;
            if stream.random_range(0..met) == 0 {
                chosen = child;
            }
            at = child;
        }
        chosen
    }
}

fn any(peers: &[u32], stream: &mut Stream) -> u32 {
    peers[stream.random_range(0..peers.len())]
}

// A possible parent: of the near ones, or any.
fn parent(near: &Near, peers: &Peers, peer: u32, stream: &mut Stream) -> u32 {
    let near = near.of(peer);
    if near.is_empty() || stream.random::<u32>() & 3 == 0 { any(&peers.relays, stream) } else { any(near, stream) }
}

fn nth_child(state: &State<'_>, parent: u32, stream: &mut Stream) -> Option<u32> {
    let count = state.child_count(parent);
    (count > 0).then(|| stream.random_range(0..count)).and_then(|nth| state.children(parent).nth(nth as usize))
}
