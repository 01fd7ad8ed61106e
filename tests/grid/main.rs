//! Both grains beside the real stack over a generated grid of small calls (docs/VALIDATION.md, "A generated grid").
//!
//! The whole takes most of an hour: `cargo test --release --features real --test grid -- --ignored --nocapture`. Every run of
//! the tests has a slice of it.
#![cfg(feature = "real")]

mod compare;
mod points;

use compare::{Compared, MESSAGE, PACKET, REAL};

/// Points of the whole, four cells each.
const POINTS: u64 = 60;
/// Seeds of the whole.
const SEEDS: u64 = 10;

/// What the cells come to.
#[derive(Debug)]
struct Table {
    /// Cells whose uplinks have room; the others are compared in order only.
    cells: usize,
    /// Share of cells in which packets are within 10 %, or not to be told from the stack.
    packets_within: f64,
    /// Pairs of topologies in the opposite order, by more than 10 % on both sides.
    packet_flips: Vec<String>,
    /// Share of cells that messages leave to packets.
    abstained: f64,
    /// Of the others: distances of messages in the median and at the 90th percentile.
    message_median: f64,
    message_p90: f64,
    /// Opposite orders by more than 25 % on both sides, neither cell marked.
    message_flips: Vec<String>,
}

fn table(cells: &[Compared]) -> Table {
    let share = |count: usize, of: usize| count as f64 / of.max(1) as f64;
    let below: Vec<&Compared> = cells.iter().filter(|cell| cell.is_below_saturation()).collect();
    let is_within = |cell: &&&Compared| cell.error(PACKET).abs() <= 0.10 || cell.may_be_equal(PACKET);
    let sure: Vec<&Compared> = below.iter().copied().filter(|cell| !cell.in_doubt).collect();
    let mut errors: Vec<f64> = sure.iter().map(|cell| cell.error(MESSAGE).abs()).collect();
    errors.sort_by(f64::total_cmp);
    let quantile = |share: f64| errors.get((share * errors.len() as f64) as usize).copied().unwrap_or(0.0);
    Table {
        cells: below.len(),
        packets_within: share(below.iter().filter(is_within).count(), below.len()),
        packet_flips: flips(cells, PACKET, 1.10, |_| true),
        abstained: share(below.len() - sure.len(), below.len()),
        message_median: quantile(0.5),
        message_p90: quantile(0.9),
        message_flips: flips(cells, MESSAGE, 1.25, |cell| !cell.in_doubt),
    }
}

// Pairs of one point that a side puts the other way round than the stack, by more than a ratio on both.
fn flips(cells: &[Compared], side: usize, ratio: f64, counts: impl Fn(&Compared) -> bool) -> Vec<String> {
    let mut flips = Vec::new();
    for (place, a) in cells.iter().enumerate() {
        for b in cells[place + 1..].iter().take_while(|b| b.point == a.point) {
            let by = |side: usize| a.mean(side) / b.mean(side);
            let is_flip = (by(side) > ratio && by(REAL) < 1.0 / ratio) || (by(side) < 1.0 / ratio && by(REAL) > ratio);
            if is_flip && counts(a) && counts(b) {
                flips.push(format!(
                    "{} {} / {}: {:.2}, really {:.2}",
                    a.label,
                    a.topology,
                    b.topology,
                    by(side),
                    by(REAL)
                ));
            }
        }
    }
    flips
}

/// Bounds stated before the first run of the grid.
fn check(cells: &[Compared]) {
    let table = table(cells);
    println!("{} cells, {} of them below saturation: {table:#?}", cells.len(), table.cells);
    assert!(table.packets_within >= 0.95, "{table:#?}");
    assert!(table.packet_flips.is_empty(), "{table:#?}");
    assert!(table.message_median <= 0.15 && table.message_p90 <= 0.40, "{table:#?}");
    assert!(table.abstained <= 0.20, "{table:#?}");
    assert!(table.message_flips.is_empty(), "{table:#?}");
}

/// Every twelfth point, few seeds. The whole misses its bounds today (docs/VALIDATION.md); this holds what holds, so that
/// what goes off by a lot fails here.
#[test]
fn a_slice_of_the_grid_holds() {
    let cells: Vec<Compared> = [0, 12, 24].into_iter().flat_map(|first| compare::all(first..first + 1, 3)).collect();
    assert!(cells.len() >= 9, "{} cells", cells.len());
    let table = table(&cells);
    println!("{table:#?}");
    assert!(table.packets_within >= 0.90, "{table:#?}");
    assert!(table.packet_flips.is_empty(), "{table:#?}");
}

/// The whole: for the night. `GRID=0..20` takes a part of the points.
#[test]
#[ignore = "takes most of an hour with optimisation"]
fn the_whole_grid_holds() {
    let range = std::env::var("GRID").unwrap_or_else(|_| format!("0..{POINTS}"));
    let (from, to) = range.split_once("..").expect("from..to");
    let [from, to] = [from, to].map(|end| end.parse::<u64>().expect("a number"));
    check(&compare::all(from..to, SEEDS));
}

/// Messages beside packets alone, for whoever works on message grain: minutes. `SEEDS=10` takes more than three seeds.
#[test]
#[ignore = "takes minutes with optimisation"]
fn messages_beside_packets() {
    let seeds = std::env::var("SEEDS").map_or(3, |seeds| seeds.parse().expect("a number"));
    let cells = compare::grains(0..POINTS, seeds);
    println!("{:#?}", table(&cells));
}
