//! Ends that cannot be told apart from outside.
//!
//! Between ends that share no box, a set-up depends on a chain of boxes only through how the chain maps and
//! filters as a whole. So one tree serves all chains of one behaviour. What may stand for what was not argued
//! but tried: a test here holds the courses of each chain against those of its stand-in, with all
//! other chains at the far end.
//!
//! A chain keeps to itself where its hosts have public addresses, where it blocks UDP, and where it tracks
//! unsolicited packets, which takes ports from flows.

use crate::net::{Mapping, MiddleboxSpec, Nat, NatSpec, overall_nat};
use crate::webrtc::setup::EndSpec;

/// Each end's stand-in: the place of the first in the list that looks the same from outside.
pub(super) fn stand_ins(kinds: &[EndSpec]) -> Vec<u16> {
    let canonical: Vec<EndSpec> = kinds.iter().map(canonical).collect();
    let first = |end: &EndSpec| canonical.iter().position(|known| known == end).unwrap_or_default();
    canonical.iter().map(|end| u16::try_from(first(end)).unwrap_or_default()).collect()
}

/// The end with one box in the place of its chain, if there is one that behaves the same.
fn canonical(end: &EndSpec) -> EndSpec {
    let boxes = one_box(&end.boxes).map_or_else(|| end.boxes.clone(), |nat| vec![MiddleboxSpec::Nat(nat)]);
    EndSpec { boxes, ..end.clone() }
}

// Hairpinning takes two ends behind one box, a full table of ports takes more than two, and no mapping
// outlives its time in a set-up; but two chains of different lifetimes are not held to be the same.
fn one_box(boxes: &[MiddleboxSpec]) -> Option<NatSpec> {
    let lifetime = |part: &MiddleboxSpec| match part {
        MiddleboxSpec::Nat(nat) => Some(nat.lifetime),
        MiddleboxSpec::Masquerade { input_drop: true } => Some(NatSpec::LIFETIME_DEFAULT),
        _ => None,
    };
    let lifetimes: Option<Vec<_>> = boxes.iter().map(lifetime).collect();
    let shortest = lifetimes?.into_iter().min()?;
    match overall_nat(boxes) {
        // A box between two others would see ports that depend on the destination where none are meant to.
        Nat::Nat(Mapping::AddressDependent, _) if boxes.len() > 1 => None,
        Nat::Nat(mapping, filtering) => Some(NatSpec { lifetime: shortest, ..NatSpec::new(mapping, filtering) }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::MIDDLEBOX_PRESETS;
    use crate::rng::PairKey;
    use crate::units::SimDuration;
    use crate::webrtc::ice::IceSpec;
    use crate::webrtc::setup::{
        Gather, Ipv6, Losses, PairSetup, Relation, RelayTransport, SetupOutcome, SetupProfile, StackProfile, run,
    };
    use crate::webrtc::stamp::{Comparisons, Delays, Leg, Stamp};

    fn ends(spec: IceSpec) -> Vec<(&'static str, EndSpec)> {
        let (stack, gather) = (StackProfile::named(spec), Gather::Turn);
        let end = |boxes| EndSpec { boxes, ipv6: Ipv6::None, stack, gather };
        MIDDLEBOX_PRESETS.iter().map(|preset| (preset.name, end((preset.make)()))).collect()
    }

    fn outcome(ends: [&EndSpec; 2], number: u32) -> SetupOutcome<Stamp> {
        let setup = PairSetup {
            ends: ends.map(Clone::clone),
            relation: Relation::Apart,
            trickle: true,
            transports: vec![RelayTransport::Udp, RelayTransport::Tls],
            profile: SetupProfile::default(),
        };
        let ns = |leg: u32| SimDuration::from_ns(5_000_000 + PairKey::new(4).directed(number, leg) % 145_000_000);
        let legs = [Leg::Direct, Leg::OffererToOwn, Leg::AnswererToOwn, Leg::OffererToOther, Leg::AnswererToOther];
        let delays = legs.into_iter().zip(0..).fold(Delays::default(), |all, (leg, place)| all.with(leg, ns(place)));
        let delays = delays.with(Leg::Offer, ns(8)).with(Leg::Answer, ns(9));
        run(&setup, &Losses::default(), Comparisons::new(delays)).outcome
    }

    #[test]
    fn a_chain_and_its_stand_in_have_the_same_courses() {
        for spec in [IceSpec::WebrtcRs021, IceSpec::Chromium, IceSpec::Rfc, IceSpec::Firefox] {
            let ends = ends(spec);
            let replaced = ends.iter().map(|(name, end)| (name, end, canonical(end)));
            for (name, own, stand_in) in replaced.filter(|(_, own, stand_in)| *own != stand_in) {
                for (number, (far, other)) in (0..).zip(&ends) {
                    let context = format!("{spec:?}: {name}, {far}");
                    assert_eq!(outcome([own, other], number), outcome([&stand_in, other], number), "{context}");
                    assert_eq!(outcome([other, own], number), outcome([other, &stand_in], number), "{context}");
                }
            }
        }
    }

    #[test]
    fn chains_that_look_the_same_share_a_stand_in() {
        let (names, ends): (Vec<_>, Vec<_>) = ends(IceSpec::Chromium).into_iter().unzip();
        let stand_ins = stand_ins(&ends);
        let of = |name: &str| names[usize::from(stand_ins[names.iter().position(|&known| known == name).expect(name)])];
        assert_eq!((of("masquerade"), of("cgnat-home")), ("eim-apdf", "eim-apdf"));
        assert_eq!((of("cgnat-symmetric"), of("symmetric-sequential")), ("apdm-apdf", "apdm-apdf"));
        for own in ["public", "firewall", "eim-eif", "masquerade-no-input-drop", "udp-blocked", "tcp-443-only"] {
            assert_eq!(of(own), own);
        }
    }
}
