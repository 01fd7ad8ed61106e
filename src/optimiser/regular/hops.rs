//! Hops between all pairs, 64 peers at a time: after `k` rounds a row of bits says whom a peer reaches in `k` hops.

use super::graph::Graph;

/// Rows of bits.
pub(super) struct Counter {
    peers: usize,
    words: usize,
    now: Vec<u64>,
    next: Vec<u64>,
}

impl Counter {
    pub(super) fn new(peers: usize) -> Self {
        let words = peers.div_ceil(64);
        Self { peers, words, now: vec![0; peers * words], next: vec![0; peers * words] }
    }

    /// The sum of the hops between all pairs, either way; `None` if it is more than `most`, or some are not reached.
    pub(super) fn total(&mut self, graph: &Graph, most: u64) -> Option<u64> {
        let (peers, words) = (self.peers, self.words);
        self.now.fill(0);
        for (others, peer) in graph.neighbours.iter().zip(0..) {
            let row = &mut self.now[peer * words..][..words];
            for at in others.iter().map(|&other| other as usize).chain([peer]) {
                row[at / 64] |= 1 << (at % 64);
            }
        }
        let pairs = (peers * peers) as u64;
        let mut reached: u64 = self.now.iter().map(|word| u64::from(word.count_ones())).sum();
        // Everybody is at least one hop away; whoever has not been reached by then is one more.
        let mut total = pairs - peers as u64;
        while reached < pairs {
            total += pairs - reached;
            if total > most {
                return None;
            }
            let before = reached;
            reached = self.spread(graph);
            if reached == before {
                return None;
            }
        }
        (total <= most).then_some(total)
    }

    // One hop more; how many pairs are reached then.
    fn spread(&mut self, graph: &Graph) -> u64 {
        let words = self.words;
        let mut reached = 0;
        for (others, peer) in graph.neighbours.iter().zip(0..) {
            let row = &mut self.next[peer * words..][..words];
            row.copy_from_slice(&self.now[peer * words..][..words]);
            for &other in others {
                let far = &self.now[other as usize * words..][..words];
                row.iter_mut().zip(far).for_each(|(word, far)| *word |= far);
            }
            reached += row.iter().map(|word| u64::from(word.count_ones())).sum::<u64>();
        }
        std::mem::swap(&mut self.now, &mut self.next);
        reached
    }
}
