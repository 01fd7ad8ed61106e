//! What binds an overlay that works: how much of each resource its busiest peer uses.

use serde::Serialize;

use super::arena::Trial;
use crate::metrics::MetricId;

/// How much of a resource is used.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Binding {
    /// The resource, in words.
    pub resource: &'static str,
    /// How much of it the peer uses that uses most, in percent: mean over seeds.
    pub percent: f64,
}

const RESOURCES: [(MetricId, &str); 4] = [
    (MetricId::UplinkMax, "uplink of the busiest peer"),
    (MetricId::DownlinkMax, "downlink of the busiest peer"),
    (MetricId::CpuMax, "CPU of the busiest peer"),
    (MetricId::TurnLoad, "bandwidth of the busiest TURN server"),
];

/// All resources of a candidate by its place, the scarcest first.
pub(super) fn bindings(trial: &Trial, place: usize) -> Vec<Binding> {
    let used = |&(metric, resource): &(MetricId, &'static str)| {
        let percent = trial.interval(0, place, metric)?.mean;
        Some(Binding { resource, percent })
    };
    let mut bindings: Vec<Binding> = RESOURCES.iter().filter_map(used).collect();
    bindings.sort_by(|a, b| b.percent.total_cmp(&a.percent));
    bindings
}
