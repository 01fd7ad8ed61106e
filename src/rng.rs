//! Seeded, named random streams: the only source of chance in peerscape.
//!
//! A stream is named by what draws from it: a [`Domain`] and an id (a peer, a topology). Its
//! generator is PCG64-MCG, its key the XXH3-128 hash of seed, domain name and id; both are
//! specified algorithms, and golden vectors guard them. So a new consumer shifts nobody else's
//! draws, and two topologies of a run meet the same population and the same chances.
//!
//! Draws that belong to a pair or a packet are not streams at all but keyed hashes
//! ([`PairKey`]): they can be computed in any order, or again, and give the same value.

mod pair;
mod stream;

pub use pair::PairKey;
pub use pair::below;
pub use stream::{Domain, Seed, Stream, Streams};
