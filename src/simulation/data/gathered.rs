//! Messages that come in chunks: how many of each a node has.
//!
//! A byte a node and message that not all whom it is for have whole. Then its counts serve another. One that somebody never
//! gets keeps them to the end of the replication.

use std::collections::VecDeque;

use crate::overlay::workload::Part;

/// How many chunks of which message each node has.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gathered {
    nodes: usize,
    // By flow of the first chunk.
    windows: Vec<Window>,
    free: Vec<Counts>,
}

// The messages of a flow that are not over, and those between them.
#[derive(Clone, Debug, Default)]
struct Window {
    // All before this number are over.
    first: u32,
    messages: VecDeque<State>,
}

#[derive(Clone, Debug)]
enum State {
    Unheard,
    UnderWay(Counts),
    Over,
}

// One message.
#[derive(Clone, Debug, Default)]
struct Counts {
    // By node.
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
    pub(crate) fn makes_whole(&mut self, node: u32, message: (u32, u32), part: Part, receivers: u32) -> bool {
        let (flow, number) = (message.0 as usize, message.1);
        if self.windows.len() <= flow {
            self.windows.resize_with(flow + 1, Window::default);
        }
        let window = &mut self.windows[flow];
        let Some(place) = number.checked_sub(window.first).map(|place| place as usize) else { return false };
        if window.messages.len() <= place {
            window.messages.resize(place + 1, State::Unheard);
        }
        let state = &mut window.messages[place];
        if matches!(state, State::Unheard) {
            let mut counts = self.free.pop().unwrap_or_default();
            counts.chunks.clear();
            counts.chunks.resize(self.nodes, 0);
            counts.whole = 0;
            *state = State::UnderWay(counts);
        }
        let State::UnderWay(counts) = state else { return false };
        let chunks = &mut counts.chunks[node as usize];
        *chunks = chunks.saturating_add(1);
        let is_whole = *chunks == part.needed;
        counts.whole += u32::from(is_whole);
        if counts.whole >= receivers
            && let State::UnderWay(counts) = std::mem::replace(state, State::Over)
        {
            self.free.push(counts);
            window.forget();
        }
        is_whole
    }
}

impl Window {
    fn forget(&mut self) {
        while matches!(self.messages.front(), Some(State::Over)) {
            self.messages.pop_front();
            self.first += 1;
        }
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
        assert_eq!((gathered.free.len(), gathered.windows[5].messages.len(), gathered.windows[5].first), (1, 0, 50));
    }

    #[test]
    fn a_message_that_somebody_lacks_is_remembered() {
        let mut gathered = Gathered::new(4);
        assert!(!gathered.makes_whole(1, (0, 3), TWO_OF_THREE, 3));
        assert!(!gathered.makes_whole(2, (0, 0), TWO_OF_THREE, 3));
        assert!(gathered.makes_whole(1, (0, 3), TWO_OF_THREE, 3));
        assert!(gathered.makes_whole(2, (0, 0), TWO_OF_THREE, 3));
        assert!(gathered.free.is_empty() && gathered.windows[0].first == 0);
    }
}
