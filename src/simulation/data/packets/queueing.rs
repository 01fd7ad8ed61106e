//! Queueing delay: how long a copy waits at its sender, from when it is handed to the association until its
//! first packet begins to leave the uplink. Congestion and flow control, the turns of streams and the uplink's
//! queue are in it; the CPU before and serialisation after are not.

use std::collections::BTreeMap;

use super::message::PacketMessage;
use crate::metrics::LatencyHistogram;
use crate::scenario::Settings;
use crate::simulation::account::experience::Waits;
use crate::simulation::data::plan::Plan;
use crate::units::SimTime;
use crate::webrtc::sctp::{Chunk, Priority};

/// The waits of a replication, by class of traffic.
#[derive(Debug)]
pub(super) struct Queueing {
    // The copy that was handed over last, with its sending end and the word for it: mostly it leaves at once.
    latest: Option<(u32, u64, SimTime)>,
    // Since when the others wait of which nothing has left.
    waiting: BTreeMap<(u32, u64), SimTime>,
    // The class of each flow.
    classes: Vec<Class>,
    by_priority: [LatencyHistogram; Priority::ALL.len()],
    control: LatencyHistogram,
    live: LatencyHistogram,
}

#[derive(Clone, Copy, Debug)]
struct Class {
    priority: Priority,
    // Whether it is a live stream; none where no workload is one.
    is_live: Option<bool>,
}

impl Queueing {
    pub(super) fn new(settings: &Settings, plan: &Plan) -> Self {
        let workloads = &settings.workloads;
        let has_live = workloads.iter().any(|workload| workload.live().is_some());
        let class = |workload: u16| {
            let is_live = || workloads.get(usize::from(workload)).is_some_and(|workload| workload.live().is_some());
            Class { priority: settings.service(workload).priority, is_live: has_live.then(is_live) }
        };
        Self {
            latest: None,
            waiting: BTreeMap::new(),
            classes: plan.programme.all_flows().iter().map(|flow| class(flow.workload)).collect(),
            by_priority: Default::default(),
            control: LatencyHistogram::default(),
            live: LatencyHistogram::default(),
        }
    }

    /// A copy is handed to the association of an end.
    #[inline(always)]
    pub(super) fn handed_over(&mut self, now: SimTime, end: u32, word: u64) {
        if let Some((end, word, since)) = self.latest.replace((end, word, now)) {
            self.waiting.insert((end, word), since);
        }
    }

    /// A packet of an end begins to leave its uplink.
    pub(super) fn leaves(&mut self, begun: SimTime, end: u32, packet: &[Chunk]) {
        for chunk in packet {
            let Chunk::Data(data) = chunk else { continue };
            // What is repeated has left before, or was dropped and waits still.
            if let Some(since) = data.flags.begins().then(|| self.take(end, data.message)).flatten() {
                let class = self.classes[PacketMessage::of_word(data.message).flow as usize];
                let wait = begun.since(since);
                self.by_priority[class.priority as usize].record(wait);
                match class.is_live {
                    Some(true) => self.live.record(wait),
                    Some(false) => self.control.record(wait),
                    None => {}
                }
            }
        }
    }

    /// An end has given a copy up; of what never leaves there is no wait.
    pub(super) fn given_up(&mut self, end: u32, word: u64) {
        self.take(end, word);
    }

    fn take(&mut self, end: u32, word: u64) -> Option<SimTime> {
        match self.latest {
            Some((of_end, of_word, since)) if (of_end, of_word) == (end, word) => {
                self.latest = None;
                Some(since)
            }
            _ if self.waiting.is_empty() => None,
            _ => self.waiting.remove(&(end, word)),
        }
    }

    /// What the copies of the measured window waited.
    pub(super) fn waits(&self) -> Waits {
        let p95 = |waits: &LatencyHistogram| waits.quantile(0.95);
        Waits { by_priority: self.by_priority.each_ref().map(p95), control: p95(&self.control), live: p95(&self.live) }
    }
}
