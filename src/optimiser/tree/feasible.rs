//! Whether there can be a tree at all, and a first one whatever the hops: every peer finds a place, others moving if they must.

use super::matching::Matching;
use super::problem::{Infeasible, TreeProblem};
use super::shortest::UNREACHED;
use super::state::State;

/// Up to so many peers it is looked at whether all of them find a parent at once.
const MATCHED_MAX: u32 = 2_000;
/// How many peers may move, one for another, so that one finds a place.
const MOVES_MAX: u32 = 3;
/// How many places are looked at for one peer.
const LOOKS_MAX: u32 = 50_000;

/// Why no tree can be, in figures, if that can be shown.
pub(super) fn check(problem: &TreeProblem<'_>, shortest_us: &[u64]) -> Result<(), Infeasible> {
    let others = problem.peers() - 1;
    if others == 0 {
        return Ok(());
    }
    if problem.fan_out(problem.root()) == 0 {
        return Err(Infeasible::Root { peers: others });
    }
    let unreached = |&peer: &u32| shortest_us[peer as usize] == UNREACHED;
    if let Some(first) = (0..problem.peers()).find(unreached) {
        let count = (0..problem.peers()).filter(unreached).count() as u32;
        return Err(Infeasible::Unreachable { count, peers: others, first });
    }
    let slots = (0..problem.peers()).map(|peer| u64::from(problem.fan_out(peer))).sum();
    if slots < u64::from(others) {
        return Err(Infeasible::FanOut { slots, wanted: u64::from(others) });
    }
    Ok(())
}

/// The same for who can be the parent of whom, where not everybody can be: whether all find one at once. Not of very many.
pub(super) fn check_matching(problem: &TreeProblem<'_>) -> Result<(), Infeasible> {
    let count = if problem.peers() <= MATCHED_MAX { unmatched(problem) } else { 0 };
    if count == 0 { Ok(()) } else { Err(Infeasible::Matching { count, peers: problem.peers() - 1 }) }
}

// How many find no slot, whenever it might be.
fn unmatched(problem: &TreeProblem<'_>) -> u32 {
    let peers = problem.peers();
    let mut matching = Matching::new(peers as usize, peers as usize);
    (0..peers).for_each(|peer| matching.offer(peer as usize, problem.fan_out(peer)));
    let could = |peer: usize, parent: usize| parent != peer && problem.hop_us(parent as u32, peer as u32).is_some();
    let others = (0..peers).filter(|&peer| peer != problem.root());
    others.filter(|&peer| !matching.place(peer as usize, &could)).count() as u32
}

/// Gives everybody a place who is still outside.
///
/// # Errors
/// When somebody found none: that says nothing about whether there is one.
pub(super) fn complete(state: &mut State<'_>) -> Result<(), Infeasible> {
    let problem = state.problem();
    let is_outside = |state: &State<'_>, peer: u32| peer != problem.root() && state.parent(peer) == peer;
    // Who serves many first: places come with them.
    let mut outside: Vec<u32> = (0..problem.peers()).filter(|&peer| is_outside(state, peer)).collect();
    outside.sort_by_key(|&peer| std::cmp::Reverse(problem.fan_out(peer)));
    let mut missing = outside.len();
    loop {
        outside.retain(|&peer| {
            let mut looks = LOOKS_MAX;
            !(0..=MOVES_MAX).any(|moves| place(state, peer, moves, &mut looks))
        });
        if outside.is_empty() {
            return Ok(());
        }
        if outside.len() == missing {
            return Err(Infeasible::NotFound { missing: missing as u32, peers: problem.peers() - 1 });
        }
        missing = outside.len();
    }
}

// Finds a place for a peer that is outside, with all below it.
fn place(state: &mut State<'_>, peer: u32, moves: u32, looks: &mut u32) -> bool {
    let problem = state.problem();
    let root = problem.root();
    let candidates: Vec<u32> = (0..problem.peers())
        .filter(|&to| problem.fan_out(to) > 0 && problem.hop_us(to, peer).is_some() && state.is_below(to, root))
        .collect();
    if let Some(&to) = candidates.iter().find(|&&to| state.free(to) > 0) {
        state.attach(peer, to);
        return true;
    }
    if moves == 0 {
        return false;
    }
    for to in candidates {
        for child in state.children(to).collect::<Vec<_>>() {
            *looks = looks.saturating_sub(1);
            if *looks == 0 {
                return false;
            }
            state.detach(child);
            state.attach(peer, to);
            if place(state, child, moves - 1, looks) {
                return true;
            }
            state.detach(peer);
            state.attach(child, to);
        }
    }
    false
}
