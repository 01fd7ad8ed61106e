//! What the network did beside the applications, and the record made of both.

use super::peers::Peers;
use crate::metrics::{MetricId, RunCounts, RunRecord};
use crate::overlay::dissemination::Dissemination;
use crate::real::cluster::{Cluster, ConnectionState};
use crate::rng::Seed;
use crate::scenario::Settings;
use crate::simulation::{ConnectionCounts, Experience, Fallen, Fate, Forwarded, Observed, cpu_percent};
use crate::units::{Bitrate, SimDuration, SimTime};

/// Counts of a replication beside what its applications see.
pub(super) struct Tally {
    /// CPU time in ns that measured messages took, by node.
    pub(super) cpu_work: Vec<u64>,
    /// Deliveries that hang on unreliable copies which have been sent and have not arrived.
    pub(super) unreliable: u64,
    /// Copies of measured messages that have arrived.
    pub(super) arrived_measured: u64,
    // Bytes that each node had sent, and those the TURN server had, when the window began and ended.
    sent_bytes: [Vec<u64>; 2],
    // Of what uplinks had no room for, too.
    turned_away_bytes: [Vec<u64>; 2],
    received_bytes: [Vec<u64>; 2],
    relayed_bytes: [u64; 2],
}

impl Tally {
    pub(super) fn new(nodes: u32) -> Self {
        let zeros = || vec![0; nodes as usize];
        Self {
            cpu_work: zeros(),
            unreliable: 0,
            arrived_measured: 0,
            sent_bytes: [zeros(), zeros()],
            turned_away_bytes: [zeros(), zeros()],
            received_bytes: [zeros(), zeros()],
            relayed_bytes: [0; 2],
        }
    }

    /// The measured window begins.
    pub(super) fn warm(&mut self, cluster: &Cluster) {
        self.note(0, cluster);
    }

    /// The measured window ends.
    pub(super) fn end(&mut self, cluster: &Cluster) {
        self.note(1, cluster);
    }

    fn note(&mut self, edge: usize, cluster: &Cluster) {
        for (node, bytes) in (0..).zip(&mut self.sent_bytes[edge]) {
            *bytes = cluster.sent_bytes(node);
        }
        for (node, bytes) in (0..).zip(&mut self.turned_away_bytes[edge]) {
            *bytes = cluster.turned_away_bytes(node);
        }
        for (node, bytes) in (0..).zip(&mut self.received_bytes[edge]) {
            *bytes = cluster.received_bytes(node);
        }
        let counts = cluster.turn_counts();
        self.relayed_bytes[edge] = (counts.to_peers.bytes + counts.to_clients.bytes).get();
    }
}

impl<D: Dissemination> Peers<D> {
    /// Sums up a replication that has ended, with the peers that failed and how many connections that closed.
    pub(super) fn record(
        self,
        seed: Seed,
        settings: &Settings,
        (cluster, fallen): (&Cluster, Option<(Fallen, u64)>),
        events: u64,
    ) -> RunRecord {
        let Self { world, app, tally, idle_share, .. } = self;
        let standby = app.overlay.standby_connections();
        let (publishes, mut seen) = (!app.programme.flows().is_empty(), app.seen);
        let window = settings.run.duration - settings.run.warmup;
        let [before, after] = &tally.sent_bytes;
        let sent = since(before, after);
        let turned_away = since(&tally.turned_away_bytes[0], &tally.turned_away_bytes[1]);
        let received = since(&tally.received_bytes[0], &tally.received_bytes[1]);
        let peers = world.peers() as usize;
        seen.window.sent_bytes = sent.iter().sum();
        seen.window.server_bytes = sent[peers..].iter().sum();
        let relayed_bytes = tally.relayed_bytes[1].saturating_sub(tally.relayed_bytes[0]);
        // The one server there is stands for the first of the scenario's.
        let mut forwarded = vec![Forwarded::default(); world.turn_servers().len()];
        if let Some(first) = forwarded.first_mut() {
            *first = Forwarded { received: relayed_bytes, sent: relayed_bytes };
        }
        seen.window.lost = seen.window.sent.saturating_sub(tally.arrived_measured);
        // Where they were dropped the stack does not say.
        seen.fates.fail_anywhere(Fate::Lost, tally.unreliable);
        seen.counts.copies_lost = seen.counts.copies_sent - seen.counts.copies_arrived;
        let load = |rate: Option<Bitrate>, bytes: u64| {
            rate.map_or(0.0, |rate| 100.0 * bytes as f64 * 8.0 / rate.as_bps() as f64 / window.as_secs_f64())
        };
        // What was asked of it, as in the model.
        let uplink = |((&sent, &away), node): ((&u64, &u64), u32)| load(world.rates(node).up, sent + away);
        let downlink = |(&bytes, node): (&u64, u32)| load(world.rates(node).down, bytes);
        let busy = |work_ns: u64| 100.0 * SimDuration::from_ns(work_ns).as_secs_f64() / window.as_secs_f64();
        let cpu = |(&work, &idle): (&u64, &f32)| cpu_percent(busy(work), idle);
        let overlay = Opened::of(cluster, world.nodes(), standby);
        let observed = Observed {
            world: &world,
            growth: seen.trend.growth(&seen.latency),
            latency: seen.latency,
            counts: RunCounts { events, ..seen.counts },
            responses: seen.responses,
            fates: seen.fates,
            unsent_bytes: Vec::new(),
            window: seen.window,
            last_hops: seen.last_hops.mean(),
            uplink_percent: sent.iter().zip(&turned_away).zip(0..).map(uplink).collect(),
            downlink_percent: received.iter().zip(0..).map(downlink).collect(),
            cpu_percent: tally.cpu_work.iter().zip(&idle_share).map(cpu).collect(),
            idle_share: &idle_share,
            degrees: &overlay.degrees,
            connections: ConnectionCounts {
                wanted: cluster.connections().len() as u64,
                // The stack speaks to TURN servers over UDP only.
                relayed: [overlay.relayed, 0, 0],
                impossible: overlay.unopened,
                standby: [standby, overlay.unopened_standby],
            },
            turn_allocations: cluster.turn_counts().allocations_total,
            forwarded,
            window_length: window,
            why_impossible: "are not open at the end",
            connected_at: overlay.connected_at,
            connecting: None,
            fallen: fallen.map(|(fallen, _)| fallen),
            publishes,
            distributed: None,
            experience: &Experience::default(),
            ways: None,
        };
        let mut record = observed.record(seed, settings);
        overlay.set_opening(&mut record, cluster.connections().len());
        if let Some((_, closed)) = fallen {
            // What failed is no matter of NATs.
            let wanted = cluster.connections().len().max(1) as f64;
            record.values.set(MetricId::Impossible, 100.0 * overlay.unopened.saturating_sub(closed) as f64 / wanted);
        }
        record
    }
}

fn since(before: &[u64], after: &[u64]) -> Vec<u64> {
    after.iter().zip(before).map(|(after, before)| after.saturating_sub(*before)).collect()
}

// The connections as they are at the end.
struct Opened {
    degrees: Vec<u32>,
    relayed: u64,
    unopened: u64,
    unopened_standby: u64,
    connected_at: SimTime,
    // When each opened, in order.
    opened_at: Vec<SimTime>,
}

impl Opened {
    // Those on standby are the last of them.
    fn of(cluster: &Cluster, nodes: u32, standby: u64) -> Self {
        let carrying = cluster.connections().len() as u64 - standby;
        let mut opened = Self {
            degrees: vec![0; nodes as usize],
            relayed: 0,
            unopened: 0,
            unopened_standby: 0,
            connected_at: SimTime::ZERO,
            opened_at: Vec::new(),
        };
        for (number, connection) in (0..).zip(cluster.connections()) {
            let Some(open) = connection.open_at().filter(|_| connection.state == ConnectionState::Open) else {
                opened.unopened += 1;
                opened.unopened_standby += u64::from(u64::from(number) >= carrying);
                continue;
            };
            opened.connected_at = opened.connected_at.max(open);
            opened.opened_at.push(open);
            opened.relayed += u64::from(cluster.is_relayed(number));
            for node in connection.nodes {
                opened.degrees[node as usize] += 1;
            }
        }
        opened.opened_at.sort_unstable();
        opened
    }

    // When which share of the wanted connections was open, if it ever was.
    fn set_opening(&self, record: &mut RunRecord, wanted: usize) {
        for (id, percent) in [(MetricId::OpenHalf, 50), (MetricId::OpenMost, 95), (MetricId::OpenAll, 100)] {
            let needed = (wanted * percent).div_ceil(100).max(1);
            if let Some(open) = self.opened_at.get(needed - 1) {
                record.values.set(id, open.since(SimTime::ZERO).as_secs_f64());
            }
        }
    }
}
