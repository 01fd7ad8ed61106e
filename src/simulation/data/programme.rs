//! Who publishes what, when and for whom: what every driver of the applications goes by.

use super::timetable::{Schedule, Timetable};
use crate::overlay::audience::ALL;
use crate::overlay::workload::{Channel, Flow, Part, Role};
use crate::scenario::Settings;
use crate::simulation::data::messages::event::FLOWS_MAX;
use crate::simulation::prepared::{Prepared, each_once};
use crate::units::{ByteCount, SimDuration, SimTime};

/// The channel of control messages.
pub(crate) const CONTROL_CHANNEL: Channel = Channel::Reliable;

/// All messages of a replication before the first is sent.
#[derive(Clone, Debug)]
pub(crate) struct Programme {
    // Those of workloads, then those of control messages.
    all: Vec<PlannedFlow>,
    // Where those begin: two of each size, without and within the measured window.
    first_control: u32,
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
    pub(crate) part: Part,
    pub(crate) schedule: Schedule,
}

impl PlannedFlow {
    // Of control messages of this size, which have no source and are for nobody but their receiver.
    const fn control(size: u32, workload: u16, schedule: Schedule) -> Self {
        Self {
            source: u32::MAX,
            audience: ALL,
            receivers: 0,
            size,
            workload,
            channel: CONTROL_CHANNEL,
            role: Role::Message,
            part: Part::WHOLE,
            schedule,
        }
    }
}

impl Programme {
    pub(crate) fn new(settings: &Settings, prepared: &Prepared) -> Self {
        let Prepared { streams, world, flows, times, audiences, control_sizes, .. } = prepared;
        let all = flows.len() + 2 * control_sizes.len();
        assert!(all <= FLOWS_MAX, "invariant: scenarios allow no more flows than events can number");
        let ladders: Vec<Vec<ByteCount>> = settings
            .workloads
            .iter()
            .map(|workload| workload.live().map(|live| live.sizes).unwrap_or_default())
            .collect();
        let of_flows = flows.iter().map(|flow| flow.size);
        let all_ladders = ladders.iter().flatten();
        let mut sizes: Vec<ByteCount> = of_flows.chain(all_ladders.chain(control_sizes).copied()).collect();
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
            part: flow.part,
            schedule: timetable.add(flow, times, *streams),
        };
        let mut planned: Vec<PlannedFlow> = flows.iter().map(plan_flow).collect();
        let measure_from = SimTime::ZERO + run.warmup;
        let control = settings.workloads.len() as u16;
        let sent_at = |start: SimTime| Schedule::Periodic { start, period: SimDuration::ZERO };
        for &size in control_sizes {
            planned.extend(
                [SimTime::ZERO, measure_from].map(|at| PlannedFlow::control(index(size), control, sent_at(at))),
            );
        }
        let indices = |sizes: &Vec<ByteCount>| sizes.iter().map(|&size| index(size)).collect();
        // Control messages have no levels.
        let levels = ladders.iter().chain([&Vec::new()]).map(indices).collect();
        Self {
            first_control: flows.len() as u32,
            all: planned,
            levels,
            timetable,
            sizes,
            measure_from,
            horizon: SimTime::ZERO + run.duration + run.drain,
        }
    }

    /// The flows of workloads.
    pub(crate) fn flows(&self) -> &[PlannedFlow] {
        &self.all[..self.first_control as usize]
    }

    /// Those, and the flows of control messages.
    pub(crate) fn all_flows(&self) -> &[PlannedFlow] {
        &self.all
    }

    /// A flow, of a workload or of control messages.
    #[inline]
    pub(crate) fn planned(&self, flow: u32) -> &PlannedFlow {
        &self.all[flow as usize]
    }

    /// The flow of control messages that are sent now and have this of the rule's sizes.
    pub(crate) fn control_flow(&self, size: u8, now: SimTime) -> u32 {
        let is_measured = now >= self.measure_from && now < self.timetable.end();
        self.first_control + 2 * u32::from(size) + u32::from(is_measured)
    }

    /// Whether some messages are sent in chunks.
    pub(crate) fn has_chunks(&self) -> bool {
        self.flows().iter().any(|flow| flow.part.is_chunk())
    }

    /// Whether a flow is one of control messages.
    #[inline]
    pub(crate) fn is_control(&self, flow: u32) -> bool {
        flow >= self.first_control
    }

    /// When the source of a flow publishes message `number` by itself, if it does.
    pub(crate) fn publication(&self, flow: u32, number: u32) -> Option<SimTime> {
        let planned = &self.all[flow as usize];
        // Responses come when requests do.
        if planned.role == Role::Response { None } else { self.timetable.publication(planned.schedule, number) }
    }

    /// When a message was published; a response counts as published when its request was.
    #[inline]
    pub(crate) fn published(&self, flow: u32, number: u32) -> SimTime {
        self.timetable.published(self.all[flow as usize].schedule, number)
    }

    /// Whether a message is published in the measured window.
    #[inline]
    pub(crate) fn is_measured(&self, flow: u32, number: u32) -> bool {
        self.published(flow, number) >= self.measure_from
    }

    /// The first message of every flow that publishes by itself: flow and time.
    pub(crate) fn first_publications(&self) -> impl Iterator<Item = (u32, SimTime)> {
        (0..self.first_control).filter_map(|flow| Some((flow, self.publication(flow, 0)?)))
    }

    /// The peers that publish, each once, by number.
    pub(crate) fn sources(&self) -> Vec<u32> {
        self.sources_of(|_| true)
    }

    /// Those that publish such flows.
    pub(crate) fn sources_of(&self, such: impl Fn(&PlannedFlow) -> bool) -> Vec<u32> {
        each_once(self.flows().iter().filter(|flow| such(flow)).map(|flow| flow.source))
    }
}
