//! Live streams: which bitrate each sender chooses, and what its receivers see of it.

use std::collections::{BTreeMap, VecDeque};

use super::message::PacketMessage;
use crate::overlay::workload::Live;
use crate::overlay::workload::adaptation::{Adaptation, Observation};
use crate::scenario::Settings;
use crate::simulation::account::experience::Viewed;
use crate::simulation::data::plan::Plan;
use crate::units::{Bitrate, ByteCount, SimDuration, SimTime};

/// The live streams of a replication.
#[derive(Debug)]
pub(super) struct Quality {
    // By workload.
    lives: Vec<Option<Live>>,
    has_live: bool,
    // By sending end and flow.
    hops: BTreeMap<(u32, u32), Hop>,
    // By receiver and flow: the level of each chunk that came in time, by number.
    played: BTreeMap<(u32, u32), Vec<u8>>,
}

/// A stream on one connection, as its sender sees it.
#[derive(Debug)]
struct Hop {
    adaptation: Adaptation,
    // Chunks under way: their numbers, and when they were handed over.
    sent: VecDeque<(u32, SimTime)>,
    // What the receiver tells: when it is known here, and how long a chunk took.
    told: VecDeque<(SimTime, SimDuration)>,
}

/// No chunk in time.
const MISSED: u8 = u8::MAX;
/// A sender begins with the highest bitrate of at most this: the start of libwebrtc's bandwidth estimation.
const START: Bitrate = Bitrate::from_bps(300_000);

impl Quality {
    pub(super) fn new(settings: &Settings) -> Self {
        let lives: Vec<_> = settings.workloads.iter().map(|workload| workload.live()).collect();
        Self { has_live: lives.iter().any(Option::is_some), lives, hops: BTreeMap::new(), played: BTreeMap::new() }
    }

    /// The highest level of a workload's streams; 0 if they have but one.
    pub(super) fn highest(&self, workload: u16) -> u8 {
        self.live(workload).map_or(0, |live| live.sizes.len().saturating_sub(1) as u8)
    }

    /// Whether a workload's messages are no part of a live stream, where there is one.
    pub(super) fn is_beside_live(&self, workload: u16) -> bool {
        self.has_live && self.live(workload).is_none()
    }

    /// Whether senders of this workload change their level.
    pub(super) fn adapts(&self, workload: u16) -> bool {
        self.live(workload).is_some_and(|live| live.adaptation.is_some())
    }

    /// The level at which an end sends the next chunk, of which it has `available`, while so much is buffered and not
    /// sent.
    pub(super) fn choose(
        &mut self,
        now: SimTime,
        (end, flow, workload): (u32, u32, u16),
        available: u8,
        buffered: ByteCount,
    ) -> u8 {
        let Some((live, spec)) =
            self.lives[usize::from(workload)].as_ref().and_then(|live| Some((live, live.adaptation?)))
        else {
            return available;
        };
        let hop = self.hops.entry((end, flow)).or_insert_with(|| {
            let start = live.ladder.iter().rposition(|&rate| rate <= START).unwrap_or(0) as u16;
            let adaptation = Adaptation::new(spec, live.ladder.clone(), start);
            Hop { adaptation, sent: VecDeque::new(), told: VecDeque::new() }
        });
        let mut delay = None;
        while let Some(&(_, told)) = hop.told.front().filter(|(at, _)| *at <= now) {
            delay = Some(told);
            hop.told.pop_front();
        }
        hop.adaptation.observe(now, &Observation { buffered, delay, available: u16::from(available) }) as u8
    }

    /// A chunk has been handed over.
    pub(super) fn sent(&mut self, now: SimTime, end: u32, flow: u32, number: u32) {
        if let Some(hop) = self.hops.get_mut(&(end, flow)) {
            hop.sent.push_back((number, now));
        }
    }

    /// A chunk that `end` sent has arrived; the sender hears of it after `back`.
    pub(super) fn arrived(&mut self, now: SimTime, end: u32, flow: u32, number: u32, back: SimDuration) {
        let Some(hop) = self.hops.get_mut(&(end, flow)) else { return };
        if let Some(place) = hop.sent.iter().position(|&(sent, _)| sent == number) {
            // Those before it are lost or late; they say nothing.
            let (_, since) = hop.sent.drain(..=place).next_back().expect("invariant: it is there");
            hop.told.push_back((now + back, now.since(since)));
        }
    }

    /// A chunk has reached the application of a receiver.
    #[inline(always)]
    pub(super) fn delivered(&mut self, receiver: u32, message: PacketMessage, workload: u16, latency: SimDuration) {
        if self.live(workload).is_none_or(|live| latency > live.playout) {
            return;
        }
        let (levels, number) = (self.played.entry((receiver, message.flow)).or_default(), message.number as usize);
        if levels.len() <= number {
            levels.resize(number + 1, MISSED);
        }
        levels[number] = message.level;
    }

    fn live(&self, workload: u16) -> Option<&Live> {
        self.lives.get(usize::from(workload)).and_then(Option::as_ref)
    }

    /// What each of the peers `0..peers` saw in the measured window; empty without live streams.
    pub(super) fn viewed(&self, plan: &Plan, peers: u32, until: SimTime) -> Vec<Viewed> {
        let flows: Vec<u32> = (0..)
            .zip(plan.programme.flows())
            .filter(|(_, flow)| self.live(flow.workload).is_some())
            .map(|(flow, _)| flow)
            .collect();
        if flows.is_empty() {
            return Vec::new();
        }
        let receivers =
            (0..peers).filter(|peer| flows.iter().any(|&flow| plan.programme.planned(flow).source != *peer));
        receivers.map(|peer| self.viewed_by(plan, &flows, peer, until)).collect()
    }

    fn viewed_by(&self, plan: &Plan, flows: &[u32], peer: u32, until: SimTime) -> Viewed {
        let window_s = until.since(plan.programme.measure_from).as_secs_f64();
        let (mut wanted, mut missed, mut stalls, mut switches, mut bytes) = (0_u64, 0_u64, 0_u64, 0_u64, 0_u64);
        for &flow in flows.iter().filter(|&&flow| plan.programme.planned(flow).source != peer) {
            let planned = plan.programme.planned(flow);
            let Some(live) = self.live(planned.workload) else { continue };
            let first = plan.programme.timetable.count(planned.schedule, SimTime::ZERO, plan.programme.measure_from);
            let count = plan.programme.timetable.count(planned.schedule, plan.programme.measure_from, until);
            let levels = self.played.get(&(peer, flow)).map_or(&[][..], Vec::as_slice);
            let (mut last, mut before) = (MISSED, None);
            for number in first..first + count {
                let level = levels.get(number as usize).copied().unwrap_or(MISSED);
                if level == MISSED {
                    missed += 1;
                    stalls += u64::from(before != Some(MISSED));
                } else {
                    bytes += live.sizes[usize::from(level)].get();
                    switches += u64::from(last != MISSED && last != level);
                    last = level;
                }
                before = Some(level);
            }
            wanted += count;
        }
        // Of a stream: sources receive one less than the others.
        let streams = flows.iter().filter(|&&flow| plan.programme.planned(flow).source != peer).count() as f64;
        let per_min = |count: u64| count as f64 * 60.0 / window_s / streams;
        Viewed {
            goodput_bps: bytes as f64 * 8.0 / window_s / streams,
            missed: missed as f64 / wanted.max(1) as f64,
            stalls_per_min: per_min(stalls),
            switches_per_min: per_min(switches),
        }
    }
}
