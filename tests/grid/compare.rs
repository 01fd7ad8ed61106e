//! One cell on both grains and on the real stack, and what the differences come to.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use peerscape::metrics::{Interval, MetricId, Range, RunRecord};
use peerscape::real::replication::replicate;
use peerscape::rng::Seed;
use peerscape::scenario::{Cell, Grain, parse_str};
use peerscape::simulation::{Knowledge, simulate};

use crate::points::{Point, point};

/// Figures of one cell, one a seed.
#[derive(Clone, Debug)]
pub(crate) struct Compared {
    pub(crate) point: u64,
    pub(crate) label: String,
    pub(crate) topology: String,
    /// p95 in ms of seeds in which all three have one: message grain, packet grain, real stack.
    pub(crate) p95_ms: [Vec<f64>; 3],
    /// Delivered in percent, means.
    pub(crate) delivered: [f64; 3],
    /// Load of the busiest uplink by packets, in percent.
    pub(crate) uplink_percent: f64,
    /// What messages ask of the busiest uplink and downlink, in percent.
    pub(crate) asked_percent: [f64; 2],
    /// Whether messages say themselves that they are in doubt, in any seed.
    pub(crate) in_doubt: bool,
    /// The kinds of doubt, each once.
    pub(crate) doubts: Vec<&'static str>,
}

/// The three sides.
pub(crate) const MESSAGE: usize = 0;
pub(crate) const PACKET: usize = 1;
pub(crate) const REAL: usize = 2;

impl Compared {
    pub(crate) fn mean(&self, side: usize) -> f64 {
        let values = &self.p95_ms[side];
        values.iter().sum::<f64>() / values.len() as f64
    }

    /// How far a side is from the real stack, as a share of it.
    pub(crate) fn error(&self, side: usize) -> f64 {
        self.mean(side) / self.mean(REAL) - 1.0
    }

    /// Whether the paired 95 % interval of the difference to the real stack has zero in it.
    pub(crate) fn may_be_equal(&self, side: usize) -> bool {
        let [own, real] = [&self.p95_ms[side], &self.p95_ms[REAL]];
        let interval = Interval::of_differences(own, real, Range::NOT_NEGATIVE).expect("seeds");
        interval.ends.is_some() && !interval.excludes_zero()
    }

    /// Whether nothing is asked for more than it has, by packets.
    pub(crate) fn is_below_saturation(&self) -> bool {
        self.uplink_percent <= 98.0
    }
}

/// All cells of these points with so many seeds, two threads at work.
pub(crate) fn all(points: std::ops::Range<u64>, seeds: u64) -> Vec<Compared> {
    beside(points, |cell, seed| replicate(cell, seed, &Knowledge::of(&cell.settings)).expect("it ends").record, seeds)
}

/// The same with packets in the real stack's place, which takes a tenth of the time.
pub(crate) fn grains(points: std::ops::Range<u64>, seeds: u64) -> Vec<Compared> {
    beside(points, |cell, seed| simulate(cell, seed, &Knowledge::of(&cell.settings)).expect("it ends"), seeds)
}

fn beside(
    points: std::ops::Range<u64>,
    judge: impl Fn(&Cell, Seed) -> RunRecord + Copy + Sync,
    seeds: u64,
) -> Vec<Compared> {
    let points: Vec<Point> = points.map(point).collect();
    let cells: Vec<(&Point, Cell)> =
        points.iter().flat_map(|point| cells(point).into_iter().map(move |cell| (point, cell))).collect();
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((point, cell)) = cells.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Some(compared) = compare(point, cell, judge, seeds) {
                        println!("{}", line(&compared));
                        done.lock().expect("no panic").push((cell_key(point, cell), compared));
                    }
                }
            });
        }
    });
    let mut done = done.into_inner().expect("no panic");
    done.sort_by_key(|(key, _)| *key);
    done.into_iter().map(|(_, compared)| compared).collect()
}

fn cell_key(point: &Point, cell: &Cell) -> (u64, usize) {
    (point.nth, cell.index)
}

fn cells(point: &Point) -> Vec<Cell> {
    let experiment = parse_str("grid.toml", &point.text, Path::new(""), &[]);
    experiment.unwrap_or_else(|errors| panic!("{:?}\n{}", miette::Report::new(errors), point.text)).cells
}

// None where nothing is delivered on a side in any seed.
fn compare(point: &Point, cell: &Cell, judge: impl Fn(&Cell, Seed) -> RunRecord, seeds: u64) -> Option<Compared> {
    let of_grain = |grain: Grain| {
        let mut cell = cell.clone();
        let mut settings = (*cell.settings).clone();
        settings.run.grain = grain;
        cell.settings = settings.into();
        cell
    };
    let [by_message, by_packet] = [Grain::Message, Grain::Packet].map(of_grain);
    let runs: Vec<[RunRecord; 3]> = (1..=seeds)
        .map(|seed| {
            [
                simulate(&by_message, Seed(seed), &Knowledge::of(&by_message.settings)).expect("it ends"),
                simulate(&by_packet, Seed(seed), &Knowledge::of(&by_packet.settings)).expect("it ends"),
                judge(&by_packet, Seed(seed)),
            ]
        })
        .collect();
    let is_asked = runs.iter().any(|run| run[PACKET].values.get(MetricId::ResponseP95).is_some());
    let metric = if is_asked { MetricId::ResponseP95 } else { MetricId::LatencyP95 };
    let mut p95_ms: [Vec<f64>; 3] = Default::default();
    for run in &runs {
        if let [Some(a), Some(b), Some(c)] = [0, 1, 2].map(|side: usize| run[side].values.get(metric)) {
            [a, b, c].into_iter().zip(&mut p95_ms).for_each(|(value, values)| values.push(value));
        }
    }
    let mean = |side: usize, id: MetricId| {
        runs.iter().filter_map(|run| run[side].values.get(id)).sum::<f64>() / runs.len() as f64
    };
    let mut doubts: Vec<&str> = runs.iter().flat_map(|run| &run[MESSAGE].doubts).map(|doubt| doubt.kind).collect();
    doubts.sort_unstable();
    doubts.dedup();
    (!p95_ms[0].is_empty()).then(|| Compared {
        point: point.nth,
        label: point.label.clone(),
        topology: cell.label.clone(),
        p95_ms,
        delivered: [0, 1, 2].map(|side| mean(side, MetricId::Delivered)),
        uplink_percent: mean(PACKET, MetricId::UplinkMax),
        asked_percent: [MetricId::UplinkMax, MetricId::DownlinkMax].map(|id| mean(MESSAGE, id)),
        in_doubt: !doubts.is_empty(),
        doubts,
    })
}

/// One line of the grid's table.
pub(crate) fn line(cell: &Compared) -> String {
    format!(
        "{:3} {:24} p95 {:8.1} {:8.1} {:8.1} ms  error {:+6.1} % {:+6.1} %{}  delivered {:5.1} {:5.1} {:5.1} %  up {:5.1} % ({:.0} {:.0}){}  {}",
        cell.point,
        cell.topology,
        cell.mean(MESSAGE),
        cell.mean(PACKET),
        cell.mean(REAL),
        100.0 * cell.error(MESSAGE),
        100.0 * cell.error(PACKET),
        if cell.error(PACKET).abs() > 0.1 && !cell.may_be_equal(PACKET) { " MISS" } else { "" },
        cell.delivered[MESSAGE],
        cell.delivered[PACKET],
        cell.delivered[REAL],
        cell.uplink_percent,
        cell.asked_percent[0],
        cell.asked_percent[1],
        if cell.in_doubt { format!(" ? {}", cell.doubts.join(" ")) } else { String::new() },
        cell.label,
    )
}
