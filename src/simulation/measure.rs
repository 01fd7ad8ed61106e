//! From the state at the end of a replication to what it observed.

use super::costs::cpu_percent;
use super::flow::{Flows, Servers};
use super::observed::{ConnectionCounts, Observed};
use crate::metrics::{RunCounts, RunRecord};
use crate::rng::Seed;
use crate::scenario::Settings;
use crate::units::SimDuration;

/// Sums up a replication that has ended.
pub(super) fn record(seed: Seed, settings: &Settings, flows: Flows, events: u64) -> RunRecord {
    let window = settings.run.duration - settings.run.warmup;
    let percent = |work_ns: u64| 100.0 * SimDuration::from_ns(work_ns).as_secs_f64() / window.as_secs_f64();
    let cpu = |(servers, &idle): (&Servers, &f32)| cpu_percent(percent(servers.cpu_work), idle);
    let Flows { world, connected, plan, servers, seen, relays, .. } = flows;
    let observed = Observed {
        world: &world,
        latency: seen.latency,
        counts: RunCounts { events, ..seen.counts },
        window: seen.window,
        uplink_percent: servers.iter().map(|servers| percent(servers.up_work)).collect(),
        cpu_percent: servers.iter().zip(&plan.idle_share).map(cpu).collect(),
        idle_share: &plan.idle_share,
        degrees: &connected.degrees,
        connections: ConnectionCounts {
            wanted: connected.wanted,
            relayed: connected.relayed,
            impossible: connected.impossible,
        },
        turn_allocations: connected.allocations,
        forwarded: relays.forwarded,
        window_length: window,
        why_impossible: "cannot be opened without a TURN server",
        connected_at: connected.connected_at,
        connecting: Some(&connected.tally),
        publishes: !plan.flows.is_empty(),
    };
    observed.record(seed, settings)
}
