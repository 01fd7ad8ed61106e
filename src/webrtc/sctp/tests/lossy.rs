//! What must hold whatever is lost, for every profile and every pair of them.

use proptest::prelude::*;

use super::pair::{Pair, profiles};
use crate::units::SimDuration;
use crate::webrtc::sctp::{ChannelSpec, Priority, Reliability};

const CHANNELS: [ChannelSpec; 5] = [
    spec(false, Reliability::Reliable),
    spec(true, Reliability::Reliable),
    spec(true, Reliability::Retransmits(0)),
    spec(false, Reliability::Retransmits(1)),
    spec(false, Reliability::Lifetime(SimDuration::from_ms(120))),
];

const fn spec(unordered: bool, reliability: Reliability) -> ChannelSpec {
    ChannelSpec { unordered, reliability, priority: Priority::Low, buffered_low: None }
}

/// A message: stream, bytes, pause before it in ms, sender.
type Sent = (u16, u32, u64, bool);

fn messages() -> impl Strategy<Value = Vec<Sent>> {
    let len = prop_oneof![1..80_u32, 80..3_000_u32, 3_000..60_000_u32];
    let pause = prop_oneof![3 => Just(0_u64), 1 => 0..300_u64];
    prop::collection::vec((0..CHANNELS.len() as u16, len, pause, any::<bool>()), 1..60)
}

fn play(sent: &[Sent], which: (usize, usize), loss: f64, seed: u64) -> Pair {
    let profiles = profiles();
    let mut pair = Pair::new([&profiles[which.0], &profiles[which.1]], &CHANNELS);
    let mut state = seed | 1;
    pair.loses = Box::new(move |_, _| {
        // xorshift: no stream of the crate's, and no generator that a release may change.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64 <= loss
    });
    for (&(stream, len, pause, back), id) in sent.iter().zip(0..) {
        pair.run_for(SimDuration::from_ms(pause));
        pair.send(usize::from(back), stream, id, len).expect("it fits");
    }
    pair.run_for(SimDuration::from_secs(20));
    pair.loses = Box::new(|_, _| false);
    pair.run_for(SimDuration::from_secs(400));
    pair
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn every_message_is_delivered_once_or_given_up_as_its_channel_says(
        sent in messages(),
        which in (0..5_usize, 0..5_usize),
        loss in prop_oneof![Just(0.0), 0.0..0.05, 0.0..0.4],
        seed in any::<u64>(),
    ) {
        let pair = play(&sent, which, loss, seed);
        for end in 0..2 {
            let mut of_stream = vec![Vec::new(); CHANNELS.len()];
            for &(stream, id) in &pair.delivered[1 - end] {
                of_stream[usize::from(stream)].push(id);
            }
            for (channel, stream) in CHANNELS.iter().zip(0..) {
                let got = &of_stream[usize::from(stream)];
                let mine = |&((_, s), _): &((usize, &Sent), u64)| s.0 == stream && usize::from(s.3) == end;
                let expected: Vec<u64> = sent.iter().enumerate().zip(0..).filter(mine).map(|(_, id)| id).collect();
                let mut sorted = got.clone();
                sorted.sort_unstable();
                prop_assert!(sorted.windows(2).all(|pair| pair[0] < pair[1]), "delivered twice: {:?}", sorted);
                if !channel.unordered {
                    prop_assert_eq!(&sorted, got, "out of order on {}", stream);
                }
                let given_up = |id: &u64| pair.abandoned[end].contains(&(stream, *id));
                // Without losses, too, a channel gives up what takes too long; and what has left in part, at a
                // time-out that comes as soon as an acknowledgement that is held back.
                let must_arrive = |&&id: &&u64| match channel.reliability {
                    Reliability::Reliable => true,
                    Reliability::Lifetime(_) => false,
                    Reliability::Retransmits(0) => loss == 0.0 && sent[id as usize].1 <= 1_000,
                    Reliability::Retransmits(_) => loss == 0.0,
                };
                let missing = |id: &&u64| sorted.binary_search(id).is_err();
                let lost: Vec<&u64> = expected.iter().filter(must_arrive).filter(missing).collect();
                prop_assert!(lost.is_empty(), "stream {} of end {} lost {:?}", stream, end, lost);
                prop_assert!(sorted.iter().all(|id| expected.contains(id)), "{:?} of {:?}", sorted, expected);
                prop_assert!(expected.iter().filter(missing).all(given_up));
            }
            prop_assert!(pair.ends[end].is_idle(), "end {}: {:?}", end, pair.ends[end].congestion());
            prop_assert_eq!(pair.ends[end].congestion().flight, 0);
            prop_assert!((0..5).all(|stream| pair.ends[end].buffered(stream) == 0));
            prop_assert_eq!(pair.ends[end].held_bytes, 0);
        }
    }

    #[test]
    fn the_same_twice_is_the_same(sent in messages(), which in (0..5_usize, 0..5_usize), seed in any::<u64>()) {
        let [first, second] = [(); 2].map(|()| play(&sent, which, 0.1, seed));
        prop_assert_eq!(first.log, second.log);
        prop_assert_eq!(first.delivered, second.delivered);
    }
}
