//! What a box does with a packet from inside.

use crate::net::packet::Header;

/// What a box does with a packet from inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passage {
    /// It goes out.
    Out(Header),
    /// It is turned around to another inside address.
    Hairpin(Header),
}
