//! Set-ups of large populations are looked up as if links had no queues: says where that cannot be right.

use super::answer::Answer;
use super::figures;
use super::ranking::Row;
use crate::metrics::MetricId;
use crate::simulation::{SETUPS_PLAYED_PEERS_MAX, Subject};
use crate::sweep::Results;

/// Bytes that an end of a set-up sends at least, signaling and all headers included: public ends, DTLS 1.2.
const SET_UP_BYTES: f64 = 3_000.0;
/// The share of an uplink from which on set-ups that are looked up as if links had no queues are doubtful.
const SET_UP_LOAD_MAX: f64 = 0.1;

/// Set-ups that are looked up as if links had no queues, where their packets alone would make one.
pub(super) fn idle_set_ups(results: &Results<'_>, answer: &Answer, row: &Row) -> Option<String> {
    let settings = &results.experiment.cells[row.cell].settings;
    let mean = |metric: MetricId| answer.summary.interval(row.cell, metric).map(|interval| interval.mean);
    let peers = f64::from(settings.population.peers.get());
    let connections = mean(MetricId::ConnectionsMean)? * peers / 2.0;
    if !Subject::of(settings).needs_learning() {
        return None;
    }
    let slowest = settings.population.classes.iter().filter_map(|class| class.link.value.up).min()?;
    let bits = mean(MetricId::ConnectionsMax)? * SET_UP_BYTES * 8.0;
    let load = bits / (slowest.as_bps() as f64 * mean(MetricId::ConnectTime)?.max(1e-3));
    (load > SET_UP_LOAD_MAX).then(|| {
        format!(
            "{}: with {} connections set-ups are looked up as if links had no queues, but their packets alone would take \
             {:.0} % of the slowest uplink while the overlay connects: it takes longer than {} says; set-ups of up to \
             {SETUPS_PLAYED_PEERS_MAX} peers are played through",
            row.topology,
            figures::count(connections as usize),
            load * 100.0,
            MetricId::ConnectTime.definition().title,
        )
    })
}
