//! From the state at the end of a replication to what it observed.

use super::doubt;
use super::observed::{ConnectionCounts, Observed, Window};
use super::outcome::{Outcome, Uncounted, serialisation_ns};
use super::upkeep;
use super::ways::Ways;
use crate::metrics::{RunCounts, RunRecord};
use crate::rng::Seed;
use crate::scenario::Settings;
use crate::simulation::control::budget::Fallen;
use crate::simulation::data::bulk::Distributed;
use crate::simulation::data::costs::cpu_percent;
use crate::simulation::data::loads::LinkLoad;
use crate::simulation::servers::Servers;
use crate::units::{SimDuration, SimTime};
use crate::world::World;

/// What a replication knows beside its messages.
pub(in crate::simulation) struct Beside {
    /// Peers that failed.
    pub(in crate::simulation) fallen: Option<Fallen>,
    /// What came of contents that spread in pieces.
    pub(in crate::simulation) distributed: Option<Distributed>,
    /// The ways of messages through the overlay.
    pub(in crate::simulation) ways: Ways,
    /// Events of the messages.
    pub(in crate::simulation) events: u64,
}

/// Sums up a replication that has ended.
pub(in crate::simulation) fn record(seed: Seed, settings: &Settings, outcome: Outcome, beside: Beside) -> RunRecord {
    let Beside { fallen, distributed, ways, events } = beside;
    let distributed = distributed.as_ref();
    let window = settings.run.duration - settings.run.warmup;
    let percent = |work_ns: u64| 100.0 * SimDuration::from_ns(work_ns).as_secs_f64() / window.as_secs_f64();
    let end = SimTime::ZERO + settings.run.duration;
    let mut packets = upkeep::packets(&outcome.plan, &outcome.overlay, &outcome.audiences, end);
    packets.add(&outcome.seen.control_packets);
    let Outcome {
        world,
        connected,
        plan,
        mut servers,
        mut seen,
        relays,
        experience,
        uncounted,
        held_back,
        unsent_bytes,
        ..
    } = outcome;
    let (fullest, dropping) = (seen.full.fullest(), seen.dropped.fullest());
    if let Some(distributed) = distributed {
        add(distributed, &world, &mut servers, &mut seen.window);
        seen.counts.messages += u64::from(distributed.wanted > 0);
        seen.counts.deliveries += distributed.times.len() as u64;
    }
    let delivered = match uncounted {
        Uncounted::All => seen.latency.count() as f64 / (seen.window.wanted.max(1)) as f64,
        Uncounted::KeepAlives => 0.0,
    };
    for (node, bytes) in (0..).zip(upkeep::bytes(&world, settings, &connected, &packets, delivered)) {
        book_sent(&world, node, bytes, &mut servers[node as usize], &mut seen.window);
    }
    let events = events + distributed.map_or(0, |distributed| distributed.events);
    let cpu = |(servers, &idle): (&Servers, &f32)| cpu_percent(percent(servers.cpu_work), idle);
    let mut observed = Observed {
        world: &world,
        growth: seen.trend.growth(&seen.latency),
        latency: seen.latency,
        counts: RunCounts { events, ..seen.counts },
        responses: seen.responses,
        fates: seen.fates,
        unsent_bytes,
        window: seen.window,
        last_hops: seen.last_hops.mean(),
        uplink_percent: servers.iter().map(|servers| percent(servers.up_work)).collect(),
        downlink_percent: servers.iter().map(|servers| percent(servers.down_work)).collect(),
        cpu_percent: servers.iter().zip(&plan.idle_share).map(cpu).collect(),
        idle_share: &plan.idle_share,
        degrees: &connected.degrees,
        connections: ConnectionCounts {
            wanted: connected.wanted,
            relayed: connected.relayed,
            impossible: connected.impossible,
            standby: [connected.standby_wanted, connected.tally.standby_impossible],
        },
        turn_allocations: connected.allocations,
        forwarded: relays.forwarded,
        window_length: window,
        why_impossible: "cannot be opened without a TURN server",
        connected_at: connected.connected_at,
        connecting: Some(&connected.tally),
        fallen,
        publishes: !plan.programme.flows().is_empty(),
        distributed,
        experience: &experience,
        ways: Some(ways),
    };
    let uplink = (0_u32..).zip(observed.uplink_percent.iter().copied()).reduce(|a, b| if b.1 > a.1 { b } else { a });
    let both =
        |(node, load): &(u32, LinkLoad)| [(*node, "uplink", load.up.all()), (*node, "downlink", load.down.all())];
    let asked = plan.busy.iter().flat_map(both).reduce(|a, b| if b.2 > a.2 { b } else { a });
    let doubts = doubt::doubts(settings, &world, &doubt::Doubtful { held_back, uplink, asked, fullest, dropping });
    // Windows are known roughly where messages are followed: whether they hold more and more back, packets say.
    if doubts.iter().any(|doubt| doubt.kind == "window") {
        observed.growth = None;
    }
    RunRecord { doubts, ..observed.record(seed, settings) }
}

// What distributions asked of links and CPUs.
fn add(distributed: &Distributed, world: &World, servers: &mut [Servers], window: &mut Window) {
    let asked = distributed.sent_bytes.iter().zip(&distributed.received_bytes).zip(&distributed.cpu_ns);
    for (servers, (((&bytes, &received), &cpu_ns), node)) in servers.iter_mut().zip(asked.zip(0..)) {
        servers.cpu_work = servers.cpu_work.saturating_add(cpu_ns);
        let down_ns = serialisation_ns(world.rates(node).down, received);
        servers.down_work = servers.down_work.saturating_add(down_ns);
        book_sent(world, node, bytes, servers, window);
    }
}

// What a node has sent beside messages.
fn book_sent(world: &World, node: u32, bytes: u64, servers: &mut Servers, window: &mut Window) {
    servers.up_work = servers.up_work.saturating_add(serialisation_ns(world.rates(node).up, bytes));
    window.sent_bytes = window.sent_bytes.saturating_add(bytes);
    window.server_bytes = window.server_bytes.saturating_add(if node < world.peers() { 0 } else { bytes });
}
