//! What one replication returns.

use serde::Serialize;

use super::definition::MetricId;
use super::histogram::LatencyHistogram;
use super::pair::PairOpening;
use super::spread::Spread;
use crate::rng::Seed;

/// All that one replication measured.
#[derive(Clone, Debug)]
pub struct RunRecord {
    /// The seed of the replication.
    pub seed: Seed,
    /// One value a metric, where it has one.
    pub values: MetricValues,
    /// Delivery latency of every delivery in the measured window.
    pub latency: LatencyHistogram,
    /// Uplink utilisation over the peers, in percent.
    pub uplink_percent: Spread,
    /// Downlink utilisation over the peers, in percent.
    pub downlink_percent: Spread,
    /// CPU utilisation over the peers, in percent.
    pub cpu_percent: Spread,
    /// Open connections over the peers.
    pub connections: Spread,
    /// How the overlay connected; empty on a rung that does not say.
    pub opening: Opening,
    /// What was counted over the whole replication.
    pub counts: RunCounts,
    /// Why the topology does not work for this population, if it does not.
    pub findings: Vec<Finding>,
    /// Why the figures may be far off here: the model that answered is outside of what it was checked for.
    pub doubts: Vec<Finding>,
}

/// How the connections that a topology wants came to be open.
#[derive(Clone, Debug, Default)]
pub struct Opening {
    /// When each opened, from the start.
    pub times: LatencyHistogram,
    /// How many are wanted.
    pub wanted: u64,
    /// The same by pairs of classes, for those that want any.
    pub pairs: Vec<PairOpening>,
}

/// The values of one replication, one slot a metric.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricValues([Option<f64>; MetricId::ALL.len()]);

impl MetricValues {
    /// No value for any metric.
    #[must_use]
    pub const fn new() -> Self {
        Self([None; MetricId::ALL.len()])
    }

    /// Sets the value of a metric; one that is not finite counts as absent.
    pub fn set(&mut self, id: MetricId, value: f64) {
        self.0[id as usize] = value.is_finite().then_some(value);
    }

    /// The value of a metric, if the replication has one.
    #[must_use]
    pub fn get(&self, id: MetricId) -> Option<f64> {
        self.0[id as usize]
    }
}

impl Default for MetricValues {
    fn default() -> Self {
        Self::new()
    }
}

/// Counts over a whole replication, warm-up included. A copy is one message on one hop:
/// `copies_sent = copies_arrived + copies_overflowed + copies_lost + copies_in_flight`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RunCounts {
    /// Events that went through the event queue.
    pub events: u64,
    /// Messages published by applications.
    pub messages: u64,
    /// Messages delivered to applications.
    pub deliveries: u64,
    /// Copies that entered an uplink.
    pub copies_sent: u64,
    /// Copies that the peer at the other end took in.
    pub copies_arrived: u64,
    /// Copies that found the socket of their receiver full, for its CPU was too far behind.
    pub copies_overflowed: u64,
    /// Copies lost on a path for good.
    pub copies_lost: u64,
    /// Copies still under way at the end.
    pub copies_in_flight: u64,
    /// Copies that found a full send buffer.
    pub copies_dropped: u64,
    /// Copies that found no open connection.
    pub copies_unconnected: u64,
}

/// A reason why a topology does not serve this population, or why its figures are in doubt, with figures, in one
/// sentence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// What is wrong: `uplink`, `downlink`, `cpu`, `memory`, `failed`, `connections`, `unreachable`, `unconnected`, `turn`, `message`,
    /// `undelivered`, `incomplete`; and where deliveries are missing that no lossy path explains, `uplink-buffer`,
    /// `downlink-buffer`, `socket`, `turn-buffer`, `send-buffer`, `window`, `blocked`, `late`, `signaling`.
    pub kind: &'static str,
    /// The sentence, such as "peer 17 (home) needs 359 Mbit/s up and has 15 Mbit/s".
    pub text: String,
}
