//! Channels that always have something to send share a bottleneck by their priorities, or do not.

use super::pair::Pair;
use crate::net::{PacketLink, PacketLinkSpec};
use crate::rng::{Domain, Seed, Streams};
use crate::units::{Bitrate, SimDuration, SimTime};
use crate::webrtc::sctp::{AssociationProfile, ChannelSpec, Priority};

const PRIORITIES: [Priority; 4] = [Priority::VeryLow, Priority::Low, Priority::Medium, Priority::High];

/// Bytes delivered of each channel over 10 Mbit/s in the seconds 4 to 20, with messages of these sizes.
fn delivered(profile: &AssociationProfile, priorities: &[Priority], sizes: &[u32]) -> Vec<f64> {
    delivered_of(profile, priorities, sizes, None).0
}

/// The same, where the last channel has a message every so many milliseconds, and not always one; and the most bytes
/// that waited on it to be sent, from then on.
fn delivered_of(
    profile: &AssociationProfile,
    priorities: &[Priority],
    sizes: &[u32],
    last_every_ms: Option<u64>,
) -> (Vec<f64>, u64) {
    let last = sizes.len() as u16 - 1;
    let mut unsent_most = 0;
    let channels: Vec<ChannelSpec> =
        priorities.iter().map(|&priority| ChannelSpec { priority, ..ChannelSpec::default() }).collect();
    let mut pair = Pair::same(profile, &channels);
    let link = PacketLinkSpec { rate: Some(Bitrate::from_bps(10_000_000)), ..PacketLinkSpec::default() };
    pair.link = Some(PacketLink::new(link, Streams::new(Seed(1)).stream(Domain::PacketLink, 0)));
    let mut before = vec![0; channels.len()];
    let count = |pair: &Pair, stream: u16| pair.delivered[1].iter().filter(|(other, _)| *other == stream).count();
    for ms in 0..20_000 {
        if ms == 4_000 {
            before = (0..).zip(sizes).map(|(stream, _)| count(&pair, stream)).collect();
        }
        for (stream, &size) in (0..).zip(sizes) {
            if let Some(every_ms) = last_every_ms.filter(|_| stream == last) {
                if ms % every_ms == 0 {
                    pair.send(0, stream, ms, size).expect("there is room");
                }
                continue;
            }
            while pair.ends[0].buffered(stream) < 4 * 16_384 {
                pair.send(0, stream, ms, size).expect("there is room");
            }
        }
        pair.run_until(SimTime::ZERO + SimDuration::from_ms(ms));
        if ms >= 4_000 {
            unsent_most = unsent_most.max(pair.ends[0].unsent(last));
        }
    }
    let bytes =
        |(stream, &size): (u16, &u32)| (count(&pair, stream) - before[usize::from(stream)]) as f64 * f64::from(size);
    ((0..).zip(sizes).map(bytes).collect(), unsent_most)
}

fn shares_follow(delivered: &[f64], weights: &[f64], what: &str) {
    let total: f64 = delivered.iter().sum();
    let whole: f64 = weights.iter().sum();
    assert!(total * 8.0 / 16.0 > 8.5e6, "{what}: the bottleneck is full: {total} B");
    for (bytes, weight) in delivered.iter().zip(weights) {
        let ratio = bytes / total / (weight / whole);
        assert!((ratio - 1.0).abs() < 0.1, "{what}: {delivered:?}");
    }
}

#[test]
fn backlogged_channels_share_by_weight() {
    let profile = AssociationProfile::chromium().with_priorities();
    for size in [1_000, 16_384] {
        let shares = delivered(&profile, &PRIORITIES, &[size; 4]);
        shares_follow(&shares, &[1.0, 2.0, 4.0, 8.0], &format!("{size} B"));
    }
    // By bytes, whatever the messages.
    let shares = delivered(&profile, &[Priority::Low, Priority::Low, Priority::High], &[1_000, 16_384, 700]);
    shares_follow(&shares, &[1.0, 1.0, 4.0], "sizes differ");
}

/// Weighted max-min: who wants less than its share gets what it wants, and the others the rest by weight.
#[test]
fn what_a_channel_leaves_goes_to_the_others_by_weight() {
    let profile = AssociationProfile::chromium().with_priorities();
    // 1 Mbit/s, where the weight would give more than half of ten.
    let (shares, unsent_most) = delivered_of(&profile, &PRIORITIES, &[1_000; 4], Some(8));
    assert!(unsent_most <= 3_000, "what it has goes out with the window's next packets: {unsent_most} B waited");
    let rest: f64 = shares[..3].iter().sum();
    for (bytes, weight) in shares.iter().zip([1.0, 2.0, 4.0]) {
        assert!((bytes / (rest * weight / 7.0) - 1.0).abs() < 0.1, "{shares:?}");
    }
    assert!((rest + shares[3]) * 8.0 / 16.0 > 8.5e6, "the bottleneck is full: {shares:?}");
}

/// Without interleaving dcSCTP lets streams take turns, and `rtc-sctp` and pion look at order alone.
#[test]
fn profiles_as_they_are_do_not_look_at_priorities() {
    for profile in [AssociationProfile::chromium(), AssociationProfile::firefox()] {
        shares_follow(&delivered(&profile, &PRIORITIES, &[1_000; 4]), &[1.0; 4], "in turns");
    }
}
