//! What users notice beyond latency and delivery: live streams, messages beside them, and what waits at its sender.

use crate::metrics::{MetricId, MetricValues};
use crate::units::SimDuration;
use crate::webrtc::sctp::Priority;

/// How live streams and messages beside them fared in the measured window.
#[derive(Clone, Debug, Default)]
pub(crate) struct Experience {
    /// 95th percentile of the latency of messages that are no part of a live stream, where there is one.
    pub(in crate::simulation) control_p95: Option<SimDuration>,
    /// Of each receiver of live streams.
    pub(in crate::simulation) viewed: Vec<Viewed>,
    /// How long copies wait at their senders, where packets are followed.
    pub(in crate::simulation) waits: Waits,
}

/// 95th percentiles of queueing delay, where there is any traffic of the class.
#[derive(Clone, Debug, Default)]
pub(crate) struct Waits {
    /// Of each priority.
    pub(in crate::simulation) by_priority: [Option<SimDuration>; Priority::ALL.len()],
    /// Of messages beside live streams, and of those.
    pub(in crate::simulation) control: Option<SimDuration>,
    pub(in crate::simulation) live: Option<SimDuration>,
}

impl Experience {
    /// Sets the metrics that there is something for.
    pub(in crate::simulation) fn set(&self, values: &mut MetricValues) {
        if let Some(latency) = self.control_p95 {
            values.set(MetricId::ControlP95, latency.as_ms_f64());
        }
        self.waits.set(values);
        if self.viewed.is_empty() {
            return;
        }
        let mean = |of: fn(&Viewed) -> f64| self.viewed.iter().map(of).sum::<f64>() / self.viewed.len() as f64;
        values.set(MetricId::LiveGoodput, mean(|viewed| viewed.goodput_bps / 1e3));
        values.set(MetricId::LiveMissed, mean(|viewed| 100.0 * viewed.missed));
        values.set(MetricId::LiveStalls, mean(|viewed| viewed.stalls_per_min));
        values.set(MetricId::LiveSwitches, mean(|viewed| viewed.switches_per_min));
        values.set(MetricId::LiveFairness, self.fairness());
    }

    // Jain, Chiu and Hawe, DEC-TR-301, 1984: 1 if all have the same, 1/n if one has all.
    fn fairness(&self) -> f64 {
        let sum: f64 = self.viewed.iter().map(|viewed| viewed.goodput_bps).sum();
        let squares: f64 = self.viewed.iter().map(|viewed| viewed.goodput_bps * viewed.goodput_bps).sum();
        if squares > 0.0 { sum * sum / (self.viewed.len() as f64 * squares) } else { 1.0 }
    }
}

impl Waits {
    const IDS: [MetricId; Priority::ALL.len()] =
        [MetricId::QueueingVeryLow, MetricId::QueueingLow, MetricId::QueueingMedium, MetricId::QueueingHigh];

    fn set(&self, values: &mut MetricValues) {
        let of_kind = [(MetricId::ControlQueueing, self.control), (MetricId::LiveQueueing, self.live)];
        for (id, wait) in Self::IDS.into_iter().zip(self.by_priority).chain(of_kind) {
            if let Some(wait) = wait {
                values.set(id, wait.as_ms_f64());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fairness_is_jains_index() {
        let fairness = |goodputs: &[f64]| {
            let viewed = goodputs.iter().map(|&goodput_bps| Viewed { goodput_bps, ..Viewed::default() }).collect();
            Experience { viewed, ..Experience::default() }.fairness()
        };
        for (goodputs, index) in [(&[2.0, 2.0, 2.0][..], 1.0), (&[0.0, 5.0], 0.5), (&[1.0, 3.0], 0.8)] {
            assert!((fairness(goodputs) - index).abs() < 1e-12, "{goodputs:?}");
        }
    }
}

/// How a receiver saw a live stream in the measured window, mean over those it wants.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::simulation) struct Viewed {
    /// Bits of chunks in time, a second.
    pub(in crate::simulation) goodput_bps: f64,
    /// Share of chunks that were not there in time.
    pub(in crate::simulation) missed: f64,
    /// Times that it stopped, a minute: runs of missed chunks.
    pub(in crate::simulation) stalls_per_min: f64,
    /// Changes of bitrate from one chunk to the next, a minute.
    pub(in crate::simulation) switches_per_min: f64,
}
