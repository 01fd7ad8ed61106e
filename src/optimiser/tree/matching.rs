//! Whether everybody finds a parent with a free slot: a b-matching by augmenting ways (Kuhn, Naval Research Logistics
//! Quarterly 2, 1955), on bits.

use super::bits::{Bits, ones};

/// Slots of parents, and who holds them.
#[derive(Clone, Debug)]
pub(super) struct Matching {
    words: usize,
    // Of each piece the parents that it could have, and of each parent who has its slots: so many words each.
    allowed: Vec<u64>,
    held: Vec<u64>,
    left: Vec<u32>,
    // Parents with slots left, and those that the search for a way has tried.
    open: Bits,
    tried: Bits,
}

impl Matching {
    /// Of so many pieces.
    pub(super) fn new(count: usize) -> Self {
        let words = count.div_ceil(64);
        Self {
            words,
            allowed: vec![0; count * words],
            held: vec![0; count * words],
            left: vec![0; count],
            open: Bits::below(count),
            tried: Bits::below(count),
        }
    }

    /// Nobody holds a slot, and nobody has any.
    pub(super) fn clear(&mut self) {
        self.open.clear();
    }

    /// A parent has so many slots.
    #[inline]
    pub(super) fn offer(&mut self, parent: usize, slots: u32) {
        self.held[parent * self.words..][..self.words].fill(0);
        self.left[parent] = slots;
        if slots > 0 {
            self.open.insert(parent);
        }
    }

    /// The words of the parents that a piece could have: to be filled before it is placed.
    #[inline]
    pub(super) fn allowed(&mut self, piece: usize) -> &mut [u64] {
        &mut self.allowed[piece * self.words..][..self.words]
    }

    /// Finds a slot for a piece, others moving if they must. `false` if there is none: then there is none for all.
    #[inline]
    pub(super) fn place(&mut self, piece: usize) -> bool {
        if self.take_free(piece) {
            return true;
        }
        self.tried.clear();
        self.augment(piece)
    }

    fn take_free(&mut self, piece: usize) -> bool {
        let allowed = &self.allowed[piece * self.words..][..self.words];
        let both = |word: usize| (word, allowed[word] & self.open.words()[word]);
        let Some((word, free)) = (0..self.words).map(both).find(|&(_, free)| free != 0) else { return false };
        let parent = word * 64 + free.trailing_zeros() as usize;
        self.left[parent] -= 1;
        if self.left[parent] == 0 {
            self.open.remove(parent);
        }
        self.held[parent * self.words + piece / 64] |= 1 << (piece % 64);
        true
    }

    fn augment(&mut self, piece: usize) -> bool {
        for word in 0..self.words {
            loop {
                let parents = self.allowed[piece * self.words + word] & !self.tried.words()[word];
                let Some(parent) = ones(parents).next().map(|bit| word * 64 + bit) else { break };
                self.tried.insert(parent);
                for place in 0..self.words {
                    for bit in ones(self.held[parent * self.words + place]) {
                        let holder = place * 64 + bit;
                        if self.take_free(holder) || self.augment(holder) {
                            self.held[parent * self.words + place] &= !(1 << bit);
                            self.held[parent * self.words + piece / 64] |= 1 << (piece % 64);
                            return true;
                        }
                    }
                }
            }
        }
        false
    }

    /// Who holds a parent's slots.
    pub(super) fn held(&self, parent: usize) -> impl Iterator<Item = usize> {
        let words = &self.held[parent * self.words..][..self.words];
        words.iter().enumerate().flat_map(|(place, &word)| ones(word).map(move |bit| place * 64 + bit))
    }
}
