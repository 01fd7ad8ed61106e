//! Up to how many peers each topology works, and what stops it, along the `peers` axis.

use super::figures;
use super::ranking::{FailureKind, Ranking, Row};

/// How far a topology goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// Its label.
    pub topology: String,
    /// The largest population up to which it has a rank throughout.
    pub works_up_to: Option<u32>,
    /// The population at which it first has none, and why: the kind of a finding, or the metric that
    /// misses its bound.
    pub fails: Option<(u32, &'static str)>,
}

/// How far each topology goes, in the order of the scenario, among rankings in ascending order of peers;
/// none if there is one ranking only.
pub(super) fn stops(rankings: &[Ranking]) -> Vec<Stop> {
    let Some(last) = rankings.last().filter(|_| rankings.len() > 1) else { return Vec::new() };
    let mut rows: Vec<&Row> = last.rows.iter().collect();
    rows.sort_by_key(|row| row.cell);
    rows.into_iter().map(|row| stop(rankings, &row.topology)).collect()
}

fn stop(rankings: &[Ranking], topology: &str) -> Stop {
    let here = |ranking: &'_ Ranking| ranking.rows.iter().position(|row| row.topology == topology);
    let places: Vec<(u32, &Row)> =
        rankings.iter().filter_map(|ranking| Some((ranking.peers, &ranking.rows[here(ranking)?]))).collect();
    let working = places.iter().take_while(|(_, row)| row.rank.is_some()).count();
    let fails = places.get(working).map(|(peers, row)| (*peers, why(row)));
    let works_up_to = working.checked_sub(1).map(|last| places[last].0);
    Stop { topology: topology.to_owned(), works_up_to, fails }
}

fn why(row: &Row) -> &'static str {
    match row.failures.first().map(|failure| failure.kind) {
        Some(FailureKind::Infeasible(kind)) => kind,
        Some(FailureKind::Expectation(metric)) => metric.definition().title,
        Some(FailureKind::NoData) | None => "no data",
    }
}

impl Stop {
    /// In a few words: `20 (uplink at 50)`.
    pub(super) fn words(&self) -> String {
        let count = |peers: u32| figures::count(peers);
        match (self.works_up_to, self.fails) {
            (Some(most), None) => format!("all {}", count(most)),
            (Some(most), Some((peers, why))) => format!("{} ({why} at {})", count(most), count(peers)),
            (None, Some((peers, why))) => format!("none ({why} at {})", count(peers)),
            (None, None) => "no data".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::answer::answer;
    use super::super::fixture::{Study, town_hall};
    use crate::metrics::MetricId;

    fn said(study: &Study) -> Vec<String> {
        let experiment = study.experiment();
        let stops = answer(&study.results(&experiment)).decisions[0].stops.clone();
        stops.iter().map(|stop| format!("{}: {}", stop.topology, stop.words())).collect()
    }

    #[test]
    fn every_topology_goes_as_far_as_it_keeps_what_is_asked() {
        assert_eq!(
            said(&town_hall()),
            [
                "mesh: 20 (uplink at 1,000)",
                "star: 20 (p95 latency at 1,000)",
                "tree degree=4: all 1,000",
                "hybrid: all 1,000"
            ]
        );
        assert!(said(&Study::new().cell(20, "mesh", MetricId::LatencyP95, &[1.0])).is_empty());
    }
}
