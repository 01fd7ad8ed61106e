//! Boxes by name, as commands take them.

use super::{MiddleboxSpec, NatSpec, PortAllocation};
use crate::net::nat::{Filtering, Mapping, Nat};

/// A named chain of boxes.
#[derive(Clone, Copy, Debug)]
pub struct MiddleboxPreset {
    /// The name.
    pub name: &'static str,
    /// What it is, in one line.
    pub summary: &'static str,
    /// Makes the boxes, from inside to outside.
    pub make: fn() -> Vec<MiddleboxSpec>,
}

use Filtering::{AddressAndPortDependent as Apdf, AddressDependent as Adf, EndpointIndependent as Eif};
use Mapping::{AddressAndPortDependent as Apdm, AddressDependent as Adm, EndpointIndependent as Eim};

fn nat(mapping: Mapping, filtering: Filtering) -> MiddleboxSpec {
    MiddleboxSpec::Nat(NatSpec::new(mapping, filtering))
}

macro_rules! preset {
    ($name:literal, $summary:literal, $make:expr) => {
        MiddleboxPreset { name: $name, summary: $summary, make: $make }
    };
}

/// Every named chain of boxes, in the order to show them.
pub static MIDDLEBOX_PRESETS: &[MiddleboxPreset] = &[
    preset!("public", "a public address", Vec::new),
    preset!("firewall", "a public address behind a stateful firewall", || vec![MiddleboxSpec::Firewall]),
    preset!("eim-eif", "endpoint-independent mapping and filtering (full cone)", || vec![nat(Eim, Eif)]),
    preset!("eim-adf", "filters by address (address-restricted cone)", || vec![nat(Eim, Adf)]),
    preset!("eim-apdf", "filters by address and port (port-restricted cone)", || vec![nat(Eim, Apdf)]),
    preset!("adm-eif", "a port for each destination address, no filtering", || vec![nat(Adm, Eif)]),
    preset!("adm-adf", "a port for each destination address, filters by address", || vec![nat(Adm, Adf)]),
    preset!("adm-apdf", "a port for each destination address, filters by address and port", || vec![nat(Adm, Apdf)]),
    preset!("apdm-eif", "a port for each destination, no filtering", || vec![nat(Apdm, Eif)]),
    preset!("apdm-adf", "a port for each destination, filters by address", || vec![nat(Apdm, Adf)]),
    preset!("apdm-apdf", "a port for each destination, filters by address and port (symmetric)", || vec![nat(
        Apdm, Apdf
    )]),
    preset!("symmetric-sequential", "symmetric, with predictable ports", || {
        vec![MiddleboxSpec::Nat(NatSpec { ports: PortAllocation::Sequential, ..NatSpec::new(Apdm, Apdf) })]
    }),
    preset!("cgnat-home", "a port-restricted home NAT behind a full-cone carrier-grade NAT", || {
        vec![nat(Eim, Apdf), nat(Eim, Eif)]
    }),
    preset!("cgnat-symmetric", "a port-restricted home NAT behind a symmetric carrier-grade NAT", || {
        vec![nat(Eim, Apdf), nat(Apdm, Apdf)]
    }),
    preset!("masquerade", "Linux masquerading", || vec![MiddleboxSpec::Masquerade { input_drop: true }]),
    preset!("masquerade-no-input-drop", "Linux masquerading that tracks unsolicited packets", || {
        vec![MiddleboxSpec::Masquerade { input_drop: false }]
    }),
    preset!("udp-blocked", "UDP does not get out", || vec![MiddleboxSpec::UdpBlocked]),
    preset!("tcp-443-only", "only TCP to port 443 gets out", || vec![MiddleboxSpec::Tcp443Only]),
];

/// How a chain of boxes looks from outside: as strict as its strictest filter, and dependent on the
/// destination if any of its mappings is.
#[must_use]
pub fn overall_nat(boxes: &[MiddleboxSpec]) -> Nat {
    let mut overall = Nat::Public;
    for part in boxes {
        let (mapping, filtering) = match part {
            MiddleboxSpec::Nat(nat) => (nat.mapping, nat.filtering),
            MiddleboxSpec::Firewall | MiddleboxSpec::Masquerade { .. } => (Eim, Apdf),
            MiddleboxSpec::UdpBlocked | MiddleboxSpec::Tcp443Only => return Nat::UdpBlocked,
        };
        overall = match overall {
            Nat::Nat(other_mapping, other_filtering) => {
                Nat::Nat(mapping.max(other_mapping), filtering.max(other_filtering))
            }
            _ => Nat::Nat(mapping, filtering),
        };
    }
    overall
}
