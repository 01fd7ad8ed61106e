//! Network address translation by the terms of RFC 4787, and whether two peers reach each other.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which outside address a NAT gives a new destination (RFC 4787, section 4.1), from the most to
/// the least helpful.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mapping {
    /// The same for every destination.
    EndpointIndependent,
    /// Another for every destination address, the same for all its ports. Towards peers on
    /// different hosts that is as good or bad as the next.
    AddressDependent,
    /// Another for every destination ("symmetric").
    AddressAndPortDependent,
}

/// Which packets from outside a NAT lets in (RFC 4787, section 5), from the most to the least
/// helpful.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Filtering {
    /// From anyone.
    EndpointIndependent,
    /// From addresses the peer has sent to.
    AddressDependent,
    /// From addresses and ports the peer has sent to.
    AddressAndPortDependent,
}

/// What stands between a peer and the Internet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Nat {
    /// A public address.
    Public,
    /// A NAT that passes UDP.
    Nat(Mapping, Filtering),
    /// A network that blocks UDP: only TCP or TLS to a TURN server gets out.
    UdpBlocked,
}

impl Nat {
    /// Every kind there is.
    pub const KINDS: [Self; 11] = {
        use Filtering::{AddressAndPortDependent as Apdf, AddressDependent as Adf, EndpointIndependent as Eif};
        use Mapping::{AddressAndPortDependent as Apdm, AddressDependent as Adm, EndpointIndependent as Eim};
        [
            Self::Public,
            Self::Nat(Eim, Eif),
            Self::Nat(Eim, Adf),
            Self::Nat(Eim, Apdf),
            Self::Nat(Adm, Eif),
            Self::Nat(Adm, Adf),
            Self::Nat(Adm, Apdf),
            Self::Nat(Apdm, Eif),
            Self::Nat(Apdm, Adf),
            Self::Nat(Apdm, Apdf),
            Self::UdpBlocked,
        ]
    };
}

/// How two peers connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PairOutcome {
    /// Peer to peer over UDP.
    Direct,
    /// Through a TURN server.
    Relayed,
    /// Not at all: it would need a relay and there is none.
    Impossible,
}

/// How peers behind these NATs connect with interactive connectivity establishment (RFC 8445) and
/// no port prediction.
///
/// Direct works if in some direction the receiver's filter lets in the other's packets: it filters
/// by address at most, or it filters by address and port and both mappings are
/// endpoint-independent, so that each knows the port to expect.
#[must_use]
pub fn pair_outcome(a: Nat, b: Nat, relay: bool) -> PairOutcome {
    let direct = match (a, b) {
        (Nat::UdpBlocked, _) | (_, Nat::UdpBlocked) => false,
        (Nat::Public, _) | (_, Nat::Public) => true,
        (Nat::Nat(map_a, filter_a), Nat::Nat(map_b, filter_b)) => {
            let independent = Mapping::EndpointIndependent;
            let by_port = Filtering::AddressAndPortDependent;
            filter_a != by_port || filter_b != by_port || (map_a == independent && map_b == independent)
        }
    };
    match (direct, relay) {
        (true, _) => PairOutcome::Direct,
        (false, true) => PairOutcome::Relayed,
        (false, false) => PairOutcome::Impossible,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_is_symmetric_and_a_relay_rescues_every_pair() {
        for a in Nat::KINDS {
            for b in Nat::KINDS {
                assert_eq!(pair_outcome(a, b, false), pair_outcome(b, a, false));
                assert_ne!(pair_outcome(a, b, true), PairOutcome::Impossible);
            }
        }
    }
}
