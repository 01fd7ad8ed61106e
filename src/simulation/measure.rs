//! From the state at the end of a replication to its record.

use super::finding;
use super::flow::{Flows, Servers};
use crate::metrics::{MetricId, MetricValues, RunCounts, RunRecord, Spread};
use crate::rng::Seed;
use crate::scenario::Settings;
use crate::units::{SimDuration, UsdPerGigabyte};

/// Sums up a replication that has ended.
pub(super) fn record(seed: Seed, settings: &Settings, flows: Flows, events: u64) -> RunRecord {
    let window = settings.run.duration - settings.run.warmup;
    let loads = Loads::of(&flows, window);
    let findings = finding::findings(&flows, &loads, window);
    let counts = RunCounts { events, ..flows.seen.counts };
    let peers = flows.world.peers() as usize;
    let spread = |values: &[f64]| Spread::of(values[..peers].to_vec());
    let uplink_percent = spread(&loads.uplink_percent);
    let cpu_percent = spread(&loads.cpu_percent);
    let connections = spread(&flows.established.degrees.iter().map(|&degree| f64::from(degree)).collect::<Vec<_>>());
    let mut values = MetricValues::new();
    latencies(&mut values, &flows);
    traffic(&mut values, &flows, settings, window);
    connectivity(&mut values, &flows);
    let mut three = |ids: [MetricId; 3], spread: &Spread| {
        values.set(ids[0], spread.mean);
        values.set(ids[1], spread.percentile(95));
        values.set(ids[2], spread.max());
    };
    three([MetricId::UplinkMean, MetricId::UplinkP95, MetricId::UplinkMax], &uplink_percent);
    three([MetricId::CpuMean, MetricId::CpuP95, MetricId::CpuMax], &cpu_percent);
    values.set(MetricId::ConnectionsMean, connections.mean);
    values.set(MetricId::ConnectionsMax, connections.max());
    RunRecord { seed, values, latency: flows.seen.latency, uplink_percent, cpu_percent, connections, counts, findings }
}

/// Utilisation of every node, in percent of the measured window.
pub(super) struct Loads {
    pub(super) uplink_percent: Vec<f64>,
    pub(super) cpu_percent: Vec<f64>,
}

impl Loads {
    fn of(flows: &Flows, window: SimDuration) -> Self {
        let percent = |work_ns: u64| 100.0 * SimDuration::from_ns(work_ns).as_secs_f64() / window.as_secs_f64();
        let cpu = |(servers, &idle): (&Servers, &f32)| {
            // Messages were served in what idle connections left of the budget.
            let left = 1.0 - f64::from(idle.min(super::plan::IDLE_SHARE_MAX));
            percent(servers.cpu_work) * left + 100.0 * f64::from(idle)
        };
        Self {
            uplink_percent: flows.servers.iter().map(|servers| percent(servers.up_work)).collect(),
            cpu_percent: flows.servers.iter().zip(&flows.plan.idle_share).map(cpu).collect(),
        }
    }
}

fn latencies(values: &mut MetricValues, flows: &Flows) {
    let latency = &flows.seen.latency;
    let quantiles = [(MetricId::LatencyP50, 0.50), (MetricId::LatencyP95, 0.95), (MetricId::LatencyP99, 0.99)];
    let mut set = |id, value: Option<SimDuration>| {
        if let Some(value) = value {
            values.set(id, value.as_ms_f64());
        }
    };
    set(MetricId::LatencyMean, latency.mean());
    set(MetricId::LatencyMax, latency.max());
    quantiles.into_iter().for_each(|(id, q)| set(id, latency.quantile(q)));
}

fn traffic(values: &mut MetricValues, flows: &Flows, settings: &Settings, window: SimDuration) {
    let seen = flows.seen.window;
    let percent = |part: u64, whole: u64| 100.0 * part as f64 / whole as f64;
    values.set(MetricId::Delivered, percent(flows.seen.latency.count(), seen.wanted));
    values.set(MetricId::Lost, percent(seen.lost, seen.sent.max(1)));
    values.set(MetricId::Dropped, percent(seen.refused, (seen.sent + seen.refused).max(1)));
    let peer_bytes = (seen.sent_bytes - seen.server_bytes) as f64;
    values.set(MetricId::Sent, peer_bytes / f64::from(flows.world.peers()) / window.as_secs_f64());
    let hourly = |bytes: u64, price: UsdPerGigabyte| bytes as f64 / 1e9 * price.get() * 3_600.0 / window.as_secs_f64();
    let relay = hourly(seen.relayed_bytes, flows.world.relay_price());
    values.set(MetricId::Cost, relay + hourly(seen.server_bytes, settings.webrtc.server_egress));
}

fn connectivity(values: &mut MetricValues, flows: &Flows) {
    let established = &flows.established;
    let wanted = established.wanted.max(1) as f64;
    values.set(MetricId::ConnectTime, established.connected_at.since(crate::units::SimTime::ZERO).as_secs_f64());
    values.set(MetricId::Relayed, 100.0 * established.relayed as f64 / wanted);
    values.set(MetricId::Impossible, 100.0 * established.impossible as f64 / wanted);
}
