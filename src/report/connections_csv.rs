//! `connections.csv`: what became of the connections between each pair of classes, one row a pair of
//! classes and replication.

use std::io::{self, Write};

use super::axes::{AxisColumns, number};
use super::csv_table::CsvTable;
use crate::metrics::PairOpening;
use crate::sweep::{CellRuns, Results};

/// The columns beside the axes.
const COLUMNS: [&str; 11] = [
    "topology",
    "seed",
    "class_a",
    "class_b",
    "wanted",
    "direct",
    "relayed_udp",
    "relayed_tcp",
    "relayed_tls",
    "failed",
    "setup_time_mean_ms",
];

/// Writes `connections.csv`: cells in the order of the experiment, then seeds, then pairs of classes.
///
/// # Errors
/// When `to` refuses.
pub fn connections_csv(results: &Results<'_>, to: &mut dyn Write) -> io::Result<()> {
    let axes = AxisColumns::new(results.experiment, &COLUMNS);
    let [topology, rest @ ..] = COLUMNS;
    let names = axes.names().iter().map(String::as_str);
    let mut table = CsvTable::new(to, std::iter::once(topology).chain(names).chain(rest))?;
    for (cell, runs) in results.experiment.cells.iter().zip(&results.cells) {
        let place = axes.values(cell);
        for run in &runs.runs {
            let seed = run.seed.0.to_string();
            for pair in runs.pairs(run) {
                let figures = figures(&pair);
                let place = place.iter().map(String::as_str);
                let tail = [seed.as_str(), &pair.classes[0], &pair.classes[1]];
                let tail = tail.into_iter().chain(figures.iter().map(String::as_str));
                table.row(std::iter::once(cell.label.as_str()).chain(place).chain(tail))?;
            }
        }
    }
    table.finish()
}

/// Whether any replication says what became of its connections.
pub(super) fn has_connections(results: &Results<'_>) -> bool {
    results.cells.iter().any(CellRuns::has_pairs)
}

// The mean has no value where nothing opened.
fn figures(pair: &PairOpening) -> [String; 7] {
    let mean_ms = pair.setup_ns as f64 / 1e6 / pair.opened() as f64;
    let counts = [pair.wanted(), pair.direct, pair.relayed_udp, pair.relayed_tcp, pair.relayed_tls, pair.failed];
    let [wanted, direct, udp, tcp, tls, failed] = counts.map(|count| count.to_string());
    let mean = if pair.opened() > 0 { number(mean_ms) } else { String::new() };
    [wanted, direct, udp, tcp, tls, failed, mean]
}

#[cfg(test)]
mod tests {
    use super::super::content::in_memory;
    use super::super::fixture::Study;
    use super::*;
    use crate::metrics::MetricId;

    #[test]
    fn a_row_a_pair_of_classes() {
        let mut study = Study::new().cell(20, "star", MetricId::LatencyP95, &[80.5]);
        let experiment = study.experiment();
        assert!(!has_connections(&study.results(&experiment)));
        let [home, office] = ["home", "office"].map(std::sync::Arc::<str>::from);
        let open =
            PairOpening { direct: 3, relayed_tcp: 1, setup_ns: 1_000_000_000, ..PairOpening::of([&home, &office]) };
        let closed = PairOpening { failed: 2, ..PairOpening::of([&office, &office]) };
        study = study.pairs(vec![open, closed]);
        let results = study.results(&experiment);
        assert!(has_connections(&results));
        let text = String::from_utf8(in_memory(|to| connections_csv(&results, to)).expect("written")).expect("text");
        insta::assert_snapshot!(text, @r"
        topology,peers,seed,class_a,class_b,wanted,direct,relayed_udp,relayed_tcp,relayed_tls,failed,setup_time_mean_ms
        star,20,1,home,office,4,3,0,1,0,0,250
        star,20,1,office,office,2,0,0,0,0,2,
        ");
    }
}
