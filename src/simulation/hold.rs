//! Ordered channels: a lost message holds back those sent behind it until it arrives.

use std::collections::{BTreeMap, VecDeque};

use super::event::Copied;

/// The copies that each connection holds back. Only connections with a loss that is not yet
/// repaired have an entry.
#[derive(Clone, Debug, Default)]
pub(super) struct Holds {
    // By (from, to): copies in the order they were sent, and whether each has arrived.
    connections: BTreeMap<(u32, u32), VecDeque<(Copied, bool)>>,
}

impl Holds {
    /// Whether nothing is held back anywhere.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.connections.is_empty()
    }

    /// A copy was sent; `lost` if its first attempt will not arrive.
    pub(super) fn sent(&mut self, copied: Copied, lost: bool) {
        let connection = (copied.from, copied.to);
        if lost {
            self.connections.entry(connection).or_default().push_back((copied, false));
        } else if let Some(queue) = self.connections.get_mut(&connection) {
            queue.push_back((copied, false));
        }
    }

    /// A copy has arrived: returns the copies that this lets through, in order.
    pub(super) fn arrived(&mut self, copied: Copied) -> Vec<Copied> {
        let connection = (copied.from, copied.to);
        let Some(queue) = self.connections.get_mut(&connection) else {
            return vec![copied];
        };
        let Some(held) = queue.iter_mut().find(|(held, _)| *held == copied) else {
            // It was sent before the loss that holds back the others.
            return vec![copied];
        };
        held.1 = true;
        self.release(connection)
    }

    /// A copy is given up and holds back nobody any more: returns what this lets through.
    pub(super) fn given_up(&mut self, copied: Copied) -> Vec<Copied> {
        let connection = (copied.from, copied.to);
        if let Some(queue) = self.connections.get_mut(&connection) {
            queue.retain(|(held, _)| *held != copied);
        }
        self.release(connection)
    }

    /// The copies that have arrived and are still held back.
    pub(super) fn blocked(&self) -> Vec<Copied> {
        let all = self.connections.values().flatten();
        all.filter(|(_, arrived)| *arrived).map(|&(copied, _)| copied).collect()
    }

    // Lets through what stands at the front and has arrived.
    fn release(&mut self, connection: (u32, u32)) -> Vec<Copied> {
        let mut through = Vec::new();
        let Some(queue) = self.connections.get_mut(&connection) else { return through };
        while let Some(&(held, true)) = queue.front() {
            queue.pop_front();
            through.push(held);
        }
        if queue.is_empty() {
            self.connections.remove(&connection);
        }
        through
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copied(number: u32) -> Copied {
        Copied { from: 1, to: 2, flow: 0, number }
    }

    fn arrive(holds: &mut Holds, number: u32) -> Vec<u32> {
        holds.arrived(copied(number)).into_iter().map(|copied| copied.number).collect()
    }

    #[test]
    fn what_was_sent_behind_a_loss_waits_for_it() {
        let mut holds = Holds::default();
        holds.sent(copied(0), false);
        holds.sent(copied(1), true);
        holds.sent(copied(2), false);
        assert_eq!(arrive(&mut holds, 0), [0]);
        assert_eq!(arrive(&mut holds, 2), [0_u32; 0]);
        assert_eq!(arrive(&mut holds, 1), [1, 2]);
        assert!(holds.is_empty());
    }

    #[test]
    fn giving_up_lets_the_others_through() {
        let mut holds = Holds::default();
        holds.sent(copied(1), true);
        holds.sent(copied(2), false);
        assert_eq!(arrive(&mut holds, 2), [0_u32; 0]);
        assert_eq!(holds.given_up(copied(1)), [copied(2)]);
        assert!(holds.is_empty());
    }
}
