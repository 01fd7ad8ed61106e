//! Lowering the mean while nobody hears later than the last peer does: local search over moves to near parents.

use super::change::{self, Change};
use super::near::Near;
use super::state::State;

/// How often all peers are looked at.
const PASSES_MAX: u32 = 20;

/// Moves peers, or lets two change places, as long as that lowers the sum of all latencies.
pub(super) fn lower(state: &mut State<'_>, near: &Near) {
    let (peers, root) = (state.problem().peers(), state.problem().root());
    for _ in 0..PASSES_MAX {
        let before_us = state.total_us();
        for peer in (0..peers).filter(|&peer| peer != root) {
            improve(state, near, peer);
        }
        if state.total_us() == before_us {
            return;
        }
    }
}

fn improve(state: &mut State<'_>, near: &Near, peer: u32) {
    let by_us = state.max_us();
    for &to in near.of(peer) {
        if to == peer || to == state.parent(peer) {
            continue;
        }
        if state.free(to) > 0 {
            keep_if_lower(state, |state| change::relink(state, peer, to, by_us));
        } else {
            // The place of the child that loses least by going where the peer is.
            let children: smallvec::SmallVec<[u32; 16]> = state.children(to).collect();
            for child in children {
                if keep_if_lower(state, |state| change::swap(state, peer, child, by_us)) {
                    break;
                }
            }
        }
    }
}

fn keep_if_lower(state: &mut State<'_>, change: impl FnOnce(&mut State<'_>) -> Option<Change>) -> bool {
    let before_us = state.total_us();
    let Some(change) = change(state) else { return false };
    if state.total_us() < before_us {
        return true;
    }
    change.take_back(state);
    false
}
