//! Who has which pieces of one content, and who is fetching what.

use crate::overlay::workload::{Content, PieceOrder};
use crate::units::ByteCount;

/// The state of one content, by node.
#[derive(Clone, Debug)]
pub(super) struct Pieces {
    /// How many there are.
    pub(super) count: u32,
    order: PieceOrder,
    size: ByteCount,
    piece: ByteCount,
    // A bit a piece, so many words a node.
    words: usize,
    has: Vec<u64>,
    // Those that it has or has asked for.
    asked: Vec<u64>,
    /// How many of either.
    has_count: Vec<u32>,
    asked_count: Vec<u32>,
    // Of each piece: how many nodes have it or have asked for it.
    copies: Vec<u32>,
}

impl Pieces {
    /// Its sources have all of it.
    pub(super) fn new(content: &Content, nodes: u32) -> Self {
        let count =
            u32::try_from(content.size.get().div_ceil(content.piece.get())).expect("invariant: limited when read");
        let words = count.div_ceil(64) as usize;
        let nodes = nodes as usize;
        let mut pieces = Self {
            count,
            order: content.order,
            size: content.size,
            piece: content.piece,
            words,
            has: vec![0; nodes * words],
            asked: vec![0; nodes * words],
            has_count: vec![0; nodes],
            asked_count: vec![0; nodes],
            copies: vec![0; count as usize],
        };
        for &source in &content.sources {
            for piece in 0..count {
                pieces.ask(source, piece);
                pieces.arrive(source, piece);
            }
        }
        pieces
    }

    /// The size of a piece; the last is what is left.
    pub(super) fn size_of(&self, piece: u32) -> ByteCount {
        let before = self.piece * u64::from(piece);
        ByteCount::new((self.size.get() - before.get()).min(self.piece.get()))
    }

    /// Whether a node has all.
    pub(super) fn is_complete(&self, node: u32) -> bool {
        self.has_count[node as usize] == self.count
    }

    /// Whether a node has or has asked for all.
    #[inline]
    pub(super) fn wants_none(&self, node: u32) -> bool {
        self.asked_count[node as usize] == self.count
    }

    /// How many pieces a node has or has asked for.
    pub(super) fn asked_count(&self, node: u32) -> u32 {
        self.asked_count[node as usize]
    }

    /// Whether one node has something that the other has not asked for.
    #[inline]
    pub(super) fn can_help(&self, from: u32, to: u32) -> bool {
        if self.has_count[from as usize] == 0 || self.wants_none(to) {
            return false;
        }
        self.row(&self.has, from).iter().zip(self.row(&self.asked, to)).any(|(has, asked)| has & !asked != 0)
    }

    /// What one node asks the other for.
    pub(super) fn choose(&self, from: u32, to: u32) -> Option<u32> {
        let words = self.row(&self.has, from).iter().zip(self.row(&self.asked, to));
        let lacking =
            words.zip(0..).flat_map(|((has, asked), word)| bits(has & !asked).map(move |bit| word * 64 + bit));
        match self.order {
            PieceOrder::InOrder => lacking.min(),
            // Among equally rare ones nodes begin at different places, so that they can help each other.
            PieceOrder::RarestFirst => lacking.min_by_key(|&piece| {
                let place = (u64::from(piece) + u64::from(self.count) - u64::from(to) % u64::from(self.count))
                    % u64::from(self.count);
                (self.copies[piece as usize], place)
            }),
        }
    }

    /// A node asks for a piece.
    pub(super) fn ask(&mut self, node: u32, piece: u32) {
        self.asked[node as usize * self.words + piece as usize / 64] |= 1 << (piece % 64);
        self.asked_count[node as usize] += 1;
        self.copies[piece as usize] += 1;
    }

    /// A piece that a node has asked for has arrived.
    pub(super) fn arrive(&mut self, node: u32, piece: u32) {
        self.has[node as usize * self.words + piece as usize / 64] |= 1 << (piece % 64);
        self.has_count[node as usize] += 1;
    }

    #[inline]
    fn row<'a>(&self, all: &'a [u64], node: u32) -> &'a [u64] {
        &all[node as usize * self.words..][..self.words]
    }
}

// The places of the bits that are set.
fn bits(mut word: u64) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let bit = (word != 0).then(|| word.trailing_zeros())?;
        word &= word - 1;
        Some(bit)
    })
}
