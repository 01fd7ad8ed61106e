//! What a node that pulls keeps.

use std::collections::{BTreeMap, BTreeSet};

use crate::overlay::dissemination::MessageId;
use crate::units::SimTime;

/// A node.
#[derive(Clone, Debug, Default)]
pub(super) struct Node {
    // What has been announced to it and has not come.
    missing: BTreeMap<MessageId, Missing>,
    // Of those what it has not asked for yet: how many have announced it, since when it is known, which it is.
    waiting: BTreeSet<(usize, SimTime, MessageId)>,
    /// The requests that have no answer yet.
    pub(super) asked: Vec<Asked>,
    /// What it has and has not announced, and which neighbours are known to have that too.
    pub(super) unsaid: Vec<(MessageId, Vec<u32>)>,
    /// Whether it is to be woken to announce that.
    pub(super) is_timed: bool,
}

#[derive(Clone, Debug)]
struct Missing {
    since: SimTime,
    // Who announced it, in the order of coming; whoever was asked for it first stands at the head.
    holders: Vec<u32>,
}

/// A request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) message: MessageId,
    pub(super) holder: u32,
    /// How many were asked for the message before.
    pub(super) nth: usize,
}

impl Node {
    /// A neighbour has a message.
    pub(super) fn hear(&mut self, message: MessageId, from: u32, is_known: bool, now: SimTime) {
        if is_known {
            if let Some((_, holders)) = self.unsaid.iter_mut().find(|(unsaid, _)| *unsaid == message) {
                holders.push(from);
            }
            return;
        }
        let Self { missing, waiting, .. } = self;
        let Missing { since, holders } =
            missing.entry(message).or_insert_with(|| Missing { since: now, holders: Vec::new() });
        // It becomes less rare; what has been asked for is not among those that wait.
        if waiting.remove(&(holders.len(), *since, message)) || holders.is_empty() {
            waiting.insert((holders.len() + 1, *since, message));
        }
        holders.push(from);
    }

    /// Of the message to ask for next, if one request more may wait: to whoever has the fewest to answer of those that
    /// announced it, and did so first.
    pub(super) fn next_request(&mut self, most: usize) -> Option<Asked> {
        if self.asked.len() >= most {
            return None;
        }
        let (_, _, message) = self.waiting.pop_first()?;
        let asked_of = |holder: u32| self.asked.iter().filter(|asked| asked.holder == holder).count();
        let holders = &mut self.missing.get_mut(&message)?.holders;
        let place = (0..holders.len()).min_by_key(|&place| asked_of(holders[place]))?;
        // Whom it asks comes first, should it have to ask again.
        holders[..=place].rotate_right(1);
        let asked = Asked { message, holder: holders[0], nth: 0 };
        self.asked.push(asked);
        Some(asked)
    }

    /// A request was waited for in vain: the next that announced the message is asked, after the last the first again. None
    /// if the message has come, or another was asked meanwhile.
    pub(super) fn ask_next(&mut self, message: MessageId, nth: usize) -> Option<Asked> {
        let asked = self.asked.iter_mut().find(|asked| asked.message == message && asked.nth == nth)?;
        let holders = &self.missing.get(&message)?.holders;
        *asked = Asked { message, holder: holders[(nth + 1) % holders.len()], nth: nth + 1 };
        Some(*asked)
    }

    /// Whether everything that was announced to it has come.
    #[cfg(test)]
    pub(super) fn has_all(&self) -> bool {
        self.missing.is_empty() && self.waiting.is_empty() && self.asked.is_empty()
    }

    /// A message has come: who is known to have it.
    pub(super) fn found(&mut self, message: MessageId) -> Vec<u32> {
        self.asked.retain(|asked| asked.message != message);
        let Some(Missing { since, holders }) = self.missing.remove(&message) else { return Vec::new() };
        self.waiting.remove(&(holders.len(), since, message));
        holders
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::SimDuration;

    #[test]
    fn among_equals_it_is_the_oldest_and_whoever_has_least_to_answer() {
        let mut node = Node::default();
        let at = |ms: u64| SimTime::ZERO + SimDuration::from_ms(ms);
        node.hear((0, 9), 1, false, at(1));
        node.hear((0, 8), 1, false, at(2));
        node.hear((0, 7), 1, false, at(2));
        node.hear((0, 6), 1, false, at(3));
        node.hear((0, 6), 2, false, at(4));
        let mut asked = || node.next_request(4).map(|asked| (asked.message, asked.holder));
        assert_eq!([asked(), asked()], [Some(((0, 9), 1)), Some(((0, 7), 1))]);
        assert_eq!([asked(), asked(), asked()], [Some(((0, 8), 1)), Some(((0, 6), 2)), None]);
    }
}
