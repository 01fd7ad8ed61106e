//! Sets of small numbers, on bits.

/// A set of numbers below some limit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Bits {
    words: Vec<u64>,
}

impl Bits {
    /// The empty set of numbers below `limit`.
    pub(super) fn below(limit: usize) -> Self {
        Self { words: vec![0; limit.div_ceil(64)] }
    }

    #[inline]
    pub(super) fn insert(&mut self, number: usize) {
        self.words[number / 64] |= 1 << (number % 64);
    }

    #[inline]
    pub(super) fn remove(&mut self, number: usize) {
        self.words[number / 64] &= !(1 << (number % 64));
    }

    #[inline]
    pub(super) fn has(&self, number: usize) -> bool {
        self.words[number / 64] >> (number % 64) & 1 == 1
    }

    #[inline]
    pub(super) fn words(&self) -> &[u64] {
        &self.words
    }

    pub(super) fn copy(&mut self, other: &Self) {
        self.words.copy_from_slice(&other.words);
    }

    pub(super) fn clear(&mut self) {
        self.words.fill(0);
    }
}

/// The places of the ones of a word.
#[inline]
pub(super) fn ones(mut word: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        (word != 0).then(|| {
            let bit = word.trailing_zeros() as usize;
            word &= word - 1;
            bit
        })
    })
}
