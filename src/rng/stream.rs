//! Named streams: key derivation and the generator.

use rand::SeedableRng;
use rand_pcg::Pcg64Mcg;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

use super::pair::PairKey;

/// The seed of one replication.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct Seed(pub u64);

/// What a stream is for. The name is part of the key: renaming one changes every result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Domain {
    /// Which class each peer belongs to.
    PeerClass,
    /// A peer's place in the world.
    PeerPlace,
    /// A peer's access link.
    PeerLink,
    /// A peer's NAT.
    PeerNat,
    /// Which peers send.
    Workload,
    /// When a sending peer first sends.
    WorkloadPhase,
    /// When a peer with random arrivals sends.
    WorkloadArrivals,
    /// A topology's own choices.
    Topology,
    /// Propagation delay of a pair.
    PairLatency,
    /// Loss of a packet on a pair's path.
    PairLoss,
    /// Ports that NAT boxes choose.
    NatPort,
    /// Loss and jitter of a packet link.
    PacketLink,
    /// Credentials and randoms of the real stack.
    StackRandom,
    /// Benchmarks and tests.
    Bench,
    /// Waits of peers that connect, and pairs that do not.
    Connect,
    /// Glare and renegotiation.
    Negotiation,
    /// Who shares a local network with whom, and what works in it.
    PeerLan,
    /// Which local networks share a carrier-grade NAT.
    PeerCarrier,
    /// Which local networks have IPv6.
    PeerIpv6,
    /// Whom a peer asks for pieces first.
    Distribution,
    /// Where in its capacity trace a peer's link begins.
    CapacityTrace,
    /// The topics that a peer subscribes to.
    Subscriptions,
    /// Which server a client asks.
    Servers,
    /// Where players stand in the world of a game.
    GamePositions,
    /// Which replications a comparison deals to which side.
    Deals,
    /// When a writer types.
    Typing,
    /// Who has a document from the beginning.
    Holders,
    /// Jitter of links while an overlay connects, and what TCP loses on them.
    ConnectLink,
    /// To whom nodes pass messages on, where that is drawn.
    Dissemination,
    /// Populations for measuring optimisers.
    Synthetic,
    /// Choices of optimisers that search.
    Optimiser,
    /// What a search for hubs tries next.
    HubSearch,
    /// Whatever a crate draws that builds on this one.
    Foreign,
}

impl Domain {
    const fn name(self) -> &'static str {
        match self {
            Self::PeerClass => "peer-class",
            Self::PeerPlace => "peer-place",
            Self::PeerLink => "peer-link",
            Self::PeerNat => "peer-nat",
            Self::Workload => "workload",
            Self::WorkloadPhase => "workload-phase",
            Self::WorkloadArrivals => "workload-arrivals",
            Self::Topology => "topology",
            Self::PairLatency => "pair-latency",
            Self::PairLoss => "pair-loss",
            Self::NatPort => "nat-port",
            Self::PacketLink => "packet-link",
            Self::StackRandom => "stack-random",
            Self::Bench => "bench",
            Self::Connect => "connect",
            Self::Negotiation => "negotiation",
            Self::PeerLan => "peer-lan",
            Self::PeerCarrier => "peer-carrier",
            Self::PeerIpv6 => "peer-ipv6",
            Self::Distribution => "distribution",
            Self::CapacityTrace => "capacity-trace",
            Self::Subscriptions => "subscriptions",
            Self::Servers => "servers",
            Self::GamePositions => "game-positions",
            Self::Deals => "deals",
            Self::Typing => "typing",
            Self::ConnectLink => "connect-link",
            Self::Dissemination => "dissemination",
            Self::Holders => "holders",
            Self::Synthetic => "synthetic",
            Self::Optimiser => "optimiser",
            Self::HubSearch => "hub-search",
            Self::Foreign => "foreign",
        }
    }
}

/// A deterministic random generator; use it through the traits of `rand`.
pub type Stream = Pcg64Mcg;

/// All the streams of one replication.
#[derive(Clone, Copy, Debug)]
pub struct Streams {
    seed: Seed,
}

impl Streams {
    /// The streams of the replication with this seed.
    #[must_use]
    pub const fn new(seed: Seed) -> Self {
        Self { seed }
    }

    /// The stream that `id` draws from in `domain`, from its beginning.
    #[must_use]
    pub fn stream(self, domain: Domain, id: u64) -> Stream {
        Pcg64Mcg::from_seed(self.key(domain, id).to_le_bytes())
    }

    /// The key for draws of `domain` that are hashed from the pair they belong to.
    #[must_use]
    pub fn pair_key(self, domain: Domain) -> PairKey {
        PairKey::new(self.key(domain, 0) as u64)
    }

    fn key(self, domain: Domain, id: u64) -> u128 {
        let name = domain.name().as_bytes();
        let mut input = [0_u8; 48];
        input[..8].copy_from_slice(&self.seed.0.to_le_bytes());
        input[8..16].copy_from_slice(&id.to_le_bytes());
        input[16..16 + name.len()].copy_from_slice(name);
        xxh3_128(&input)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;

    #[test]
    fn golden_vectors() {
        let streams = Streams::new(Seed(42));
        let draws = |domain, id| {
            let mut stream = streams.stream(domain, id);
            [stream.next_u64(), stream.next_u64(), stream.next_u64()]
        };
        insta::assert_debug_snapshot!(
            "stream_golden_vectors",
            [draws(Domain::PeerClass, 0), draws(Domain::PeerClass, 1), draws(Domain::Workload, 0),]
        );
    }

    #[test]
    fn streams_with_other_names_share_nothing() {
        let streams = Streams::new(Seed(1));
        let first = |domain, id| streams.stream(domain, id).next_u64();
        assert_ne!(first(Domain::PeerClass, 0), first(Domain::PeerLink, 0));
        assert_ne!(first(Domain::PeerClass, 0), first(Domain::PeerClass, 1));
        assert_eq!(first(Domain::PeerClass, 7), first(Domain::PeerClass, 7));
    }
}
