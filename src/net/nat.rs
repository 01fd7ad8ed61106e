//! Network address translation by the terms of RFC 4787, and whether two peers reach each other.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::presets::{HasPresets, Preset};
use crate::units::Probability;

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

/// How often each kind of NAT occurs in a class of peers; the shares add up to 100 %.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NatMix {
    /// Public addresses.
    pub public: Probability,
    /// Endpoint-independent mapping and filtering ("full cone").
    pub eim_eif: Probability,
    /// Endpoint-independent mapping, address-dependent filtering ("address-restricted cone").
    pub eim_adf: Probability,
    /// Endpoint-independent mapping, address-and-port-dependent filtering ("port-restricted cone").
    pub eim_apdf: Probability,
    /// Endpoint-dependent mapping, address-and-port-dependent filtering ("symmetric").
    pub edm: Probability,
    /// UDP blocked.
    pub udp_blocked: Probability,
}

impl NatMix {
    /// Each kind with its share.
    #[must_use]
    pub fn shares(&self) -> [(Nat, f64); 6] {
        let eim = |filtering| Nat::Nat(Mapping::EndpointIndependent, filtering);
        [
            (Nat::Public, self.public.get()),
            (eim(Filtering::EndpointIndependent), self.eim_eif.get()),
            (eim(Filtering::AddressDependent), self.eim_adf.get()),
            (eim(Filtering::AddressAndPortDependent), self.eim_apdf.get()),
            (Nat::Nat(Mapping::AddressAndPortDependent, Filtering::AddressAndPortDependent), self.edm.get()),
            (Nat::UdpBlocked, self.udp_blocked.get()),
        ]
    }

    /// The sum of the shares; a valid mix adds up to 1.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.shares().iter().map(|(_, share)| share).sum()
    }
}

fn mix(percent: [f64; 6]) -> NatMix {
    let share = |index: usize| Probability::new(percent[index] / 100.0).expect("invariant: constants within 100 %");
    NatMix {
        public: share(0),
        eim_eif: share(1),
        eim_adf: share(2),
        eim_apdf: share(3),
        edm: share(4),
        udp_blocked: share(5),
    }
}

impl HasPresets for NatMix {
    const KIND: &'static str = "NAT mix";

    // Figures and their sources: docs/MODELS.md, "NAT".
    fn presets() -> &'static [Preset<Self>] {
        &[
            Preset {
                name: "home",
                summary: "home broadband: 84 % of pairs connect directly",
                make: || mix([4.0, 12.0, 13.0, 60.0, 8.0, 3.0]),
            },
            Preset {
                name: "mobile",
                summary: "mobile carriers with carrier-grade NAT: 61 % direct",
                make: || mix([1.0, 10.0, 10.0, 49.0, 28.0, 2.0]),
            },
            Preset {
                name: "enterprise",
                summary: "offices and campuses: 42 % direct",
                make: || mix([2.0, 4.0, 6.0, 48.0, 25.0, 15.0]),
            },
            Preset {
                name: "generic",
                summary: "WebRTC callers of all kinds: 77 % direct, as conference statistics show",
                make: || mix([3.0, 12.0, 13.5, 55.0, 12.0, 4.5]),
            },
            Preset {
                name: "dcutr",
                summary: "peer-to-peer servers behind NATs: 69 % direct, as hole-punching campaigns show",
                make: || mix([0.0, 12.0, 12.0, 53.0, 20.0, 3.0]),
            },
            Preset {
                name: "public",
                summary: "public addresses: every pair connects directly",
                make: || mix([100.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
            },
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn direct_share(mix: &NatMix) -> f64 {
        let shares = mix.shares();
        let pairs = shares.iter().flat_map(|a| shares.iter().map(move |b| (a, b)));
        pairs.filter(|(a, b)| pair_outcome(a.0, b.0, false) == PairOutcome::Direct).map(|(a, b)| a.1 * b.1).sum()
    }

    #[test]
    fn the_mixes_add_up_and_give_the_shares_they_promise() {
        for (name, percent) in
            [("home", 84.0), ("mobile", 61.0), ("enterprise", 42.0), ("generic", 76.6), ("dcutr", 69.0)]
        {
            let preset = NatMix::presets().iter().find(|preset| preset.name == name).expect(name);
            let mix = (preset.make)();
            assert!((mix.total() - 1.0).abs() < 1e-9, "{name}");
            let direct = direct_share(&mix) * 100.0;
            assert!((direct - percent).abs() < 1.0, "{name}: {direct}");
        }
    }

    #[test]
    fn the_rule_is_symmetric_and_a_relay_rescues_every_pair() {
        let kinds = NatMix::default().shares().map(|(nat, _)| nat);
        for a in kinds {
            for b in kinds {
                assert_eq!(pair_outcome(a, b, false), pair_outcome(b, a, false));
                assert_ne!(pair_outcome(a, b, true), PairOutcome::Impossible);
            }
        }
    }
}
