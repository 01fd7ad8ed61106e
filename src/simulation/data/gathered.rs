//! Messages that come in chunks: how many of each a node has.
//!
//! A byte a node and message that not all whom it is for have whole. Then its counts serve another. One that somebody never
//! gets keeps them to the end of the replication.

use crate::overlay::dissemination::{Kept, Live, MessageId};
use crate::overlay::workload::Part;

/// How many chunks of which message each node has.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gathered {
    nodes: usize,
    // By the flow of the first chunk.
    messages: Live<Counts>,
}

// One message.
#[derive(Clone, Debug, Default)]
struct Counts {
    // By node; none before the first chunk comes.
    chunks: Vec<u8>,
    // How many nodes have enough.
    whole: u32,
}

impl Gathered {
    /// Nothing yet, at so many nodes.
    pub(crate) fn new(nodes: u32) -> Self {
        Self { nodes: nodes as usize, ..Self::default() }
    }

    /// A node has another chunk of a message that is for so many: whether that makes the message whole. `message` is the
    /// flow of its first chunk, and its number.
    pub(crate) fn makes_whole(&mut self, node: u32, message: MessageId, part: Part, receivers: u32) -> bool {
        let Some(slot) = self.messages.slot(message) else { return false };
        let counts = &mut self.messages[slot];
        counts.chunks.resize(self.nodes, 0);
        let chunks = &mut counts.chunks[node as usize];
        *chunks = chunks.saturating_add(1);
        let is_whole = *chunks == part.needed;
        counts.whole += u32::from(is_whole);
        if counts.whole >= receivers {
            self.messages.end(message, slot);
        }
        is_whole
    }
}

impl Kept for Counts {
    fn clear(&mut self) {
        self.chunks.clear();
        self.whole = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO_OF_THREE: Part = Part { nth: 0, of: 3, needed: 2 };

    #[test]
    fn the_last_chunk_that_is_needed_makes_a_message_whole_and_later_ones_do_not() {
        let mut gathered = Gathered::new(4);
        for number in 0..50 {
            for node in [1, 2] {
                let whole = [(); 3].map(|()| gathered.makes_whole(node, (5, number), TWO_OF_THREE, 2));
                assert_eq!(whole, [false, true, false], "node {node}, message {number}");
            }
        }
        assert_eq!((gathered.messages.count(), gathered.messages.all().len()), (0, 1));
    }

    #[test]
    fn a_message_that_somebody_lacks_is_remembered() {
        let mut gathered = Gathered::new(4);
        assert!(!gathered.makes_whole(1, (0, 3), TWO_OF_THREE, 3));
        assert!(!gathered.makes_whole(2, (0, 0), TWO_OF_THREE, 3));
        assert!(gathered.makes_whole(1, (0, 3), TWO_OF_THREE, 3));
        assert!(gathered.makes_whole(2, (0, 0), TWO_OF_THREE, 3));
        assert_eq!(gathered.messages.count(), 2);
    }
}
