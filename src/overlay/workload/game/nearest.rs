//! The nearest neighbours of every point in a square, by a grid: the cells around a point are searched ring by ring until
//! nothing outside can be nearer. Whole numbers throughout; points equally far come by their numbers.

/// Of each point, the `count` others that are nearest to it, the nearest first. Coordinates are below `side`.
pub(super) fn all(points: &[[u32; 2]], count: usize, side: u32) -> Vec<Vec<u32>> {
    let grid = Grid::new(points, count, side);
    (0..points.len() as u32).map(|point| grid.nearest(point, count)).collect()
}

struct Grid<'a> {
    points: &'a [[u32; 2]],
    /// Points by cell, row by row.
    cells: Vec<Vec<u32>>,
    /// Cells on a side, and the side of one.
    across: u32,
    width: u32,
}

impl<'a> Grid<'a> {
    // About as many points a cell as are looked for.
    fn new(points: &'a [[u32; 2]], count: usize, side: u32) -> Self {
        let across = (points.len() / count.max(1)).isqrt().clamp(1, side as usize) as u32;
        let width = side.div_ceil(across);
        let mut grid = Self { points, cells: vec![Vec::new(); (across * across) as usize], across, width };
        for (&point, number) in points.iter().zip(0..) {
            let [column, row] = grid.cell(point);
            grid.cells[(row * across + column) as usize].push(number);
        }
        grid
    }

    fn cell(&self, point: [u32; 2]) -> [u32; 2] {
        point.map(|coordinate| (coordinate / self.width).min(self.across - 1))
    }

    fn nearest(&self, own: u32, count: usize) -> Vec<u32> {
        let point = self.points[own as usize];
        let mut found: Vec<(u64, u32)> = Vec::new();
        for ring in 0..self.across {
            for cell in self.ring(self.cell(point), ring) {
                let others = self.cells[cell].iter().filter(|&&other| other != own);
                found.extend(others.map(|&other| (square_of_distance(point, self.points[other as usize]), other)));
            }
            found.sort_unstable();
            found.truncate(count);
            // What lies in no ring so far is at least this far away.
            let beyond = u64::from(ring) * u64::from(self.width);
            if found.len() == count && found.last().is_none_or(|&(square, _)| square <= beyond * beyond) {
                break;
            }
        }
        found.into_iter().map(|(_, other)| other).collect()
    }

    // The cells whose row or column is `ring` away and none is further.
    fn ring(&self, [column, row]: [u32; 2], ring: u32) -> impl Iterator<Item = usize> {
        let across = self.across;
        let span = move |middle: u32| middle.saturating_sub(ring)..=(middle + ring).min(across - 1);
        let cells = span(row).flat_map(move |r| span(column).map(move |c| [c, r]));
        let is_on_ring = move |[c, r]: &[u32; 2]| c.abs_diff(column).max(r.abs_diff(row)) == ring;
        cells.filter(is_on_ring).map(move |[c, r]| (r * across + c) as usize)
    }
}

fn square_of_distance([x, y]: [u32; 2], [other_x, other_y]: [u32; 2]) -> u64 {
    let square = |a: u32, b: u32| u64::from(a.abs_diff(b)).pow(2);
    square(x, other_x) + square(y, other_y)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// As if all distances were sorted.
        #[test]
        fn the_grid_finds_the_nearest(points in prop::collection::vec([0_u32..1_000, 0_u32..1_000], 1..80), count in 1_usize..12) {
            let by_sorting = |own: u32| {
                let distance = |other: u32| square_of_distance(points[own as usize], points[other as usize]);
                let mut others: Vec<u32> = (0..points.len() as u32).filter(|&other| other != own).collect();
                others.sort_by_key(|&other| (distance(other), other));
                others.truncate(count);
                others
            };
            let found = all(&points, count, 1_000);
            prop_assert_eq!(found, (0..points.len() as u32).map(by_sorting).collect::<Vec<_>>());
        }
    }
}
