//! Who publishes what, when and for whom: what every driver of the applications goes by.

use super::timetable::{Schedule, Timetable};
use crate::overlay::workload::{Channel, Flow, Role};
use crate::scenario::Settings;
use crate::simulation::data::messages::event::FLOWS_MAX;
use crate::simulation::prepared::{Prepared, each_once};
use crate::units::{ByteCount, SimTime};

/// All messages of a replication before the first is sent.
#[derive(Clone, Debug)]
pub(crate) struct Programme {
    pub(crate) flows: Vec<PlannedFlow>,
    pub(crate) timetable: Timetable,
    /// Distinct message sizes, in order.
    pub(crate) sizes: Vec<ByteCount>,
    /// Of each workload, the sizes of its levels; none if it has no levels.
    pub(crate) levels: Vec<Vec<u32>>,
    /// Messages published from here on are measured.
    pub(crate) measure_from: SimTime,
    /// Nothing happens after this time.
    pub(crate) horizon: SimTime,
}

/// A flow with its size and times looked up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlannedFlow {
    pub(crate) source: u32,
    pub(crate) audience: u32,
    /// For how many peers a message is.
    pub(crate) receivers: u32,
    pub(crate) size: u32,
    /// Its place in the scenario.
    pub(crate) workload: u16,
    pub(crate) channel: Channel,
    pub(crate) role: Role,
    pub(crate) schedule: Schedule,
}

impl Programme {
    pub(crate) fn new(settings: &Settings, prepared: &Prepared) -> Self {
        let Prepared { streams, world, flows, times, audiences, .. } = prepared;
        assert!(flows.len() <= FLOWS_MAX, "invariant: scenarios allow no more flows than events can number");
        let ladders: Vec<Vec<ByteCount>> = settings
            .workloads
            .iter()
            .map(|workload| workload.live().map(|live| live.sizes).unwrap_or_default())
            .collect();
        let of_flows = flows.iter().map(|flow| flow.size);
        let mut sizes: Vec<ByteCount> = of_flows.chain(ladders.iter().flatten().copied()).collect();
        sizes.sort_unstable();
        sizes.dedup();
        let run = &settings.run;
        let mut timetable = Timetable::new(SimTime::ZERO + run.duration);
        let index = |wanted: ByteCount| sizes.partition_point(|&size| size < wanted) as u32;
        let plan_flow = |flow: &Flow| PlannedFlow {
            source: flow.source,
            audience: flow.audience,
            receivers: audiences.receivers(flow.audience, flow.source, world.peers()),
            size: index(flow.size),
            workload: flow.workload(),
            channel: flow.channel,
            role: flow.role,
            schedule: timetable.add(flow, times, *streams),
        };
        let levels = ladders.iter().map(|sizes| sizes.iter().map(|&size| index(size)).collect()).collect();
        Self {
            flows: flows.iter().map(plan_flow).collect(),
            levels,
            timetable,
            sizes,
            measure_from: SimTime::ZERO + run.warmup,
            horizon: SimTime::ZERO + run.duration + run.drain,
        }
    }

    /// When the source of a flow publishes message `number` by itself, if it does.
    pub(crate) fn publication(&self, flow: u32, number: u32) -> Option<SimTime> {
        let planned = &self.flows[flow as usize];
        // Responses come when requests do.
        if planned.role == Role::Response { None } else { self.timetable.publication(planned.schedule, number) }
    }

    /// When a message was published; a response counts as published when its request was.
    #[inline]
    pub(crate) fn published(&self, flow: u32, number: u32) -> SimTime {
        self.timetable.published(self.flows[flow as usize].schedule, number)
    }

    /// Whether a message is published in the measured window.
    #[inline]
    pub(crate) fn is_measured(&self, flow: u32, number: u32) -> bool {
        self.published(flow, number) >= self.measure_from
    }

    /// The first message of every flow that publishes by itself: flow and time.
    pub(crate) fn first_publications(&self) -> impl Iterator<Item = (u32, SimTime)> {
        (0..self.flows.len() as u32).filter_map(|flow| Some((flow, self.publication(flow, 0)?)))
    }

    /// The peers that publish, each once, by number.
    pub(crate) fn sources(&self) -> Vec<u32> {
        self.sources_of(|_| true)
    }

    /// Those that publish such flows.
    pub(crate) fn sources_of(&self, such: impl Fn(&PlannedFlow) -> bool) -> Vec<u32> {
        each_once(self.flows.iter().filter(|flow| such(flow)).map(|flow| flow.source))
    }
}
