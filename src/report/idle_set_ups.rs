//! Set-ups of large populations are looked up as if links had no queues: says where that cannot be right.

use super::answer::Answer;
use super::figures;
use super::ranking::RankedTopology;
use crate::metrics::MetricId;
use crate::net::LinkSpec;
use crate::simulation::{SETUPS_PLAYED_PEERS_MAX, Subject};
use crate::sweep::Results;

/// Bits that an end of a set-up sends at least, signaling and all headers included: public ends, DTLS 1.2.
const SET_UP_BITS: f64 = 8.0 * 3_000.0;
/// The share of an uplink from which on set-ups that are looked up as if links had no queues are doubtful.
const SET_UP_LOAD_MAX: f64 = 0.1;
/// One peer in a hundred has an uplink so many standard deviations below the median of its class.
const SLOWEST_DEVIATIONS: f64 = -2.3;

/// Set-ups that are looked up as if links had no queues, where their packets alone would make one.
pub(super) fn idle_set_ups(results: &Results<'_>, answer: &Answer, row: &RankedTopology) -> Option<String> {
    let settings = &results.experiment.cells[row.cell].settings;
    if !Subject::of(settings).needs_learning() {
        return None;
    }
    let mean = |metric: MetricId| answer.summary.interval(row.cell, metric).map(|interval| interval.mean);
    let links: Vec<&LinkSpec> = settings.population.classes.iter().map(|class| &class.link.value).collect();
    let connections = [mean(MetricId::ConnectionsMean)?, mean(MetricId::ConnectionsMax)?];
    let load = load(&links, connections, mean(MetricId::ConnectTime)?)?;
    (load > SET_UP_LOAD_MAX).then(|| {
        format!(
            "{}: set-ups of more than {SETUPS_PLAYED_PEERS_MAX} peers are looked up as if links had no queues, but {} \
             connections a peer would take {:.0} % of slow uplinks while the overlay connects: it takes longer than {} says",
            row.topology,
            figures::count(connections[0].ceil() as usize),
            load * 100.0,
            MetricId::ConnectTime.definition().title,
        )
    })
}

// The share of an uplink that set-ups take while an overlay connects: of the slowest with as many connections as peers
// have on average, or of the fastest class with as many as the one that has most.
fn load(links: &[&LinkSpec], [average, most]: [f64; 2], connect_s: f64) -> Option<f64> {
    let rates = |deviations: f64| links.iter().filter_map(move |link| link.draw(deviations).up);
    let (slowest, fastest) = (rates(SLOWEST_DEVIATIONS).min()?, rates(0.0).max()?);
    let share = |connections: f64, bps: u64| connections * SET_UP_BITS / (bps as f64 * connect_s.max(1e-3));
    Some(share(average, slowest.as_bps()).max(share(most, fastest.as_bps())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::presets::OrPreset;

    #[test]
    fn slow_peers_of_meshes_and_hubs_of_stars_fill_their_uplinks() {
        let of = |name: &str| OrPreset::<LinkSpec>::named(name).expect("a preset").value;
        let (cable, mobile, unlimited) = (of("cable"), of("4g"), of("unlimited"));
        let percent = |links: &[&LinkSpec], connections, connect_s| {
            load(links, connections, connect_s).map(|load| (100.0 * load).round() as u32)
        };
        // 8 Mbit/s in the median, 2.0 for one in a hundred; 17 for the hub.
        assert_eq!(percent(&[&cable, &mobile], [100.0, 100.0], 7.6), Some(16));
        assert_eq!(percent(&[&cable, &mobile], [2.0, 999.0], 1.41), Some(100));
        assert_eq!(percent(&[&unlimited], [100.0, 100.0], 7.6), None);
    }
}
