//! What happens next in a cluster.

use crate::engine::Ticket;

/// What happens next in a cluster.
#[derive(Clone, Copy, Debug)]
pub enum ClusterEvent {
    /// A datagram comes to the receiver's boxes, or through its downlink.
    Datagram {
        /// Which, of those on their way.
        slot: u32,
    },
    /// An endpoint wants to be woken.
    Timer {
        /// For which arming of its timer.
        ticket: Ticket,
    },
    /// A signaling message arrives.
    Signal {
        /// Which, of those on their way.
        slot: u32,
    },
    /// A connection is attempted.
    Begin {
        /// Which.
        connection: u32,
    },
    /// The time of an attempt is up.
    GiveUp {
        /// At which connection.
        connection: u32,
        /// Which attempt.
        attempt: u32,
    },
    /// The application wants to be woken.
    Wake {
        /// Its own word for what.
        token: u64,
    },
}
