//! A last connection that opens long after the others: a line for each ranked topology that stands for it.

use super::figures;
use super::ranking::Ranking;
use super::summary::Summary;
use crate::metrics::MetricId;

/// The last connection is late if it takes this many times as long as 95 % of them, ...
const TIMES: f64 = 3.0;
/// ... and at least so many seconds longer.
const LONGER_S: f64 = 5.0;

/// The lines of one ranking.
pub(super) fn lines(summary: &Summary, ranking: &Ranking) -> Vec<String> {
    let mean = |cell: usize, id: MetricId| summary.interval(cell, id).map(|interval| interval.mean);
    let line = |cell: usize, topology: &str| {
        let (most, last) = (mean(cell, MetricId::OpenMost)?, mean(cell, MetricId::ConnectTime)?);
        let is_late = last > TIMES * most && last > most + LONGER_S;
        let again = mean(cell, MetricId::Attempts).map_or(0.0, |attempts| 100.0 * (attempts - 1.0));
        let why = match again > 0.0 {
            true => format!("; set-ups that fail begin again: {} of them", figures::value(MetricId::Relayed, again)),
            false => String::new(),
        };
        is_late.then(|| {
            format!(
                "{topology}: 95 % of its connections are open after {}, the last after {}{why}",
                figures::value(MetricId::OpenMost, most),
                figures::value(MetricId::ConnectTime, last)
            )
        })
    };
    ranking.ranked().filter_map(|row| line(row.cell, &row.topology)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::answer::answer;
    use super::super::fixture::Study;
    use crate::metrics::MetricId;

    #[test]
    fn one_late_connection_is_told_and_a_slow_overlay_is_not() {
        let study = Study::new()
            .cell(50, "star", MetricId::LatencyP95, &[100.0, 100.0])
            .also("star", MetricId::OpenMost, &[3.0, 3.0])
            .also("star", MetricId::ConnectTime, &[22.0, 23.0])
            .also("star", MetricId::Attempts, &[1.0022, 1.0022])
            .cell(50, "mesh", MetricId::LatencyP95, &[90.0, 90.0])
            .also("mesh", MetricId::OpenMost, &[15.0, 15.0])
            .also("mesh", MetricId::ConnectTime, &[22.0, 22.0]);
        let experiment = study.experiment();
        let told = answer(&study.results(&experiment)).decisions[0].stragglers.clone();
        assert_eq!(
            told,
            [
                "star: 95 % of its connections are open after 3 s, the last after 22.5 s; set-ups that fail begin again: \
              0.22 % of them"
            ]
        );
    }
}
