//! Middleboxes: what stands between a realm of addresses and the next, by the terms of RFC 4787.
//!
//! A box is a value: a packet goes in with a time, and comes out translated or is dropped with a
//! reason. State expires when it is looked at, so a box needs no timers. Times must not go back.
//!
//! One file a behaviour: [`mapping`](self) (which outside port an inside address has), filtering
//! (who may send to it), port allocation, hairpinning; [`NatBox`] puts these together. Firewalls,
//! blockers and Linux's masquerade, which is none of the RFC's, are boxes of their own.

mod blocked;
mod filtering;
mod firewall;
mod mapping;
mod masquerade;
mod nat;
mod passage;
mod ports;
mod presets;

use std::net::{Ipv4Addr, SocketAddrV4};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use blocked::Blocker;
pub use firewall::Firewall;
pub use masquerade::Masquerade;
pub use nat::{NatBox, NatSpec, Refresh};
pub use passage::Passage;
pub use ports::PortAllocation;
pub use presets::{MIDDLEBOX_PRESETS, MiddleboxPreset, overall_nat};

use super::packet::{DropReason, Header};
use crate::rng::Stream;
use crate::units::SimTime;

/// What a box is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MiddleboxSpec {
    /// A network address translator.
    Nat(NatSpec),
    /// A stateful firewall without translation: lets in what answers.
    Firewall,
    /// UDP is blocked; TCP passes.
    UdpBlocked,
    /// Only TCP to port 443 passes.
    Tcp443Only,
    /// Linux masquerading. Without a drop of unsolicited packets in its input chain, such a packet
    /// leaves a conntrack entry that takes the port from the flow it was meant to meet.
    Masquerade {
        /// Whether unsolicited packets to the box itself are dropped.
        input_drop: bool,
    },
}

impl MiddleboxSpec {
    /// Whether hosts behind it have addresses of their own realm.
    #[must_use]
    pub const fn translates(&self) -> bool {
        matches!(self, Self::Nat(_) | Self::Masquerade { .. })
    }
}

/// A box with its state.
#[derive(Clone, Debug)]
pub enum Middlebox {
    /// A network address translator.
    Nat(NatBox),
    /// A stateful firewall.
    Firewall(Firewall),
    /// A blocker of UDP, or of all but TCP to port 443.
    Blocker(Blocker),
    /// Linux masquerading.
    Masquerade(Masquerade),
}

impl Middlebox {
    /// A box without state yet, whose outside address is `outside`; random ports come from `stream`.
    #[must_use]
    pub fn new(spec: &MiddleboxSpec, outside: Ipv4Addr, stream: Stream) -> Self {
        match *spec {
            MiddleboxSpec::Nat(spec) => Self::Nat(NatBox::new(spec, outside, stream)),
            MiddleboxSpec::Firewall => Self::Firewall(Firewall::default()),
            MiddleboxSpec::UdpBlocked => Self::Blocker(Blocker::udp()),
            MiddleboxSpec::Tcp443Only => Self::Blocker(Blocker::all_but_tcp_443()),
            MiddleboxSpec::Masquerade { input_drop } => Self::Masquerade(Masquerade::new(outside, input_drop, stream)),
        }
    }

    /// A packet from inside.
    ///
    /// # Errors
    /// Why it is dropped.
    pub fn outbound(&mut self, now: SimTime, header: Header) -> Result<Passage, DropReason> {
        match self {
            Self::Nat(nat) => nat.outbound(now, header),
            Self::Firewall(firewall) => Ok(Passage::Out(firewall.outbound(now, header))),
            Self::Blocker(blocker) => blocker.outbound(now, header).map(Passage::Out),
            Self::Masquerade(masquerade) => masquerade.outbound(now, header).map(Passage::Out),
        }
    }

    /// A packet from outside.
    ///
    /// # Errors
    /// Why it is dropped.
    pub fn inbound(&mut self, now: SimTime, header: Header) -> Result<Header, DropReason> {
        match self {
            Self::Nat(nat) => nat.inbound(now, header),
            Self::Firewall(firewall) => firewall.inbound(now, header),
            Self::Blocker(blocker) => blocker.inbound(now, header),
            Self::Masquerade(masquerade) => masquerade.inbound(now, header),
        }
    }

    /// The inside address that a packet from outside would go to, if the box let it in; changes
    /// nothing.
    #[must_use]
    pub fn inside_of(&self, header: &Header) -> Option<SocketAddrV4> {
        match self {
            Self::Nat(nat) => nat.inside_of(header),
            Self::Firewall(_) | Self::Blocker(_) => Some(header.destination),
            Self::Masquerade(masquerade) => masquerade.inside_of(header),
        }
    }
}
