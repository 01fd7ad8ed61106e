//! What happens between two ends once their offer and answer can travel: the seam to the model of one
//! connection's set-up.

use crate::net::PairOutcome;
use crate::rng::{Domain, PairKey, Streams};
use crate::units::SimDuration;
use crate::webrtc::setup::RelayTransport;
use crate::webrtc::{SetupProfile, WebrtcSpec};
use crate::world::World;

/// Where packets of an open connection go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relay {
    /// From end to end.
    Direct,
    /// Through a TURN server, spoken to in this way.
    Turn(RelayTransport),
}

impl Relay {
    pub(super) const fn is_relayed(self) -> bool {
        matches!(self, Self::Turn(_))
    }
}

/// How a set-up goes on an idle network, from the offer on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SetUp {
    /// Until both ends are open.
    pub(super) open: SimDuration,
    /// What that consists of.
    pub(super) parts: Parts,
    /// Whether it runs through a relay.
    pub(super) relay: Relay,
}

/// The stages of a set-up, one after the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Parts {
    /// Candidates are gathered.
    pub(super) gathering: SimDuration,
    /// Offer and answer travel, and wait for servers and CPUs on their way.
    pub(super) signaling: SimDuration,
    /// ICE checks pairs.
    pub(super) checks: SimDuration,
    /// The DTLS handshake.
    pub(super) dtls: SimDuration,
    /// SCTP's handshake, and the channel's opening.
    pub(super) sctp: SimDuration,
}

/// How long offer and answer take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Legs {
    pub(super) offer: SimDuration,
    pub(super) answer: SimDuration,
}

/// The set-ups of a world.
#[derive(Clone, Debug)]
pub(super) struct Paths {
    interop_key: PairKey,
    interop_threshold: u64,
}

impl Paths {
    pub(super) fn new(webrtc: &WebrtcSpec, streams: Streams) -> Self {
        Self {
            interop_key: streams.pair_key(Domain::Connect),
            interop_threshold: webrtc.connect.interop_failures.threshold(),
        }
    }

    /// What becomes of an attempt whose offer and answer take this long, or `None` where it never opens.
    pub(super) fn set_up(&self, world: &World, offerer: u32, answerer: u32, legs: Legs) -> Option<SetUp> {
        if self.interop_threshold > 0 && self.cannot_interoperate(world, offerer, answerer) {
            return None;
        }
        let there = world.path(offerer, answerer)?;
        let back = world.path(answerer, offerer)?;
        let round_trip = SimDuration::from_ns(there.delay_ns + back.delay_ns);
        let [checks, dtls, sctp] = round_trips(world.setup()).map(|count| round_trip * count);
        let signaling = legs.offer + legs.answer;
        let relay = if there.relayed { Relay::Turn(transport(world, offerer, answerer)) } else { Relay::Direct };
        let parts = Parts { gathering: SimDuration::ZERO, signaling, checks, dtls, sctp };
        Some(SetUp { open: signaling + checks + dtls + sctp, parts, relay })
    }

    fn cannot_interoperate(&self, world: &World, a: u32, b: u32) -> bool {
        world.class(a).engine != world.class(b).engine && self.interop_key.undirected(a, b) < self.interop_threshold
    }
}

/// Where packets between two nodes would go, or `None` where they cannot connect.
pub(super) fn relay(world: &World, a: u32, b: u32) -> Option<Relay> {
    match world.outcome(a, b) {
        PairOutcome::Direct => Some(Relay::Direct),
        PairOutcome::Relayed => Some(Relay::Turn(transport(world, a, b))),
        PairOutcome::Impossible => None,
    }
}

// An end without UDP speaks TCP to its TURN server.
fn transport(world: &World, a: u32, b: u32) -> RelayTransport {
    let blocked = |node: u32| world.nat(node) == crate::net::Nat::UdpBlocked;
    if blocked(a) || blocked(b) { RelayTransport::Tcp } else { RelayTransport::Udp }
}

// Round trips of ICE, DTLS and SCTP.
const fn round_trips(profile: SetupProfile) -> [u64; 3] {
    match profile {
        SetupProfile::Classic12 => [1, 2, 2],
        SetupProfile::Dtls13 => [1, 1, 2],
        SetupProfile::Snap => [1, 2, 0],
        SetupProfile::Warp => [1, 0, 0],
        SetupProfile::WebrtcRs => [2, 3, 2],
        SetupProfile::Instant => [0, 0, 0],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stages_are_the_whole_ladder() {
        use SetupProfile::{Classic12, Dtls13, Instant, Snap, Warp, WebrtcRs};
        for profile in [Classic12, Dtls13, Snap, Warp, WebrtcRs, Instant] {
            assert_eq!(round_trips(profile).iter().sum::<u64>(), profile.path_round_trips(), "{profile:?}");
        }
    }
}
