//! From what a replication observed to its record: metrics and findings.

use super::connectivity;
use super::finding;
use super::observed::{ConnectionCounts, Observed};
use crate::metrics::{MetricId, MetricValues, Opening, RunRecord, Spread};
use crate::rng::Seed;
use crate::scenario::Settings;
use crate::simulation::control::budget;
use crate::simulation::data::relay::Forwarded;
use crate::units::{SimDuration, SimTime, UsdPerGigabyte};
use crate::webrtc::turn::TurnServer;

impl Observed<'_> {
    /// Sums up a replication that has ended.
    pub(crate) fn record(self, seed: Seed, settings: &Settings) -> RunRecord {
        let window = self.window_length;
        let findings = finding::findings(&self, settings);
        let peers = self.world.peers() as usize;
        let spread = |values: &[f64]| Spread::of(values[..peers].to_vec());
        let uplink_percent = spread(&self.uplink_percent);
        let downlink_percent = spread(&self.downlink_percent);
        let cpu_percent = spread(&self.cpu_percent);
        let connections = spread(&self.degrees.iter().map(|&degree| f64::from(degree)).collect::<Vec<_>>());
        let mut values = MetricValues::new();
        self.latencies(&mut values);
        self.traffic(&mut values, settings, window);
        self.connectivity(&mut values, settings);
        self.distribution(&mut values);
        self.responses.set(&mut values);
        self.experience.set(&mut values);
        if let Some(ways) = &self.ways {
            ways.set(&mut values);
        }
        if let Some(share) = self.hub_share() {
            values.set(MetricId::HubShare, share);
        }
        let mut three = |ids: [MetricId; 3], spread: &Spread| {
            values.set(ids[0], spread.mean);
            values.set(ids[1], spread.percentile(95));
            values.set(ids[2], spread.max());
        };
        three([MetricId::UplinkMean, MetricId::UplinkP95, MetricId::UplinkMax], &uplink_percent);
        three([MetricId::DownlinkMean, MetricId::DownlinkP95, MetricId::DownlinkMax], &downlink_percent);
        three([MetricId::CpuMean, MetricId::CpuP95, MetricId::CpuMax], &cpu_percent);
        values.set(MetricId::ConnectionsMean, connections.mean);
        values.set(MetricId::ConnectionsMax, connections.max());
        self.budgets(&mut values);
        let opening = self.connecting.map_or_else(Opening::default, |tally| Opening {
            times: tally.opening.clone(),
            wanted: self.connections.wanted,
            pairs: tally.pairs(),
        });
        let (latency, counts) = (self.latency, self.counts);
        RunRecord {
            seed,
            values,
            latency,
            uplink_percent,
            downlink_percent,
            cpu_percent,
            connections,
            opening,
            counts,
            findings,
            doubts: Vec::new(),
        }
    }

    fn latencies(&self, values: &mut MetricValues) {
        let latency = &self.latency;
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

    fn traffic(&self, values: &mut MetricValues, settings: &Settings, window: SimDuration) {
        let seen = self.window;
        let percent = |part: u64, whole: u64| 100.0 * part as f64 / whole as f64;
        values.set(MetricId::Delivered, percent(self.latency.count(), seen.wanted));
        if seen.wanted > 0 {
            let missing = seen.wanted.saturating_sub(self.latency.count());
            let has_lifetime = settings.workloads.iter().any(|workload| workload.service().lifetime.is_some());
            // Of a message in chunks each chunk has a fate.
            let has_chunks = settings.workloads.iter().any(|workload| workload.limits().chunking.size.is_some());
            debug_assert!(
                has_lifetime || has_chunks || self.fates.told() <= missing,
                "{} of {missing}",
                self.fates.told()
            );
            self.fates.set(values, (missing, seen.wanted), seen.duplicates.is_none());
        }
        if let Some(duplicates) = seen.duplicates.filter(|_| self.latency.count() > 0) {
            // A chunk that comes counts as a message that does.
            let came = self.latency.count() - seen.made_of_chunks + seen.chunks;
            values.set(MetricId::Duplicates, duplicates as f64 / came as f64);
        }
        if let Some(hops) = self.last_hops {
            values.set(MetricId::LastHop, hops);
        }
        if let Some(control) = seen.control_bytes {
            values.set(MetricId::Control, percent(control, seen.sent_bytes.max(1)));
        }
        values.set(MetricId::Lost, percent(seen.lost, seen.sent.max(1)));
        values.set(MetricId::Dropped, percent(seen.refused, (seen.sent + seen.refused).max(1)));
        let peer_bytes = (seen.sent_bytes - seen.server_bytes) as f64;
        values.set(MetricId::Sent, peer_bytes / f64::from(self.world.peers()) / window.as_secs_f64());
        let hourly_gb = |bytes: u64| bytes as f64 / 1e9 * 3_600.0 / window.as_secs_f64();
        let hourly = |bytes: u64, price: UsdPerGigabyte| hourly_gb(bytes) * price.get();
        let servers = || self.world.turn_servers().iter().zip(&self.forwarded);
        let bill = |(server, forwarded): (&TurnServer, &Forwarded)| {
            hourly(server.billing.counted(forwarded.received, forwarded.sent), server.price)
        };
        let turn: f64 = servers().map(bill).sum();
        values.set(MetricId::Cost, turn + hourly(seen.server_bytes, settings.webrtc.server_egress));
        values.set(MetricId::TurnCost, turn);
        values.set(MetricId::TurnRelayed, servers().map(|(_, forwarded)| hourly_gb(forwarded.sent)).sum());
        values.set(MetricId::TurnAllocations, self.turn_allocations as f64);
        if let Some(load) = self.turn_load_percent().into_iter().flatten().reduce(f64::max) {
            values.set(MetricId::TurnLoad, load);
        }
    }

    // What the busiest hundredth of the nodes sends, in percent of what all do. Whole bits, so that no sum depends on an
    // order.
    fn hub_share(&self) -> Option<f64> {
        let bits = |(percent, node): (&f64, u32)| Some((percent * self.world.rates(node).up?.as_bps() as f64) as u128);
        let mut sent: Vec<u128> = self.uplink_percent.iter().zip(0..).map(bits).collect::<Option<_>>()?;
        let busiest = sent.len().div_ceil(100);
        if busiest < sent.len() {
            sent.select_nth_unstable_by(busiest, |a, b| b.cmp(a));
        }
        let (of_busiest, of_all): (u128, u128) = (sent[..busiest].iter().sum(), sent.iter().sum());
        (of_all > 0).then(|| 100.0 * of_busiest as f64 / of_all as f64)
    }

    fn budgets(&self, values: &mut MetricValues) {
        let peers = self.degrees.iter().zip(0..self.world.peers());
        let mib = |(&degree, node)| budget::memory(self.world, node, degree).get() as f64 / f64::from(1 << 20);
        let memory = Spread::of(peers.map(mib).collect());
        values.set(MetricId::MemoryMean, memory.mean);
        values.set(MetricId::MemoryMax, memory.max());
        let failed = self.fallen.map_or(0, |fallen| fallen.nodes);
        values.set(MetricId::FailedPeers, 100.0 * failed as f64 / f64::from(self.world.peers()));
        let overflowed = 100.0 * self.window.overflowed as f64 / self.window.sent.max(1) as f64;
        values.set(MetricId::Overflowed, overflowed);
    }

    fn distribution(&self, values: &mut MetricValues) {
        let Some(distributed) = self.distributed else { return };
        let quantiles =
            [(MetricId::DistributionP50, 50), (MetricId::DistributionP95, 95), (MetricId::DistributionMax, 100)];
        for (id, percent) in quantiles {
            if let Some(time) = distributed.quantile(percent) {
                values.set(id, time.as_secs_f64());
            }
        }
        let percent = |part: f64, whole: f64| 100.0 * part / whole;
        let (complete, wanted) = (distributed.times.len() as f64, distributed.wanted as f64);
        values.set(MetricId::DistributionComplete, percent(complete, wanted));
        values.set(MetricId::DistributionBound, distributed.bound.as_secs_f64());
        let (from_sources, fetched) = (distributed.from_sources_bytes as f64, distributed.fetched_bytes as f64);
        values.set(MetricId::DistributionFromSources, percent(from_sources, fetched));
    }

    /// Load of each TURN server in percent of its bandwidth, where that is limited.
    pub(in crate::simulation) fn turn_load_percent(&self) -> Vec<Option<f64>> {
        let seconds = self.window_length.as_secs_f64();
        let load = |(server, forwarded): (&TurnServer, &Forwarded)| {
            Some(100.0 * forwarded.sent as f64 * 8.0 / server.bandwidth?.as_bps() as f64 / seconds)
        };
        self.world.turn_servers().iter().zip(&self.forwarded).map(load).collect()
    }

    fn connectivity(&self, values: &mut MetricValues, settings: &Settings) {
        let ConnectionCounts { wanted, relayed, impossible, .. } = self.connections;
        let all_relayed: u64 = relayed.iter().sum();
        let percent = |part: u64| 100.0 * part as f64 / wanted.max(1) as f64;
        values.set(MetricId::ConnectTime, self.connected_at.since(SimTime::ZERO).as_secs_f64());
        values.set(MetricId::Relayed, percent(all_relayed));
        values.set(MetricId::Impossible, percent(impossible));
        let sockets = |(&degree, node): (&u32, u32)| self.world.class(node).engine.sockets.count(degree);
        let peers = self.degrees.iter().zip(0..self.world.peers());
        values.set(MetricId::Sockets, peers.map(sockets).max().unwrap_or(0) as f64);
        if let Some(tally) = self.connecting {
            return connectivity::set(values, tally, wanted, &settings.webrtc.negotiation);
        }
        values.set(MetricId::Direct, percent(wanted - all_relayed - impossible));
        values.set(MetricId::RelayedUdp, percent(relayed[0]));
        values.set(MetricId::RelayedTcp, percent(relayed[1]));
        values.set(MetricId::RelayedTls, percent(relayed[2]));
        values.set(MetricId::Failed, percent(impossible));
    }
}
