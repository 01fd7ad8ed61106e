//! What a replication begins with: the world, who publishes what to whom, and the overlay.

use super::error::SimulationError;
use crate::overlay::Overlay;
use crate::overlay::audience::{ALL, Audiences};
use crate::overlay::dissemination::{Demand, Dissemination, Load, Traffic};
use crate::overlay::topology::BuildContext;
use crate::overlay::workload::{Arrivals, Flow, Role};
use crate::rng::{Domain, Streams};
use crate::scenario::{Cell, Settings};
use crate::units::{ByteCount, SimDuration, SimTime};
use crate::world::{World, WorldSpec};

/// What a replication begins with, whatever runs it: the same peers, flows and overlay.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) streams: Streams,
    pub(crate) world: World,
    pub(crate) flows: Vec<Flow>,
    /// The times that flows name.
    pub(crate) times: Vec<Vec<SimTime>>,
    pub(crate) overlay: Overlay,
    pub(crate) audiences: Audiences,
    /// How much the rule has nodes send.
    pub(crate) load: Box<dyn Load>,
    /// Whether it brings every message once.
    pub(crate) exactly_once: bool,
    /// How long its control messages are.
    pub(crate) control_sizes: Vec<ByteCount>,
}

impl Prepared {
    /// A replication whose nodes pass messages on by this rule.
    pub(crate) fn new<D: Dissemination>(cell: &Cell, streams: Streams, rule: D) -> Result<Self, SimulationError> {
        let Drawn { world, flows, times, overlay, audiences } = Drawn::of(cell, streams)?;
        if D::EXACTLY_ONCE && overlay.has_ring() {
            return Err(SimulationError::Ring { topology: cell.topology.label() });
        }
        if D::NEEDS_STRIPES && overlay.stripes() == 0 && overlay.connections() > 0 {
            return Err(SimulationError::NoStripes { topology: cell.topology.label() });
        }
        let audiences = Audiences::new(&overlay, &audiences);
        Ok(Self {
            streams,
            world,
            flows,
            times,
            overlay,
            audiences,
            control_sizes: rule.control_sizes(),
            load: Box::new(rule),
            exactly_once: D::EXACTLY_ONCE,
        })
    }

    /// Of every node what it sends and what comes to it a second, if a message of a flow counts `each`, over so many
    /// open connections.
    pub(crate) fn traffic(&self, degrees: &[u32], each: impl Fn(&Flow) -> f64) -> Vec<Traffic> {
        let Self { overlay, audiences, flows, .. } = self;
        self.load.load(Demand { overlay, audiences, flows, degrees, each: &each })
    }
}

/// What a replication draws and builds before anything happens.
#[derive(Debug)]
pub(super) struct Drawn {
    pub(super) world: World,
    flows: Vec<Flow>,
    times: Vec<Vec<SimTime>>,
    pub(super) overlay: Overlay,
    audiences: Vec<Vec<u32>>,
}

impl Drawn {
    /// Of a replication of this cell with these streams.
    pub(super) fn of(cell: &Cell, streams: Streams) -> Result<Self, SimulationError> {
        let settings = &cell.settings;
        let servers = cell.topology.servers(settings.population.peers.get());
        let Crowd { world, flows, times, audiences } = Crowd::of(settings, servers, streams)?;
        let first = central(&flows, &audiences);
        let context = BuildContext {
            world: &world,
            sources: &first,
            flows: &flows,
            audiences: &audiences,
            webrtc: &settings.webrtc,
            dissemination: None,
        };
        let overlay = cell.topology.build(&context, &mut streams.stream(Domain::Topology, 0));
        Ok(Self { world, flows, times, overlay, audiences })
    }
}

/// The peers of a replication and who publishes what to whom, before there is an overlay.
#[derive(Debug)]
pub(super) struct Crowd {
    pub(super) world: World,
    pub(super) flows: Vec<Flow>,
    /// The times that flows name.
    times: Vec<Vec<SimTime>>,
    /// Those that flows name.
    pub(super) audiences: Vec<Vec<u32>>,
}

impl Crowd {
    /// Of a replication with these settings and streams, and so many servers beside the peers.
    pub(super) fn of(settings: &Settings, servers: u32, streams: Streams) -> Result<Self, SimulationError> {
        let world = WorldSpec {
            population: &settings.population,
            latency: &settings.latency,
            webrtc: &settings.webrtc,
            servers,
        }
        .generate(streams)?;
        let (mut flows, mut audiences, mut times) = (Vec::new(), Vec::new(), Vec::new());
        let end = SimTime::ZERO + settings.run.duration;
        for (workload, nth) in settings.workloads.iter().zip(0..) {
            let (first, first_times) = (audiences.len() as u32, times.len() as u32);
            audiences.extend(workload.audiences(&world, streams, nth));
            times.extend(workload.times(streams, nth, end));
            let globally = |flow: Flow| Flow {
                audience: if flow.audience == ALL { ALL } else { first + flow.audience },
                times: flow.times.map(|list| first_times + list),
                period: flow.times.map_or(flow.period, |list| mean_gap(&times[(first_times + list) as usize], end)),
                ..flow
            };
            let chunking = workload.limits().chunking;
            let cut = |flow: Flow| globally(flow).cut(chunking);
            flows.extend(workload.flows(&world, streams, nth).into_iter().flat_map(cut));
        }
        wait_for_timers(&mut flows, settings, &world);
        Ok(Self { world, flows, times, audiences })
    }
}

// Of messages at these times, over a run that ends then; all of it where there is none.
fn mean_gap(times: &[SimTime], end: SimTime) -> SimDuration {
    SimDuration::from_ns((end.as_ns() / times.len().max(1) as u64).max(1))
}

// No peer publishes more often than its engine's timers run. A camera does not wait for them.
fn wait_for_timers(flows: &mut [Flow], settings: &Settings, world: &World) {
    let mut asked = SimDuration::ZERO;
    for flow in flows {
        let is_live = settings.workloads[usize::from(flow.workload())].live().is_some();
        if flow.role == Role::Response {
            flow.period = asked;
        } else if flow.arrivals == Arrivals::Periodic && flow.times.is_none() && !is_live {
            flow.period = flow.period.max(world.class(flow.source).engine.timer_min);
        }
        asked = flow.period;
    }
}

// The peers that a topology puts first, by number: of each workload those that publish, or those that its messages are
// for where they are fewer. Answers do not count.
fn central(flows: &[Flow], audiences: &[Vec<u32>]) -> Vec<u32> {
    let of_workload = |flows: &[Flow]| {
        let asking = || flows.iter().filter(|flow| flow.role != Role::Response);
        let sources = each_once(asking().map(|flow| flow.source));
        if asking().any(|flow| flow.audience == ALL) {
            return sources;
        }
        let members = each_once(asking().flat_map(|flow| &audiences[flow.audience as usize]).copied());
        if members.len() < sources.len() { members } else { sources }
    };
    each_once(flows.chunk_by(|a, b| a.workload() == b.workload()).flat_map(of_workload))
}

/// Peers, each once, by number.
pub(super) fn each_once(sources: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut sources: Vec<u32> = sources.collect();
    sources.sort_unstable();
    sources.dedup();
    sources
}
