//! The members that can serve others, by when they hear: so that a repair looks at early ones first and ends in time.
//!
//! Buckets of a millisecond. Adding, moving and taking out cost the same for any number of peers. The order within a
//! bucket depends on what happened before, so whoever reads it must break ties by the number of the peer.

/// Buckets are 2^10 microseconds wide.
const BUCKET_BITS: u32 = 10;
/// Later ones share the last bucket: above 16 s the order does not matter.
const BUCKETS_MAX: u64 = 1 << 14;
/// In place of a bucket: the peer is in none.
const OUTSIDE: u32 = u32::MAX;

/// Peers in buckets.
#[derive(Clone, Debug, Default)]
pub(super) struct Early {
    buckets: Vec<Vec<u32>>,
    // Of each peer its bucket and its place there.
    places: Vec<(u32, u32)>,
}

impl Early {
    /// One peer more, which is in no bucket.
    pub(super) fn push(&mut self) {
        self.places.push((OUTSIDE, 0));
    }

    /// Puts a peer where it belongs, wherever it was before.
    pub(super) fn put(&mut self, peer: u32, heard_us: u64) {
        let bucket = (heard_us >> BUCKET_BITS).min(BUCKETS_MAX - 1) as u32;
        if self.places[peer as usize].0 == bucket {
            return;
        }
        self.remove(peer);
        if self.buckets.len() <= bucket as usize {
            self.buckets.resize_with(bucket as usize + 1, Vec::new);
        }
        let peers = &mut self.buckets[bucket as usize];
        self.places[peer as usize] = (bucket, peers.len() as u32);
        peers.push(peer);
    }

    /// Takes a peer out, if it is in.
    pub(super) fn remove(&mut self, peer: u32) {
        let (bucket, place) = self.places[peer as usize];
        if bucket == OUTSIDE {
            return;
        }
        let peers = &mut self.buckets[bucket as usize];
        peers.swap_remove(place as usize);
        if let Some(&moved) = peers.get(place as usize) {
            self.places[moved as usize].1 = place;
        }
        self.places[peer as usize].0 = OUTSIDE;
    }

    /// The buckets from the earliest on, each with a time that none of its peers hears before, in microseconds.
    pub(super) fn buckets(&self) -> impl Iterator<Item = (u64, &[u32])> {
        self.buckets.iter().zip(0_u64..).map(|(peers, bucket)| (bucket << BUCKET_BITS, peers.as_slice()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peers_come_by_when_they_hear() {
        let mut early = Early::default();
        (0..5).for_each(|_| early.push());
        for (peer, heard_us) in [(0, 0), (1, 90_000_000), (2, 2_500), (3, 2_100), (4, 500_000)] {
            early.put(peer, heard_us);
        }
        early.put(4, 1_500);
        early.remove(2);
        early.remove(2);
        let found: Vec<u32> = early.buckets().flat_map(|(_, peers)| peers.iter().copied()).collect();
        assert_eq!(found, [0, 4, 3, 1]);
        assert!(early.buckets().all(|(from_us, peers)| {
            peers.iter().all(|&peer| [0, 90_000_000, 0, 2_100, 1_500][peer as usize] >= from_us)
        }));
    }
}
