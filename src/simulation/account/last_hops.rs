//! Last delivery hop: over how many hops a message comes to the last of those whom it is for.
//!
//! Where a rule finds its ways only as messages travel, no walk over the graph tells how long they are: each node is as many
//! hops away as the one that it first hears from, and one more. That takes two bytes a node and message on its way.

use crate::overlay::dissemination::{Kept, Live, MessageId, Standing};

/// Messages are followed as long as what is kept of all that are on their way fits into so many bytes. Where somebody
/// never hears of a message, it stays to the end.
const BYTES_MAX: usize = 128 << 20;

/// The last hops of messages.
#[derive(Clone, Debug, Default)]
pub(crate) struct LastHops {
    nodes: usize,
    messages: Live<Hops>,
    over: Sum,
}

// One message.
#[derive(Clone, Debug, Default)]
struct Hops {
    // From its source, by node.
    of_node: Vec<u16>,
    // How many of those whom it is for have it, and the hops to the last of them.
    reached: u32,
    last: u16,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sum {
    hops: u64,
    messages: u64,
}

impl LastHops {
    /// Of messages among so many nodes.
    pub(crate) fn among(nodes: u32) -> Self {
        Self { nodes: nodes as usize, ..Self::default() }
    }

    /// A message is published; one that is not measured is over at once.
    pub(crate) fn publish(&mut self, message: MessageId, measured: bool) {
        let Some(slot) = self.messages.slot(message) else { return };
        if measured && self.messages.count() * self.nodes * size_of::<u16>() <= BYTES_MAX {
            self.messages[slot].of_node.resize(self.nodes, 0);
        } else {
            self.messages.end(message, slot);
        }
    }

    /// A node hears of a message for the first time. `receivers` are how many it is for, if it is for the node.
    // Apart, so that the way of a copy which brings nothing new stays short.
    #[inline(never)]
    pub(crate) fn reach(&mut self, [from, node]: [u32; 2], message: MessageId, receivers: Option<u32>) {
        let Standing::Live(slot) = self.messages.standing(message) else { return };
        let hops = &mut self.messages[slot];
        let of_this = hops.of_node[from as usize].saturating_add(1);
        hops.of_node[node as usize] = of_this;
        let Some(receivers) = receivers else { return };
        hops.reached += 1;
        hops.last = hops.last.max(of_this);
        if hops.reached >= receivers {
            self.over.add(&self.messages[slot]);
            self.messages.end(message, slot);
        }
    }

    /// The mean over the messages that came to anybody; `None` if none did.
    pub(crate) fn mean(&self) -> Option<f64> {
        let mut sum = self.over;
        self.messages.all().iter().for_each(|hops| sum.add(hops));
        (sum.messages > 0).then(|| sum.hops as f64 / sum.messages as f64)
    }
}

impl Sum {
    fn add(&mut self, hops: &Hops) {
        self.hops += u64::from(hops.last);
        self.messages += u64::from(hops.reached > 0);
    }
}

impl Kept for Hops {
    fn clear(&mut self) {
        self.of_node.clear();
        (self.reached, self.last) = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_hop_is_that_of_the_farthest_receiver() {
        let mut hops = LastHops::among(5);
        assert_eq!(hops.mean(), None);
        for number in 0..9 {
            hops.publish((2, number), true);
            // 0 publishes, 1 and 3 hear of it from 0, 4 over 3, which only passes it on, and 2 over 1.
            hops.reach([0, 1], (2, number), Some(3));
            hops.reach([0, 3], (2, number), None);
            hops.reach([3, 4], (2, number), Some(3));
            hops.reach([1, 2], (2, number), Some(3));
        }
        assert_eq!((hops.mean(), hops.messages.count()), (Some(2.0), 0));
        // One that two do not hear of counts with what it came to, one that nobody hears of does not, nor one that was
        // not published in the window.
        hops.publish((2, 9), true);
        hops.reach([0, 1], (2, 9), Some(3));
        hops.publish((2, 10), true);
        hops.publish((0, 0), false);
        hops.reach([0, 1], (0, 0), Some(3));
        assert_eq!((hops.mean(), hops.messages.count()), (Some(1.9), 2));
    }
}
