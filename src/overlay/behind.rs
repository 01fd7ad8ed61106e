//! How many receivers lie behind a hop: what a message misses where a copy does not get through.
//!
//! A copy that is lost at an inner node is lost for all that it was to be passed on to. By the numbering of
//! [`places`](super::places) that is a range of preorder numbers, or two where the hop leads up, so it is told from
//! two sums, or two binary searches in the audience, whatever the size of the subtree.

use super::audience::{ALL, Audiences};
use super::graph::Overlay;
use super::places::{Place, Span, places};

/// What counting receivers needs of an overlay.
#[derive(Clone, Debug)]
pub(crate) struct Behind {
    places: Vec<Place>,
    // How many peers are among the first nodes of the preorder, from none to all.
    peers_among: Vec<u32>,
}

impl Behind {
    /// Of an overlay whose first `peers` nodes are peers; the others are servers, for which no message is.
    #[must_use]
    pub(crate) fn new(overlay: &Overlay, peers: u32) -> Self {
        let places = places(overlay);
        let mut peers_among = vec![0; places.len() + 1];
        for place in places.iter().take(peers as usize) {
            peers_among[place.subtree.from as usize + 1] = 1;
        }
        for number in 1..peers_among.len() {
            peers_among[number] += peers_among[number - 1];
        }
        Self { places, peers_among }
    }

    /// How many peers a message for `audience` is to reach by way of the hop from `node` to its neighbour `next`, that
    /// one counted.
    #[must_use]
    pub(crate) fn receivers(&self, audiences: &Audiences, audience: u32, [node, next]: [u32; 2]) -> u32 {
        let spans = self.places[node as usize].behind(&self.places[next as usize]);
        spans.into_iter().map(|span| self.count(audiences, audience, span)).sum()
    }

    fn count(&self, audiences: &Audiences, audience: u32, span: Span) -> u32 {
        if audience == ALL {
            return self.peers_among[span.until as usize] - self.peers_among[span.from as usize];
        }
        let members = audiences.members(audience);
        let before = |number: u32| members.partition_point(|&member| member < number) as u32;
        before(span.until) - before(span.from)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::audience::tests::overlays;
    use super::*;

    /// Peers that a walk along the hops meets.
    fn walked(overlay: &Overlay, audiences: &Audiences, audience: u32, hop: [u32; 2], peers: u32) -> u32 {
        let mut pending = vec![hop];
        let mut met = 0;
        while let Some([from, node]) = pending.pop() {
            met += u32::from(node < peers && audiences.includes(audience, node));
            pending.extend(audiences.next_hops(overlay, audience, node, Some(from)).map(|next| [node, next]));
        }
        met
    }

    proptest! {
        /// The sums agree with a walk, for every hop that a message takes.
        #[test]
        fn receivers_behind_a_hop_are_those_that_a_walk_meets(
            (overlay, members, source) in overlays(), servers in 0_u32..4
        ) {
            let peers = overlay.nodes().saturating_sub(servers).max(1);
            let members: Vec<u32> = members.into_iter().filter(|&member| member < peers).collect();
            let audiences = Audiences::new(&overlay, std::slice::from_ref(&members));
            let behind = Behind::new(&overlay, peers);
            for audience in [0, ALL] {
                let mut pending = vec![(source, None)];
                while let Some((node, from)) = pending.pop() {
                    for next in audiences.next_hops(&overlay, audience, node, from) {
                        let hop = [node, next];
                        let right = walked(&overlay, &audiences, audience, hop, peers);
                        prop_assert_eq!(behind.receivers(&audiences, audience, hop), right, "{:?}", hop);
                        pending.push((next, Some(node)));
                    }
                }
            }
        }
    }
}
