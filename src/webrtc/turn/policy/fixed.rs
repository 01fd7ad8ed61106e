//! `static`: each peer has one server, by its number modulo the number of servers.
//!
//! What a list of servers in an application's configuration comes to: no knowledge, no alternative.

use super::{Choice, Condition, PolicyEntry, TurnPolicy, never_opens};
use crate::webrtc::turn::TurnIndex;

pub(super) const ENTRY: PolicyEntry = PolicyEntry {
    policy: TurnPolicy::Static,
    summary: "each peer has one server, by its number, and no other",
    opens_and_closes: false,
    has_alternatives: false,
    choose,
    opens: never_opens,
};

fn choose(choice: &Choice<'_>) -> Option<TurnIndex> {
    let own = choice.peer as usize % choice.candidates.len().max(1);
    let candidate = choice.candidates.get(own)?;
    (candidate.condition == Condition::Ready).then_some(own as TurnIndex)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{chosen, ready};
    use super::*;

    #[test]
    fn a_peer_keeps_its_server_whatever_the_load() {
        let (idle, busy) = (ready(&[(90, 0, 9), (1, 0, 9)]), ready(&[(90, 8, 9), (1, 0, 9)]));
        for peer in 0..8 {
            let own = Some((peer % 2) as TurnIndex);
            assert_eq!((chosen(TurnPolicy::Static, peer, &idle), chosen(TurnPolicy::Static, peer, &busy)), (own, own));
        }
    }
}
