//! Latencies and loads of a cell: what its replications counted, added up.

use crate::metrics::{LatencyHistogram, MeanSpread, RunRecord};

/// What the replications of a cell counted together: those in which the topology works, or all where it works in none,
/// for a distribution over both is one that no seed has. The same in whatever order they are added.
#[derive(Clone, Debug, Default)]
pub struct Merged {
    /// Delivery latency of every delivery in the measured window.
    pub latency: LatencyHistogram,
    /// When each connection opened, from the start.
    pub opened: LatencyHistogram,
    /// How many connections are wanted.
    pub wanted: u64,
    /// Uplink utilisation over the peers, in percent.
    pub uplink_percent: MeanSpread,
    /// Downlink utilisation over the peers, in percent.
    pub downlink_percent: MeanSpread,
    /// Open connections over the peers.
    pub connections: MeanSpread,
    // Whether it is of replications that work.
    works: bool,
}

impl Merged {
    /// Adds what a replication counted, if it belongs here.
    pub(super) fn add(&mut self, record: &RunRecord) {
        let works = record.findings.is_empty();
        match (self.works, works) {
            (true, false) => return,
            (false, true) => *self = Self { works, ..Self::default() },
            _ => {}
        }
        self.latency.merge(&record.latency);
        self.opened.merge(&record.opening.times);
        self.wanted += record.opening.wanted;
        self.uplink_percent.add(&record.uplink_percent);
        self.downlink_percent.add(&record.downlink_percent);
        self.connections.add(&record.connections);
    }

    /// Takes less memory from now on.
    pub(super) fn pack(&mut self) {
        self.latency.pack();
        self.opened.pack();
        self.uplink_percent.pack();
        self.downlink_percent.pack();
        self.connections.pack();
    }
}
