//! How requests were answered: the answer's latency is the response time, for it counts as published when its request is.

use crate::metrics::{LatencyHistogram, MetricId, MetricValues};
use crate::units::SimDuration;

/// How the requests of the measured window were answered.
#[derive(Clone, Debug, Default)]
pub(crate) struct Responses {
    /// Requests.
    pub(crate) asked: u64,
    /// Response times of those that were answered.
    times: LatencyHistogram,
}

impl Responses {
    /// A response has been delivered, so long after its request was published.
    pub(crate) fn answered(&mut self, time: SimDuration, measured: bool) {
        if measured {
            self.times.record(time);
        }
    }

    /// Sets the metrics, if anybody asked.
    pub(in crate::simulation) fn set(&self, values: &mut MetricValues) {
        if self.asked == 0 {
            return;
        }
        for (id, q) in [(MetricId::ResponseP50, 0.50), (MetricId::ResponseP95, 0.95)] {
            if let Some(time) = self.times.quantile(q) {
                values.set(id, time.as_ms_f64());
            }
        }
        values.set(MetricId::Answered, 100.0 * self.times.count() as f64 / self.asked as f64);
    }
}
