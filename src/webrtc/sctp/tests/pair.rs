//! Two ends with nothing between them but a delay and a list of what is lost; every packet is seen.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use crate::net::PacketLink;
use crate::units::{SimDuration, SimTime};
use crate::webrtc::sctp::{Association, AssociationEvent, AssociationProfile, ChannelSpec, Chunk, Outbox, SendError};

/// What comes at a time, in the order of being put there.
type Due = Reverse<(SimTime, u64, usize, Vec<RawChunk>)>;

/// Chunks are not ordered, so they ride behind a number that never ties.
#[derive(Clone, Debug)]
struct RawChunk(Chunk);

impl PartialEq for RawChunk {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
impl Eq for RawChunk {}
impl PartialOrd for RawChunk {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for RawChunk {
    fn cmp(&self, _: &Self) -> std::cmp::Ordering {
        std::cmp::Ordering::Equal
    }
}

type Loses = dyn FnMut(usize, &[Chunk]) -> bool;

pub(super) struct Pair {
    pub(super) now: SimTime,
    pub(super) ends: [Association; 2],
    /// Per end: the stream and the word of what it was told, in order.
    pub(super) delivered: [Vec<(u16, u64)>; 2],
    pub(super) abandoned: [Vec<(u16, u64)>; 2],
    pub(super) low: [u32; 2],
    /// Every packet that was sent: when, by whom, what.
    pub(super) log: Vec<(SimTime, usize, Vec<Chunk>)>,
    pub(super) delay: SimDuration,
    /// Says of each packet whether it is lost.
    pub(super) loses: Box<Loses>,
    /// What the packets of end 0 go through before the delay, if anything.
    pub(super) link: Option<PacketLink>,
    pending: BinaryHeap<Due>,
    sequence: u64,
}

impl Pair {
    pub(super) fn new(profiles: [&AssociationProfile; 2], channels: &[ChannelSpec]) -> Self {
        let end = |own: usize| {
            let mut end = Association::new(SimTime::ZERO, &Arc::new(profiles[own].clone()), profiles[1 - own], 22);
            channels.iter().for_each(|&channel| assert!(usize::from(end.open(channel)) < channels.len()));
            end
        };
        Self {
            now: SimTime::ZERO,
            ends: [end(0), end(1)],
            delivered: Default::default(),
            abandoned: Default::default(),
            low: [0; 2],
            log: Vec::new(),
            delay: SimDuration::from_ms(25),
            loses: Box::new(|_, _| false),
            link: None,
            pending: BinaryHeap::new(),
            sequence: 0,
        }
    }

    pub(super) fn same(profile: &AssociationProfile, channels: &[ChannelSpec]) -> Self {
        Self::new([profile, profile], channels)
    }

    pub(super) fn send(&mut self, end: usize, stream: u16, message: u64, len: u32) -> Result<(), SendError> {
        let mut out = Outbox::default();
        let result = self.ends[end].send(self.now, stream, message, len, &mut out);
        self.take(end, &out);
        result
    }

    /// Lets all happen that is due up to `limit`.
    pub(super) fn run_until(&mut self, limit: SimTime) {
        loop {
            let arrival = self.pending.peek().map_or(SimTime::MAX, |Reverse((at, ..))| *at);
            let wakes = [0, 1].map(|end| self.ends[end].next_wake().unwrap_or(SimTime::MAX));
            let next = arrival.min(wakes[0]).min(wakes[1]);
            if next > limit {
                break;
            }
            assert!(next >= self.now, "time goes back");
            self.now = next;
            let mut out = Outbox::default();
            if arrival == next {
                let Reverse((_, _, end, chunks)) = self.pending.pop().expect("there is one");
                let chunks: Vec<Chunk> = chunks.into_iter().map(|raw| raw.0).collect();
                self.ends[end].receive(self.now, &chunks, &mut out);
                self.take(end, &out);
            } else {
                let end = usize::from(wakes[1] == next && wakes[0] != next);
                self.ends[end].wake(self.now, &mut out);
                self.take(end, &out);
            }
            for end in &self.ends {
                assert!(end.congestion().window >= 1_188, "{:?}", end.congestion());
            }
        }
        self.now = limit;
    }

    pub(super) fn run_for(&mut self, time: SimDuration) {
        self.run_until(self.now + time);
    }

    fn take(&mut self, end: usize, out: &Outbox) {
        for packet in out.packets() {
            let sizes: u32 = packet.chunks.iter().map(Chunk::bytes).sum();
            assert_eq!(packet.bytes.get(), u64::from(sizes) + 12 + 22 + 28);
            self.log.push((self.now, end, packet.chunks.to_vec()));
            if !(self.loses)(end, packet.chunks) {
                let chunks = packet.chunks.iter().map(|&chunk| RawChunk(chunk)).collect();
                let link = self.link.as_mut().filter(|_| end == 0);
                let Ok(left) = link.map_or(Ok(self.now), |link| link.send(self.now, packet.bytes)) else { continue };
                self.pending.push(Reverse((left + self.delay, self.sequence, 1 - end, chunks)));
                self.sequence += 1;
            }
        }
        for &event in out.events() {
            match event {
                AssociationEvent::Delivered { stream, message, .. } => self.delivered[end].push((stream, message)),
                AssociationEvent::Abandoned { stream, message } => self.abandoned[end].push((stream, message)),
                AssociationEvent::BufferedLow { .. } => self.low[end] += 1,
            }
        }
    }
}

pub(super) fn profiles() -> [AssociationProfile; 5] {
    [
        AssociationProfile::chromium(),
        AssociationProfile::webrtc_rs(),
        AssociationProfile::pion(),
        AssociationProfile::firefox(),
        AssociationProfile::libdatachannel(),
    ]
}
