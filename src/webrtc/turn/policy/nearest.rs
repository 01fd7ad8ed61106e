//! `nearest`: the server with the lowest delay to the peer; of equals the first.
//!
//! What anycast and DNS by geography come to where they work.

use super::{Choice, PolicyEntry, TurnPolicy, never_opens};
use crate::webrtc::turn::TurnIndex;

pub(super) const ENTRY: PolicyEntry = PolicyEntry {
    policy: TurnPolicy::Nearest,
    summary: "the server with the lowest delay to the peer",
    opens_and_closes: false,
    has_alternatives: true,
    choose,
    opens: never_opens,
};

fn choose(choice: &Choice<'_>) -> Option<TurnIndex> {
    choice.ready().min_by_key(|(_, server)| server.delay).map(|(index, _)| index)
}

#[cfg(test)]
mod tests {
    use super::super::Condition;
    use super::super::tests::{chosen, ready};
    use super::*;

    #[test]
    fn nearest_is_nearest_and_then_the_next() {
        let mut servers = ready(&[(30, 0, 9), (10, 8, 9), (20, 0, 9), (10, 0, 9)]);
        for next in [1, 3, 2, 0] {
            assert_eq!(chosen(TurnPolicy::Nearest, 7, &servers), Some(next));
            servers[usize::from(next)].condition = Condition::Down;
        }
    }
}
