//! Whether everybody finds a parent with a free slot: a b-matching by augmenting ways (Kuhn, Naval Research Logistics
//! Quarterly 2, 1955), on bits.

use super::bits::{Bits, ones};

/// Slots of parents, and who holds them.
#[derive(Clone, Debug)]
pub(super) struct Matching {
    // Of each piece the parents that it could have, so many words each; known of those who had to look further than at
    // parents with slots left.
    words: usize,
    allowed: Vec<u64>,
    is_known: Bits,
    // Of each parent who has its slots, so many words each.
    held_words: usize,
    held: Vec<u64>,
    left: Vec<u32>,
    // Parents with slots left, and those that the search for a way has tried.
    open: Bits,
    tried: Bits,
}

impl Matching {
    /// Of so many pieces and so many parents, each with a numbering of its own.
    pub(super) fn new(pieces: usize, parents: usize) -> Self {
        let [words, held_words] = [parents, pieces].map(|count| count.div_ceil(64));
        Self {
            words,
            allowed: vec![0; pieces * words],
            is_known: Bits::below(pieces),
            held_words,
            held: vec![0; parents * held_words],
            left: vec![0; parents],
            open: Bits::below(parents),
            tried: Bits::below(parents),
        }
    }

    /// Nobody holds a slot, and nobody has any.
    pub(super) fn clear(&mut self) {
        self.open.clear();
        self.is_known.clear();
    }

    /// A parent has so many slots.
    #[inline]
    pub(super) fn offer(&mut self, parent: usize, slots: u32) {
        self.held[parent * self.held_words..][..self.held_words].fill(0);
        self.left[parent] = slots;
        if slots > 0 {
            self.open.insert(parent);
        }
    }

    /// Finds a slot for a piece, others moving if they must, where `may_be(piece, parent)` says who can be whose parent.
    /// `false` if there is none: then there is none for all. Parents without an offer must not be allowed.
    #[inline]
    pub(super) fn place(&mut self, piece: usize, may_be: &impl Fn(usize, usize) -> bool) -> bool {
        let open = self.open.words().iter().enumerate();
        let mut open = open.flat_map(|(word, &bits)| ones(bits).map(move |bit| word * 64 + bit));
        if let Some(parent) = open.find(|&parent| may_be(piece, parent)) {
            self.take(piece, parent);
            return true;
        }
        self.tried.clear();
        self.augment(piece, may_be)
    }

    fn take(&mut self, piece: usize, parent: usize) {
        self.left[parent] -= 1;
        if self.left[parent] == 0 {
            self.open.remove(parent);
        }
        self.held[parent * self.held_words + piece / 64] |= 1 << (piece % 64);
    }

    fn take_free(&mut self, piece: usize) -> bool {
        let allowed = &self.allowed[piece * self.words..][..self.words];
        let both = |word: usize| (word, allowed[word] & self.open.words()[word]);
        let Some((word, free)) = (0..self.words).map(both).find(|&(_, free)| free != 0) else { return false };
        self.take(piece, word * 64 + free.trailing_zeros() as usize);
        true
    }

    fn augment(&mut self, piece: usize, may_be: &impl Fn(usize, usize) -> bool) -> bool {
        self.know(piece, may_be);
        for word in 0..self.words {
            loop {
                let parents = self.allowed[piece * self.words + word] & !self.tried.words()[word];
                let Some(parent) = ones(parents).next().map(|bit| word * 64 + bit) else { break };
                self.tried.insert(parent);
                for place in 0..self.held_words {
                    for bit in ones(self.held[parent * self.held_words + place]) {
                        let holder = place * 64 + bit;
                        self.know(holder, may_be);
                        if self.take_free(holder) || self.augment(holder, may_be) {
                            self.held[parent * self.held_words + place] &= !(1 << bit);
                            self.held[parent * self.held_words + piece / 64] |= 1 << (piece % 64);
                            return true;
                        }
                    }
                }
            }
        }
        false
    }

    fn know(&mut self, piece: usize, may_be: &impl Fn(usize, usize) -> bool) {
        if self.is_known.has(piece) {
            return;
        }
        self.is_known.insert(piece);
        let parents = self.left.len();
        for (word, allowed) in self.allowed[piece * self.words..][..self.words].iter_mut().enumerate() {
            let places = (word * 64..parents.min(word * 64 + 64)).rev();
            *allowed = places.fold(0, |bits, parent| bits << 1 | u64::from(may_be(piece, parent)));
        }
    }

    /// Who holds a parent's slots.
    pub(super) fn held(&self, parent: usize) -> impl Iterator<Item = usize> {
        let words = &self.held[parent * self.held_words..][..self.held_words];
        words.iter().enumerate().flat_map(|(place, &word)| ones(word).map(move |bit| place * 64 + bit))
    }
}
