//! Full buffers of access links, as copies meet them that somebody sends again.
//!
//! A buffer holds so much time of its link, and a packet that does not fit into what waits is dropped; an idle link takes
//! any. Where all copies find room, the wait of a copy is that of an endless queue, which is what a replication begins
//! with. The first copy that would not have fitted is noted here.

/// Whether a link that is busy for `wait_ns` has no room for a packet that takes `each_ns`; an idle one takes any.
#[inline]
pub(in crate::simulation) const fn is_full(wait_ns: u64, each_ns: u64, limit_ns: u64) -> bool {
    wait_ns > 0 && wait_ns.saturating_add(each_ns) > limit_ns
}

/// The direction of an access link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::simulation) enum Direction {
    Up,
    Down,
}

/// Of each node, how many packets or copies did not fit into its buffers.
#[derive(Clone, Debug, Default)]
pub(in crate::simulation) struct Full {
    // None while all have fitted.
    counts: Vec<[u32; 2]>,
}

/// The node whose buffer was met full most often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::simulation) struct Fullest {
    pub(in crate::simulation) node: u32,
    pub(in crate::simulation) direction: Direction,
    pub(in crate::simulation) times: u32,
}

impl Full {
    /// A buffer of a node has been met full.
    #[cold]
    pub(in crate::simulation) fn note(&mut self, node: u32, direction: Direction) {
        let node = node as usize;
        if self.counts.len() <= node {
            self.counts.resize(node + 1, [0; 2]);
        }
        let count = &mut self.counts[node][direction as usize];
        *count = count.saturating_add(1);
    }

    /// The one that was most often; the first of several.
    pub(in crate::simulation) fn fullest(&self) -> Option<Fullest> {
        let of_node = |(&[up, down], node): (&[u32; 2], u32)| {
            let (direction, times) = if down > up { (Direction::Down, down) } else { (Direction::Up, up) };
            Fullest { node, direction, times }
        };
        self.counts.iter().zip(0..).map(of_node).reduce(|a, b| if b.times > a.times { b } else { a })
    }
}
