//! One behaviour each, packet by packet. The way there and back takes 50 ms.

use super::pair::{Pair, profiles};
use crate::units::{SimDuration, SimTime};
use crate::webrtc::sctp::{
    Association, AssociationProfile, ChannelSpec, Chunk, DataChunk, Fragments, Priority, Reliability, SendError,
};

const RELIABLE: ChannelSpec =
    ChannelSpec { unordered: false, reliability: Reliability::Reliable, priority: Priority::Low, buffered_low: None };
const UNORDERED: ChannelSpec = ChannelSpec { unordered: true, ..RELIABLE };
const ONCE: ChannelSpec = ChannelSpec { reliability: Reliability::Retransmits(0), ..UNORDERED };

fn ms(ms: u64) -> SimDuration {
    SimDuration::from_ms(ms)
}

fn data(chunks: &[Chunk]) -> Vec<DataChunk> {
    chunks.iter().filter_map(|chunk| if let Chunk::Data(data) = chunk { Some(*data) } else { None }).collect()
}

/// When each TSN was sent, in ms.
fn sent_at(pair: &Pair, tsn: u32) -> Vec<u64> {
    let has = |chunks: &[Chunk]| data(chunks).iter().any(|data| data.tsn == tsn);
    pair.log.iter().filter(|(_, end, chunks)| *end == 0 && has(chunks)).map(|(at, ..)| at.as_ns() / 1_000_000).collect()
}

fn lose_first(pair: &mut Pair, tsns: Vec<u32>) {
    let mut left = tsns;
    pair.loses = Box::new(move |end, chunks| {
        let hit = |left: &Vec<u32>| left.iter().position(|tsn| data(chunks).iter().any(|data| data.tsn == *tsn));
        let Some(at) = hit(&left).filter(|_| end == 0) else { return false };
        left.remove(at);
        true
    });
}

#[test]
fn sizes_and_queues_have_the_limits_of_the_api() {
    let mut pair = Pair::same(&AssociationProfile::chromium(), &[RELIABLE]);
    assert_eq!(pair.send(0, 0, 1, 262_145), Err(SendError::Size { len: 262_145, most: 262_144 }));
    assert!(pair.send(0, 0, 1, 0).is_err());
    pair.loses = Box::new(|_, _| true);
    let taken = (0..).find(|&id| pair.send(0, 0, id, 262_144).is_err());
    assert_eq!(taken, Some(64), "16 MiB, less what has been sent");
    let peer = AssociationProfile::webrtc_rs();
    let mixed = Pair::new([&AssociationProfile::chromium(), &peer], &[RELIABLE]);
    assert_eq!(mixed.ends[0].message_bytes_max(), 65_536);
}

#[test]
fn a_message_is_cut_into_full_packets_and_small_ones_share_a_packet() {
    for profile in profiles() {
        let payload = profile.payload_max();
        let mut pair = Pair::same(&profile, &[RELIABLE]);
        pair.send(0, 0, 7, 3 * payload + 1).expect("it fits");
        pair.run_for(ms(500));
        let lens: Vec<u32> =
            pair.log.iter().flat_map(|(.., chunks)| data(chunks)).map(|data| data.len.into()).collect();
        assert_eq!(lens, [payload, payload, payload, 1]);
        assert_eq!(pair.delivered[1], [(0, 7)]);
        (0..400).for_each(|id| pair.send(0, 0, id, 64).expect("it fits"));
        pair.run_for(ms(2_000));
        let most = pair.log.iter().map(|(.., chunks)| data(chunks).len()).max().expect("packets were sent");
        // One that fills its packets cuts a message at either end, too.
        let ends = if profile.fragments == Fragments::Filling { 2 } else { 0 };
        let whole = (profile.packet_bytes as usize - 12) / 80;
        // Where a window is filled to the brim, what a SACK of small packets frees makes small packets again.
        let least = if profile.brim_packets == u32::MAX && profile.repair.is_by_window() { 4 } else { whole };
        assert!((least..=whole + ends).contains(&most), "{most}");
    }
}

#[test]
fn a_sack_waits_for_a_second_packet_or_its_time() {
    let mut pair = Pair::same(&AssociationProfile::chromium(), &[RELIABLE]);
    let sacks = |pair: &Pair| -> Vec<u64> {
        pair.log.iter().filter(|(_, end, _)| *end == 1).map(|(at, ..)| at.as_ns() / 1_000_000).collect()
    };
    pair.send(0, 0, 0, 100).expect("it fits");
    pair.run_until(SimTime::ZERO + ms(1_000));
    pair.send(0, 0, 1, 100).expect("it fits");
    pair.run_until(SimTime::ZERO + ms(2_000));
    (2..4).for_each(|id| pair.send(0, 0, id, 100).expect("it fits"));
    pair.run_until(SimTime::ZERO + ms(3_000));
    // The first at once, the second after 200 ms, the two together at once.
    assert_eq!(sacks(&pair), [25, 1_225, 2_025]);
}

#[test]
fn three_reports_of_a_miss_repair_it_within_a_round_trip() {
    for profile in profiles() {
        let mut pair = Pair::same(&profile, &[RELIABLE]);
        lose_first(&mut pair, vec![2]);
        for id in 0..10 {
            pair.send(0, 0, id, 100).expect("it fits");
            pair.run_for(ms(1));
        }
        pair.run_for(ms(3_000));
        // Chunks 3, 4 and 5 report it; 5 was sent at 4 ms.
        let sent = sent_at(&pair, 2);
        assert_eq!(sent[..2], [1, 54], "{profile:?}");
        // dcSCTP takes the reports of chunks that were sent before the repair for a loss of the repair.
        assert!(sent.len() == 2 || profile.repair.is_by_window());
        assert_eq!(pair.delivered[1], (0..10).map(|id| (0, id)).collect::<Vec<_>>());
    }
}

#[test]
fn the_last_of_a_burst_waits_for_the_retransmission_timer() {
    for profile in profiles() {
        let mut pair = Pair::same(&profile, &[RELIABLE]);
        pair.send(0, 0, 0, 100).expect("it fits");
        pair.run_for(ms(5_000));
        lose_first(&mut pair, vec![2]);
        let timeout = pair.ends[0].t3.timeout();
        pair.send(0, 0, 1, 100).expect("it fits");
        pair.run_for(ms(5_000));
        assert_eq!(sent_at(&pair, 2), [5_000, 5_000 + timeout.as_ns() / 1_000_000], "{timeout}");
        assert!(timeout >= profile.rto.min);
    }
}

#[test]
fn an_ordered_stream_waits_for_what_is_missing_and_nobody_else_does() {
    for profile in profiles() {
        let mut pair = Pair::same(&profile, &[RELIABLE, UNORDERED, ONCE]);
        lose_first(&mut pair, vec![1]);
        for (stream, id) in [(0, 1), (0, 2), (1, 3), (2, 4), (1, 5)] {
            pair.send(0, stream, id, 200).expect("it fits");
        }
        pair.run_for(ms(30));
        assert_eq!(pair.delivered[1], [(1, 3), (2, 4), (1, 5)]);
        pair.run_for(ms(3_000));
        assert_eq!(pair.delivered[1][3..], [(0, 1), (0, 2)]);
    }
}

#[test]
fn what_is_sent_once_is_given_up_and_skipped() {
    for profile in profiles() {
        let ordered_once = ChannelSpec { unordered: false, ..ONCE };
        let mut pair = Pair::same(&profile, &[ordered_once, ONCE]);
        // The second of three fragments, and a whole message.
        lose_first(&mut pair, vec![2, 4]);
        pair.send(0, 0, 1, 3 * profile.payload_max()).expect("it fits");
        pair.send(0, 1, 2, 100).expect("it fits");
        (3..12).for_each(|id| pair.send(0, 0, id, 100).expect("it fits"));
        pair.run_for(ms(5_000));
        let mut given_up = pair.abandoned[0].clone();
        given_up.sort_unstable();
        assert_eq!(given_up, [(0, 1), (1, 2)], "{profile:?}");
        assert_eq!(pair.delivered[1], (3..12).map(|id| (0, id)).collect::<Vec<_>>(), "{profile:?}");
        assert!((1..=4).all(|tsn| sent_at(&pair, tsn).len() == 1), "nothing of them is repeated");
        assert!(pair.log.iter().any(|(.., chunks)| chunks.iter().any(|c| matches!(c, Chunk::ForwardTsn { .. }))));
        assert!(pair.ends[0].is_idle() && pair.ends[1].is_idle());
        assert_eq!(pair.ends[1].held_bytes, 0);
    }
}

#[test]
fn a_message_past_its_lifetime_is_not_sent() {
    let lifetime = ChannelSpec { reliability: Reliability::Lifetime(ms(40)), ..UNORDERED };
    for profile in profiles() {
        let mut pair = Pair::same(&profile, &[lifetime]);
        // More than the first window: the rest would leave after a round trip, and is too old by then.
        (0..40).for_each(|id| pair.send(0, 0, id, 1_000).expect("it fits"));
        pair.run_for(ms(3_000));
        let (arrived, given_up) = (pair.delivered[1].len(), pair.abandoned[0].len());
        assert!(arrived >= 3 && given_up > 20, "{arrived} arrived, {given_up} given up");
        assert_eq!(arrived + given_up, 40);
    }
}

#[test]
fn the_receive_window_holds_the_sender_back() {
    for mut profile in profiles() {
        profile.receive_window = 20_000;
        let mut pair = Pair::same(&profile, &[RELIABLE]);
        lose_first(&mut pair, vec![1]);
        (0..60).for_each(|id| pair.send(0, 0, id, 1_000).expect("it fits"));
        pair.run_for(ms(400));
        assert!(pair.ends[1].held_bytes <= 20_000 + 1_200, "{}", pair.ends[1].held_bytes);
        pair.run_for(ms(20_000));
        assert_eq!(pair.delivered[1].len(), 60);
    }
}

#[test]
fn buffered_bytes_are_those_not_sent_or_not_acknowledged() {
    let low = ChannelSpec { buffered_low: Some(0), ..RELIABLE };
    for (profile, buffered) in [(AssociationProfile::chromium(), 0), (AssociationProfile::webrtc_rs(), 1_000)] {
        let mut pair = Pair::same(&profile, &[low]);
        pair.send(0, 0, 0, 1_000).expect("it fits");
        assert_eq!(pair.ends[0].buffered(0), buffered);
        pair.run_for(ms(500));
        assert_eq!((pair.ends[0].buffered(0), pair.low[0]), (0, 1));
    }
}

#[test]
fn an_idle_association_sends_heartbeats_only() {
    for profile in profiles() {
        let mut pair = Pair::same(&profile, &[RELIABLE]);
        pair.send(0, 0, 0, 1_000).expect("it fits");
        pair.run_for(ms(2_000));
        pair.log.clear();
        pair.run_for(SimDuration::from_secs(300));
        let beat = |chunks: &[Chunk]| matches!(chunks, [Chunk::Heartbeat { .. } | Chunk::HeartbeatAck { .. }]);
        assert!(pair.log.iter().all(|(.., chunks)| beat(chunks)));
        // A HEARTBEAT and its answer put the next one off at both ends.
        let least = profile.heartbeat.map_or(0, |interval| 2 * (300_000 / (interval.as_ns() / 1_000_000 + 1_100)));
        assert!(pair.log.len() as u64 >= least, "{} of {least}", pair.log.len());
        assert!(profile.heartbeat.is_some() || pair.log.is_empty());
    }
}

#[test]
fn an_idle_association_is_small() {
    let channel = size_of::<super::super::channel::Channel>();
    assert!(size_of::<Association>() + 2 * channel <= 1_024, "{} + 2 * {channel}", size_of::<Association>());
}
