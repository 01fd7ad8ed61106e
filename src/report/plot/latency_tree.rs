//! A tree in the space of latency: how far a peer is from the middle is when it hears, and the longest way stands out.

use std::f64::consts::TAU;

use plotters::style::RGBColor;

use super::canvas::{Align, Canvas, Pen, Point, sheet};
use super::figure::line_height;
use super::style::{GRID, INK, LABEL, MARGIN, MUTED, NOTE, TITLE, colour};
use crate::report::optimised::TreeSheet;

/// Width of the sheet, and of the circle that the last peer stands on.
const SIDE: i32 = 960;
const RADIUS: i32 = SIDE / 2 - 3 * MARGIN;
/// Corners of a circle.
const CORNERS: u32 = 120;
/// About how many circles of equal time there are.
const CIRCLES: f64 = 4.0;

/// The picture as an SVG text.
#[must_use]
pub fn latency_tree(name: &str, tree: &TreeSheet) -> String {
    let top = MARGIN + line_height(TITLE) + 2 * line_height(LABEL);
    sheet((SIDE, top + SIDE), |canvas| {
        let title = format!("{name}: when each of {} peers hears", tree.peers);
        canvas.bold(&title, (MARGIN, MARGIN + line_height(TITLE) / 2), TITLE, INK, Align::Left);
        let mut y = MARGIN + line_height(TITLE) + line_height(LABEL) / 2;
        for line in [figures(tree), verdict(tree)] {
            canvas.text(&line, (MARGIN, y), LABEL, MUTED, Align::Left);
            y += line_height(LABEL);
        }
        let space = Space { middle: (SIDE / 2, top + SIDE / 2), last_ms: tree.tree.max_ms.max(f64::MIN_POSITIVE) };
        space.draw(canvas, tree);
    })
}

fn figures(tree: &TreeSheet) -> String {
    let figures = &tree.tree;
    format!(
        "largest {:.0} ms, p95 {:.0} ms, mean {:.0} ms; {} hops, {} relayed",
        figures.max_ms, figures.p95_ms, figures.mean_ms, figures.depth, figures.relayed
    )
}

fn verdict(tree: &TreeSheet) -> String {
    let least = if tree.objective == "max" { String::new() } else { format!(" of the {}", tree.objective) };
    if tree.is_proven {
        "proven: no tree within these budgets is better".to_owned()
    } else {
        format!("dashed: no tree is below {:.0} ms{least}; this one is {:.1} % above", tree.bound_ms, tree.gap_percent)
    }
}

// Time as distance from the middle.
struct Space {
    middle: Point,
    last_ms: f64,
}

impl Space {
    fn draw(&self, canvas: &mut Canvas<'_>, tree: &TreeSheet) {
        let step_ms = round_step(self.last_ms / CIRCLES);
        let circles = (1..).map(|nth| f64::from(nth) * step_ms).take_while(|&at_ms| at_ms <= self.last_ms);
        for at_ms in circles {
            canvas.line(&self.circle(at_ms), Pen::solid(GRID, 1));
            let (x, y) = self.at(at_ms, 0.0);
            canvas.text(&format!("{at_ms} ms"), (x, y - line_height(NOTE) / 2), NOTE, MUTED, Align::Centre);
        }
        if !tree.is_proven && tree.objective == "max" {
            canvas.line(&self.circle(tree.bound_ms), Pen::dashed(colour(2), 2));
        }
        let angles = angles(tree);
        let spots: Vec<Point> =
            tree.heard_ms.iter().zip(&angles).map(|(&at_ms, &angle)| self.at(at_ms, angle)).collect();
        let line = if tree.peers > 300 { RGBColor(205, 205, 205) } else { RGBColor(150, 150, 150) };
        for &(parent, child) in &tree.pairs {
            canvas.line(&[spots[parent as usize], spots[child as usize]], Pen::solid(line, 1));
        }
        let way: Vec<Point> = tree.longest_way.iter().map(|stop| spots[stop.peer as usize]).collect();
        canvas.line(&way, Pen::solid(colour(1), 4));
        let mut serves = vec![false; spots.len()];
        tree.pairs.iter().for_each(|&(parent, _)| serves[parent as usize] = true);
        for (&spot, &serves) in spots.iter().zip(&serves) {
            let (half, tone) = if serves { (4, colour(1)) } else { (2, colour(0)) };
            canvas.rectangle((spot.0 - half, spot.1 - half), (spot.0 + half, spot.1 + half), tone, 1.0);
        }
    }

    fn at(&self, at_ms: f64, angle: f64) -> Point {
        let distance = at_ms / self.last_ms * f64::from(RADIUS);
        let (x, y) = (distance * libm::sin(angle), distance * libm::cos(angle));
        (self.middle.0 + libm::round(x) as i32, self.middle.1 - libm::round(y) as i32)
    }

    fn circle(&self, at_ms: f64) -> Vec<Point> {
        (0..=CORNERS).map(|corner| self.at(at_ms, TAU * f64::from(corner) / f64::from(CORNERS))).collect()
    }
}

// One, two or five times a power of ten, at least this.
fn round_step(least: f64) -> f64 {
    let power = libm::pow(10.0, libm::floor(libm::log10(least.max(1.0))));
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|times| times * power).find(|&step| step >= least).unwrap_or(power)
}

// Each branch has a sector as wide as it has leaves; a peer stands in the middle of its own.
fn angles(tree: &TreeSheet) -> Vec<f64> {
    let peers = tree.heard_ms.len();
    let mut leaves = vec![0_u32; peers];
    // Parents stand before their children.
    let mut serves = vec![false; peers];
    tree.pairs.iter().for_each(|&(parent, _)| serves[parent as usize] = true);
    for &(parent, child) in tree.pairs.iter().rev() {
        if !serves[child as usize] {
            leaves[child as usize] = 1;
        }
        leaves[parent as usize] += leaves[child as usize];
    }
    let root = tree.pairs.first().map_or(0, |&(root, _)| root as usize);
    let mut next = vec![0.0; peers];
    let mut angles = vec![0.0; peers];
    let turn = TAU / f64::from(leaves.get(root).copied().unwrap_or(1).max(1));
    for &(parent, child) in &tree.pairs {
        let (parent, child) = (parent as usize, child as usize);
        let wide = f64::from(leaves[child]) * turn;
        angles[child] = next[parent] + wide / 2.0;
        next[child] = next[parent];
        next[parent] += wide;
    }
    angles
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round() {
        for (least, step) in [(0.3, 1.0), (7.0, 10.0), (21.0, 50.0), (74.9, 100.0), (110.0, 200.0)] {
            assert!((round_step(least) - step).abs() < 1e-9, "{least}: {}", round_step(least));
        }
    }
}
