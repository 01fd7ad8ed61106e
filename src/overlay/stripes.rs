//! Stripes: which of several trees each pair belongs to.
//!
//! A stream that is cut into stripes goes over one tree for each (SplitStream: Castro et al., SOSP 2003). The trees share
//! nodes, and at times pairs; together they have rings.

/// The trees of an overlay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stripes {
    count: u32,
    // Of each slot, a bit for each tree that its pair belongs to.
    of_slot: Vec<u32>,
}

impl Stripes {
    /// An overlay has as many at the most.
    pub(super) const MAX: u32 = 32;

    /// So many trees; the bits are those of each pair, `slots` its two slots.
    ///
    /// # Panics
    /// When there are more than [`MAX`](Self::MAX) trees, or bits beyond them.
    pub(super) fn new(count: u32, of_pairs: impl Iterator<Item = (u32, [usize; 2])>, slots: usize) -> Self {
        assert!(count <= Self::MAX, "{count} stripes are more than an overlay has");
        let mut of_slot = vec![0; slots];
        for (bits, ends) in of_pairs {
            assert!(count == Self::MAX || bits >> count == 0, "a pair belongs to a stripe that there is not");
            ends.into_iter().for_each(|slot| of_slot[slot] = bits);
        }
        Self { count, of_slot }
    }

    pub(super) const fn count(&self) -> u32 {
        self.count
    }

    #[inline]
    pub(super) fn has(&self, slot: usize, stripe: u32) -> bool {
        self.of_slot[slot] >> stripe & 1 == 1
    }
}
