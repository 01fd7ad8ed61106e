//! Which populations to measure: a coarse grid in equal ratios, then bisection of every stretch in which the lead
//! changes.
//!
//! The interval of a crossover is a test inverted: from the last population at which one topology is shown to be better
//! to the first at which the other is. A population between them is one at which the seeds do not tell. Those get more
//! seeds, doubled up to a most; the error of a false lead is divided by the number of such looks (Bonferroni), so that
//! it stays below 5 % at each population however often it is looked at.

use std::ops::Range;

use super::evidence::{Evidence, Lead, Paired};
use crate::metrics::Better;

/// What to search.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    /// The smallest population.
    pub from: u32,
    /// The largest population; above the smallest.
    pub to: u32,
    /// With how many seeds each population is measured at first; 2 or more.
    pub seeds: usize,
    /// With how many at most; no fewer.
    pub seeds_max: usize,
    /// Populations closer than this ratio are not told apart: 0.05 is 5 %.
    pub precision: f64,
    /// Which way the metric is better.
    pub better: Better,
}

/// A population that was measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// How many peers.
    pub peers: u32,
    /// Both topologies, seed by seed.
    pub pairs: Vec<Paired>,
    /// What they show.
    pub evidence: Evidence,
}

/// What a search found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// The populations that were measured, in ascending order.
    pub points: Vec<Point>,
    /// Where the lead changes, in ascending order.
    pub crossings: Vec<Crossing>,
}

/// A stretch of populations in which the lead changes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Crossing {
    /// Who is shown to be better at the lower end.
    pub below: Lead,
    /// Who is shown to be better at the upper end.
    pub above: Lead,
    /// The best guess.
    pub peers: f64,
    /// The last population at which the one below is shown to be better.
    pub low: u32,
    /// The first at which the one above is.
    pub high: u32,
}

/// As often as this a population is looked at, at most.
const LOOKS_MAX: usize = 6;
/// The error of a false lead at one population, over all looks.
pub(super) const ERROR: f64 = 0.05;
/// Neighbours of the coarse grid are about this ratio apart.
const GRID_RATIO: f64 = 2.0;
/// The grid has at least this many populations, so that a lead that goes and comes back is seen, and at most that many.
const GRID: [u32; 2] = [5, 12];
/// No more populations are measured.
const POINTS_MAX: usize = 48;
/// The ends of a stretch in which seeds do not tell are found to this share of its width, in logarithms.
const EDGE_SHARE: f64 = 0.15;

impl Plan {
    /// With how many seeds a population is measured, look by look.
    #[must_use]
    pub fn looks(&self) -> Vec<usize> {
        let mut looks = vec![self.seeds];
        while let Some(&last) = looks.last()
            && last < self.seeds_max
        {
            let is_last = looks.len() + 1 >= LOOKS_MAX;
            looks.push(if is_last { self.seeds_max } else { (2 * last).min(self.seeds_max) });
        }
        looks
    }

    /// The error that each look may make.
    #[must_use]
    pub fn level(&self) -> f64 {
        ERROR / self.looks().len() as f64
    }

    fn grid(&self) -> Vec<u32> {
        let (from, to) = (f64::from(self.from), f64::from(self.to));
        let steps = libm::ceil(libm::log(to / from) / libm::log(GRID_RATIO)) as u32;
        let last = (steps + 1).clamp(GRID[0], GRID[1]) - 1;
        let at = |step: u32| libm::round(from * libm::pow(to / from, f64::from(step) / f64::from(last))) as u32;
        let mut grid: Vec<u32> = (0..=last).map(at).collect();
        grid.dedup();
        grid
    }
}

/// Searches the crossovers of two topologies. `measure` is given a population and which of its seeds are wanted, counted
/// from zero, and gives both topologies with each of them. Its first error ends the search, and stands beside what was
/// found until then.
pub fn search<E>(
    plan: &Plan,
    measure: &mut dyn FnMut(u32, Range<usize>) -> Result<Vec<Paired>, E>,
) -> (Found, Option<E>) {
    let mut points: Vec<Point> = Vec::new();
    let mut error = None;
    // The cheapest first: whoever interrupts has something.
    let mut grid = plan.grid().into_iter();
    while error.is_none() && points.len() < POINTS_MAX {
        let Some(peers) = grid.next().or_else(|| widest_gap(plan, &points)) else { break };
        match looked_at(plan, peers, measure) {
            Ok(point) => points.insert(points.partition_point(|other| other.peers < peers), point),
            Err(found) => error = Some(found),
        }
    }
    let crossings = transitions(&points).map(|stretch| crossing(plan, stretch)).collect();
    (Found { points, crossings }, error)
}

// More seeds until a lead is shown, or there are enough.
fn looked_at<E>(
    plan: &Plan,
    peers: u32,
    measure: &mut dyn FnMut(u32, Range<usize>) -> Result<Vec<Paired>, E>,
) -> Result<Point, E> {
    let mut point = Point { peers, pairs: Vec::new(), evidence: Evidence::of(&[], plan.better, plan.level()) };
    let mut done = 0;
    for seeds in plan.looks() {
        point.pairs.extend(measure(peers, done..seeds)?);
        done = seeds;
        point.evidence = Evidence::of(&point.pairs, plan.better, plan.level());
        if point.evidence.lead != Lead::Open {
            break;
        }
    }
    Ok(point)
}

// The populations from one with a lead to the next with another; between them nothing is shown.
fn transitions(points: &[Point]) -> impl Iterator<Item = &[Point]> {
    let shown = |index: &usize| points[*index].evidence.lead != Lead::Open;
    let decided: Vec<usize> = (0..points.len()).filter(shown).collect();
    let pairs: Vec<[usize; 2]> = decided.windows(2).map(|pair| [pair[0], pair[1]]).collect();
    let differs = move |pair: &[usize; 2]| points[pair[0]].evidence.lead != points[pair[1]].evidence.lead;
    pairs.into_iter().filter(differs).map(|[from, to]| &points[from..=to])
}

// The middle, in ratios, of the widest gap that is worth looking into.
fn widest_gap(plan: &Plan, points: &[Point]) -> Option<u32> {
    let mut widest: Option<(f64, u32)> = None;
    for stretch in transitions(points) {
        let (first, last) = (&stretch[0], &stretch[stretch.len() - 1]);
        let wide = ratio(first.peers, last.peers);
        let least = if stretch.len() == 2 { 0.0 } else { EDGE_SHARE * wide }.max(libm::log(1.0 + plan.precision));
        // The inner gaps lie between populations at which nothing is shown: the ends of the stretch are what is asked.
        for edge in [&stretch[..2], &stretch[stretch.len() - 2..]] {
            let [low, high] = [edge[0].peers, edge[1].peers];
            let gap = ratio(low, high);
            if high - low > 1 && gap > least && widest.is_none_or(|(other, _)| gap > other) {
                let middle = libm::round(libm::sqrt(f64::from(low) * f64::from(high))) as u32;
                widest = Some((gap, middle.clamp(low + 1, high - 1)));
            }
        }
    }
    widest.map(|(_, peers)| peers)
}

fn ratio(low: u32, high: u32) -> f64 {
    libm::log(f64::from(high) / f64::from(low))
}

fn crossing(plan: &Plan, stretch: &[Point]) -> Crossing {
    let (first, last) = (&stretch[0], &stretch[stretch.len() - 1]);
    let (below, above) = (first.evidence.lead, last.evidence.lead);
    let middle = libm::sqrt(f64::from(first.peers) * f64::from(last.peers));
    let is_overtaking = below != Lead::NeitherWorks && above != Lead::NeitherWorks;
    let peers = if is_overtaking { interpolated(plan, stretch).unwrap_or(middle) } else { middle };
    Crossing { below, above, peers, low: first.peers, high: last.peers }
}

// Where the advantage changes its sign, on a line between the two populations around it in logarithms.
fn interpolated(plan: &Plan, stretch: &[Point]) -> Option<f64> {
    let by_value = stretch.iter().all(|point| point.evidence.all_work());
    let sign = if stretch[0].evidence.lead == Lead::First { 1.0 } else { -1.0 };
    let advantage = |point: &Point| sign * point.evidence.advantage(plan.better, by_value);
    let neighbours = stretch.windows(2).find(|pair| advantage(&pair[0]) <= 0.0 && advantage(&pair[1]) > 0.0)?;
    let [low, high] = [&neighbours[0], &neighbours[1]];
    let share = -advantage(low) / (advantage(high) - advantage(low));
    Some(f64::from(low.peers) * libm::exp(share * ratio(low.peers, high.peers)))
}
