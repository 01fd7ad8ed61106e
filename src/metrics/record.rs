//! What one replication returns. It can be written and read back without loss: counts to the last digit, numbers to the
//! last bit.

use serde::{Deserialize, Serialize};

use super::finding::Finding;
use super::histogram::LatencyHistogram;
use super::pair::PairOpening;
use super::spread::Spread;
use super::values::MetricValues;
use crate::rng::Seed;

/// All that one replication measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Opening {
    /// When each opened, from the start.
    pub times: LatencyHistogram,
    /// How many are wanted.
    pub wanted: u64,
    /// The same by pairs of classes, for those that want any.
    pub pairs: Vec<PairOpening>,
}

/// Counts over a whole replication, warm-up included. A copy is one message on one hop:
/// `copies_sent = copies_arrived + copies_overflowed + copies_lost + copies_in_flight`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Copies that arrived at a node which knew their message already.
    #[serde(default)]
    pub copies_duplicate: u64,
}

impl RunRecord {
    /// The record of a replication that came to no end, for this reason.
    #[must_use]
    pub fn without_figures(seed: Seed, reason: Finding) -> Self {
        Self {
            seed,
            values: MetricValues::new(),
            latency: LatencyHistogram::new(),
            uplink_percent: Spread::default(),
            downlink_percent: Spread::default(),
            cpu_percent: Spread::default(),
            connections: Spread::default(),
            opening: Opening::default(),
            counts: RunCounts::default(),
            findings: vec![reason],
            doubts: Vec::new(),
        }
    }

    /// Whether the replication came to no end.
    #[must_use]
    pub fn has_no_figures(&self) -> bool {
        self.findings.iter().any(Finding::is_no_figures)
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::option;
    use proptest::prelude::*;

    use super::super::{FINDING_KINDS, MetricId};
    use super::*;
    use crate::units::SimDuration;

    prop_compose! {
        fn histograms()(latencies in vec(any::<u64>(), 0..60), shifts in vec(0_u32..64, 60)) -> LatencyHistogram {
            let mut histogram = LatencyHistogram::new();
            let spread = latencies.iter().zip(shifts).map(|(ns, shift)| ns >> shift);
            spread.for_each(|ns| histogram.record(SimDuration::from_ns(ns)));
            histogram
        }
    }

    fn spreads() -> impl Strategy<Value = Spread> {
        vec(any::<u64>().prop_map(f64::from_bits), 0..150).prop_map(Spread::of)
    }

    fn findings() -> impl Strategy<Value = Vec<Finding>> {
        let finding = (0..FINDING_KINDS.len(), any::<String>());
        vec(finding.prop_map(|(kind, text)| Finding { kind: FINDING_KINDS[kind], text }), 0..4)
    }

    fn openings() -> impl Strategy<Value = Opening> {
        let pair = (any::<[String; 2]>(), any::<[u64; 5]>(), any::<u128>()).prop_map(|(classes, counts, setup_ns)| {
            let [direct, relayed_udp, relayed_tcp, relayed_tls, failed] = counts;
            let classes = classes.map(std::sync::Arc::from);
            PairOpening { classes, direct, relayed_udp, relayed_tcp, relayed_tls, failed, setup_ns }
        });
        (histograms(), any::<u64>(), vec(pair, 0..4)).prop_map(|(times, wanted, pairs)| Opening {
            times,
            wanted,
            pairs,
        })
    }

    fn counts() -> impl Strategy<Value = RunCounts> {
        any::<[u64; 11]>().prop_map(|[a, b, c, d, e, f, g, h, i, j, k]| RunCounts {
            events: a,
            messages: b,
            deliveries: c,
            copies_sent: d,
            copies_arrived: e,
            copies_overflowed: f,
            copies_lost: g,
            copies_in_flight: h,
            copies_dropped: i,
            copies_unconnected: j,
            copies_duplicate: k,
        })
    }

    prop_compose! {
        fn records()(
            seed in any::<u64>(),
            bits in vec(option::of(any::<u64>()), MetricId::ALL.len()),
            latency in histograms(),
            [uplink_percent, downlink_percent, cpu_percent, connections] in [spreads(), spreads(), spreads(), spreads()],
            opening in openings(),
            counts in counts(),
            findings in findings(),
            doubts in findings(),
        ) -> RunRecord {
            let mut values = MetricValues::new();
            let set = MetricId::ALL.iter().zip(bits).filter_map(|(&id, bits)| Some((id, f64::from_bits(bits?))));
            set.for_each(|(id, value)| values.set(id, value));
            let seed = Seed(seed);
            RunRecord {
                seed, values, latency, uplink_percent, downlink_percent, cpu_percent, connections, opening, counts, findings,
                doubts,
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back_to_the_last_bit(record in records()) {
            let text = serde_json::to_string(&record).expect("written");
            let read: RunRecord = serde_json::from_str(&text).expect("read");
            prop_assert_eq!(&read, &record);
            prop_assert_eq!(read.latency.quantile(0.95), record.latency.quantile(0.95));
            prop_assert_eq!(serde_json::to_string(&read).expect("written"), text);
        }
    }

    #[test]
    fn a_kind_that_is_not_in_the_list_costs_no_run_and_is_not_read_back() {
        let finding = Finding { kind: "unheard-of", text: String::new() };
        assert_eq!(serde_json::to_string(&finding).expect("written"), r#"{"kind":"unheard-of","text":""}"#);
        assert!(serde_json::from_str::<Finding>(r#"{"kind":"unheard-of","text":""}"#).is_err());
    }
}
