//! Mixes by name. Figures and their sources: docs/MODELS.md, "Populations behind NAT".

use super::{NatMix, share};
use crate::presets::{HasPresets, Preset};

fn mix(percent: &[(&str, f64)]) -> NatMix {
    percent.iter().fold(NatMix::default(), |mix, (key, percent)| mix.with(key, share(percent / 100.0)))
}

impl HasPresets for NatMix {
    const KIND: &'static str = "NAT mix";

    fn presets() -> &'static [Preset<Self>] {
        &[
            Preset {
                name: "home",
                summary: "home broadband: 84 % of pairs connect directly; a tenth behind carrier-grade NAT",
                make: home,
            },
            Preset { name: "mobile", summary: "phones behind carrier-grade NAT: 61 % direct", make: mobile },
            Preset {
                name: "enterprise",
                summary: "offices and campuses, ten peers in one: 42 % direct between them",
                make: enterprise,
            },
            Preset {
                name: "generic",
                summary: "WebRTC callers of all kinds: 77 % direct, as conference statistics show",
                make: generic,
            },
            Preset {
                name: "dcutr",
                summary: "peer-to-peer servers behind NATs: 69 % direct, as hole-punching campaigns show",
                make: dcutr,
            },
            Preset {
                name: "public",
                summary: "public addresses: every pair connects directly",
                make: || Self::only("public"),
            },
        ]
    }
}

fn home() -> NatMix {
    NatMix {
        peers_per_lan: 1.1,
        multicast: share(0.95),
        ..mix(&[
            ("public", 4.0),
            ("eim_eif", 12.0),
            ("eim_adf", 13.0),
            ("eim_apdf", 51.0),
            ("apdm_apdf", 7.0),
            ("cgnat_home", 9.0),
            ("cgnat_symmetric", 1.0),
            ("udp_blocked", 2.5),
            ("tcp_443_only", 0.5),
        ])
    }
}

fn mobile() -> NatMix {
    NatMix {
        peers_per_carrier_nat: 2.0,
        ..mix(&[
            ("public", 1.0),
            ("carrier_eif", 10.0),
            ("carrier_adf", 10.0),
            ("carrier_apdf", 49.0),
            ("carrier_symmetric", 28.0),
            ("udp_blocked", 1.5),
            ("tcp_443_only", 0.5),
        ])
    }
}

fn enterprise() -> NatMix {
    NatMix {
        peers_per_lan: 10.0,
        multicast: share(0.5),
        ..mix(&[
            ("public", 2.0),
            ("eim_eif", 4.0),
            ("eim_adf", 6.0),
            ("eim_apdf", 48.0),
            ("apdm_apdf", 25.0),
            ("udp_blocked", 12.0),
            ("tcp_443_only", 3.0),
        ])
    }
}

fn generic() -> NatMix {
    mix(&[
        ("public", 3.0),
        ("eim_eif", 12.0),
        ("eim_adf", 13.5),
        ("eim_apdf", 55.0),
        ("apdm_apdf", 12.0),
        ("udp_blocked", 3.5),
        ("tcp_443_only", 1.0),
    ])
}

fn dcutr() -> NatMix {
    mix(&[("eim_eif", 12.0), ("eim_adf", 12.0), ("eim_apdf", 53.0), ("apdm_apdf", 20.0), ("udp_blocked", 3.0)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::{PairOutcome, pair_outcome};

    fn direct_percent(mix: &NatMix) -> f64 {
        let pairs = mix.shares().flat_map(|a| mix.shares().map(move |b| (a, b)));
        let direct =
            pairs.filter(|(a, b)| pair_outcome(a.0.chain().nat(), b.0.chain().nat(), false) == PairOutcome::Direct);
        direct.map(|(a, b)| 100.0 * a.1.get() * b.1.get()).sum()
    }

    #[test]
    fn the_mixes_add_up_and_give_the_shares_they_promise() {
        for (name, percent) in
            [("home", 84.0), ("mobile", 61.0), ("enterprise", 42.0), ("generic", 76.6), ("dcutr", 69.0)]
        {
            let preset = NatMix::presets().iter().find(|preset| preset.name == name).expect(name);
            let mix = (preset.make)();
            assert!((mix.total() - 1.0).abs() < 1e-9, "{name}");
            let direct = direct_percent(&mix);
            assert!((direct - percent).abs() < 1.0, "{name}: {direct}");
        }
    }
}
