//! What can stand between a peer of a population and the Internet: the named chains of boxes, and
//! whether the outermost is a carrier's, which other homes or phones share.

use super::middlebox::{MIDDLEBOX_PRESETS, MiddleboxSpec, overall_nat};
use super::nat::Nat;

/// A chain of boxes that a population's peers sit behind.
#[derive(Clone, Copy, Debug)]
pub struct NatChain {
    /// Its key in a mix.
    pub key: &'static str,
    /// The boxes, by their name in [`MIDDLEBOX_PRESETS`].
    pub boxes: &'static str,
    /// Whether the outermost box is a carrier-grade NAT.
    pub carrier: bool,
}

/// A chain by its place in [`NAT_CHAINS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChainId(u8);

const fn own(key: &'static str, boxes: &'static str) -> NatChain {
    NatChain { key, boxes, carrier: false }
}

const fn carrier(key: &'static str, boxes: &'static str) -> NatChain {
    NatChain { key, boxes, carrier: true }
}

/// Every chain, in the order to show them.
///
/// A `cgnat_` chain is a home behind its own NAT and its carrier's; a `carrier_` chain is a phone
/// that has nothing of its own in front of it.
pub static NAT_CHAINS: [NatChain; 22] = [
    own("public", "public"),
    own("firewall", "firewall"),
    own("eim_eif", "eim-eif"),
    own("eim_adf", "eim-adf"),
    own("eim_apdf", "eim-apdf"),
    own("adm_eif", "adm-eif"),
    own("adm_adf", "adm-adf"),
    own("adm_apdf", "adm-apdf"),
    own("apdm_eif", "apdm-eif"),
    own("apdm_adf", "apdm-adf"),
    own("apdm_apdf", "apdm-apdf"),
    own("symmetric_sequential", "symmetric-sequential"),
    carrier("cgnat_home", "cgnat-home"),
    carrier("cgnat_symmetric", "cgnat-symmetric"),
    carrier("carrier_eif", "eim-eif"),
    carrier("carrier_adf", "eim-adf"),
    carrier("carrier_apdf", "eim-apdf"),
    carrier("carrier_symmetric", "apdm-apdf"),
    own("masquerade", "masquerade"),
    own("masquerade_no_input_drop", "masquerade-no-input-drop"),
    own("udp_blocked", "udp-blocked"),
    own("tcp_443_only", "tcp-443-only"),
];

impl ChainId {
    /// A public address.
    pub const PUBLIC: Self = Self(0);

    /// Every chain.
    pub fn all() -> impl DoubleEndedIterator<Item = Self> + ExactSizeIterator {
        (0..NAT_CHAINS.len() as u8).map(Self)
    }

    /// The chain with this key.
    #[must_use]
    pub fn named(key: &str) -> Option<Self> {
        Self::all().find(|id| id.chain().key == key)
    }

    /// Its place in [`NAT_CHAINS`].
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// The chain.
    #[must_use]
    pub fn chain(self) -> &'static NatChain {
        &NAT_CHAINS[self.index()]
    }
}

impl NatChain {
    /// What it is, in one line.
    #[must_use]
    pub fn summary(&self) -> String {
        let boxes = self.preset().summary;
        match self.key.starts_with("carrier_") {
            true => format!("a phone behind a carrier-grade NAT: {boxes}"),
            false => boxes.to_owned(),
        }
    }

    /// The boxes, from inside to outside; with `hairpin` all NATs among them hairpin.
    #[must_use]
    pub fn boxes(&self, hairpin: bool) -> Vec<MiddleboxSpec> {
        let mut boxes = (self.preset().make)();
        for part in &mut boxes {
            if let MiddleboxSpec::Nat(nat) = part {
                nat.hairpin = hairpin;
            }
        }
        boxes
    }

    /// How it looks from outside.
    #[must_use]
    pub fn nat(&self) -> Nat {
        overall_nat(&(self.preset().make)())
    }

    /// Whether only TCP to port 443 gets out, so that a relay is reached over TLS.
    #[must_use]
    pub fn needs_tls(&self) -> bool {
        (self.preset().make)().contains(&MiddleboxSpec::Tcp443Only)
    }

    fn preset(&self) -> &'static super::MiddleboxPreset {
        let known = MIDDLEBOX_PRESETS.iter().find(|preset| preset.name == self.boxes);
        known.expect("invariant: a chain names a preset")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_of_boxes_is_a_chain() {
        for preset in MIDDLEBOX_PRESETS {
            let chain = NAT_CHAINS.iter().find(|chain| chain.key == preset.name.replace('-', "_"));
            assert_eq!(chain.expect(preset.name).boxes, preset.name);
        }
        for id in ChainId::all() {
            assert_eq!(ChainId::named(id.chain().key), Some(id));
            assert!(Nat::KINDS.contains(&id.chain().nat()), "{}", id.chain().key);
        }
    }

    #[test]
    fn a_carrier_has_a_translator_to_share() {
        for chain in NAT_CHAINS.iter().filter(|chain| chain.carrier) {
            assert!(chain.boxes(false).last().is_some_and(MiddleboxSpec::translates), "{}", chain.key);
        }
    }
}
