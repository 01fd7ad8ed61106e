//! SCTP packet by packet: data over an association that stands.
//!
//! An [`Association`] is one end as a value, without clock and network. It is told what its application
//! sends ([`send`](Association::send)), what arrived ([`receive`](Association::receive)) and when a
//! time has come that it asked for ([`wake`](Association::wake)); what it wants, packets and news for
//! its application, it puts into an [`Outbox`]. There is no payload: a chunk knows its message, its
//! length and its numbers.
//!
//! - `chunk`, `outbox`: what travels, and what an end wants.
//! - `channel`: streams with their queues; `transmit`: whose turn it is, and what leaves in one packet.
//! - `outstanding`: chunks on their way, repairs, giving up (RFC 9260; RFC 3758).
//! - `window`, `rto`: congestion control and the retransmission timer.
//! - `tracker`, `reassembly`: what has arrived, SACKs, messages in their order.
//! - `profile`: what implementations make of all that; the slow-start collapse of libwebrtc comes of it.
//! - `socket`: the kernel's buffer ahead of a receiver; `store`: packets under way; `lab`: two ends over two links.
//! - `idle`: an end before its first message; `spec`: implementations by name.
//! - `course`: one direction in closed form, message by message.
//!
//! Where it simplifies: TSNs do not wrap; checksums, paths and the failure of an association do not
//! occur; interleaving (RFC 8260), stream resets, and pion's RACK are left out.

mod association;
mod channel;
mod chunk;
mod course;
mod idle;
pub mod lab;
mod outbox;
mod outstanding;
mod profile;
mod reassembly;
mod rto;
mod socket;
mod spec;
mod store;
#[cfg(test)]
mod tests;
mod tracker;
mod transmit;
mod window;

pub use association::{Association, Congestion, SendError};
pub use channel::{ChannelSpec, Priority, Reliability};
pub use chunk::{COMMON_HEADER_BYTES, Chunk, DATA_HEADER_BYTES, DataChunk, Flags, data_bytes};
pub use course::{Answer, Course, Loss, Sent, first_lost};
pub use idle::IdleEnd;
pub use outbox::{AssociationEvent, Outbox, Packet};
pub use profile::{
    AssociationProfile, Backoff, Buffered, Fragments, RecoveryUntil, Repair, RtoProfile, SackRides, Schedule, SlowStart,
};
pub use socket::SocketBuffer;
pub use spec::SctpSpec;
pub use store::{PacketId, PacketStore};
