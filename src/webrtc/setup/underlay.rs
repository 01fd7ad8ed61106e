//! The access links under a set-up.
//!
//! A set-up alone on an idle network of unlimited links needs none: what its packets take is the delay of their legs
//! ([`Delayless`]). Where links have rates, queues or jitter, and several set-ups share them, whoever plays the
//! set-ups stands for the links ([`Underlay`]), and legs are what lies between them.

use crate::net::Transport;
use crate::units::SimTime;

/// The access links of both ends, as a set-up sees them; times count from its beginning.
pub trait Underlay {
    /// Whether there are links at all.
    const LINKS: bool;

    /// An end puts a packet on its uplink: when its last bit is through, the link's delay included, if it does not
    /// find the queue full.
    fn up(&mut self, end: usize, now: SimTime, parcel: Parcel) -> Option<SimTime>;

    /// A packet comes to an end's downlink: when its last bit is through, if it does not find the queue full.
    fn down(&mut self, end: usize, now: SimTime, parcel: Parcel) -> Option<SimTime>;
}

/// A packet on a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// Its bytes, all headers included.
    pub bytes: u32,
    /// Whether it is part of a TCP connection, which repairs losses and waits for the repair.
    pub stream: bool,
    /// Whether it stays in one local network, where the link's delay is not met.
    pub local: bool,
}

/// No links: legs take all the time.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Delayless;

impl Underlay for Delayless {
    const LINKS: bool = false;

    fn up(&mut self, _end: usize, now: SimTime, _parcel: Parcel) -> Option<SimTime> {
        Some(now)
    }

    fn down(&mut self, _end: usize, now: SimTime, _parcel: Parcel) -> Option<SimTime> {
        Some(now)
    }
}

/// IPv4 and UDP headers.
const UDP_HEADERS: u32 = 28;
/// IPv4 and TCP headers, with TCP's timestamps (RFC 7323) and TURN's framing padded.
const TCP_HEADERS: u32 = 54;

/// Bytes of a payload on the wire.
pub(super) const fn on_wire(payload: u32, transport: Transport) -> u32 {
    payload
        + match transport {
            Transport::Udp => UDP_HEADERS,
            Transport::Tcp => TCP_HEADERS,
        }
}
