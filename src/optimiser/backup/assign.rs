//! Orphans and slots: the assignment of most orphans, and of those the one with the least delay.

use std::collections::BTreeMap;

// What an orphan brings counts up to here, and a delay up to there: sums of them are whole numbers still.
const BRING_MAX: u32 = 15;
const COST_MAX: i64 = i64::MAX / 10_000;

/// Of each orphan which of its offers (delay, who) it takes; none where slots do not suffice. An orphan's delay counts as
/// often as its weight. As many find a slot as can; where not all do, those first that `bring` slots of their own.
pub(super) fn assign(
    offers: &[Vec<(u64, u32)>],
    weight: impl Fn(usize) -> u64,
    bring: impl Fn(usize) -> u32,
    slots: impl Fn(u32) -> u32,
) -> Vec<Option<usize>> {
    // A column for each slot, no more of one parent than there are orphans.
    let mut first_of: BTreeMap<u32, usize> = BTreeMap::new();
    let mut parent_of = Vec::new();
    for &(_, parent) in offers.iter().flatten() {
        first_of.entry(parent).or_insert_with(|| {
            let count = (slots(parent) as usize).min(offers.len());
            parent_of.extend(vec![parent; count]);
            parent_of.len() - count
        });
    }
    let real = parent_of.len();
    // No slot costs more than all delays together; each orphan has a column for that.
    let dearest = (0..offers.len()).map(|row| offers[row].last().map_or(0, |(us, _)| us * weight(row))).sum::<u64>();
    let none = i64::try_from(dearest).unwrap_or(COST_MAX).min(COST_MAX) + 1;
    let columns = real + offers.len();
    let costs: Vec<Vec<i64>> = offers
        .iter()
        .enumerate()
        .map(|(row, offers)| {
            let mut costs = vec![none * i64::from(BRING_MAX + 2); columns];
            costs[real..].fill(none * i64::from(1 + bring(row).min(BRING_MAX)));
            for &(us, parent) in offers {
                let first = first_of[&parent];
                let cost = i64::try_from(us * weight(row)).unwrap_or(none).min(none);
                let same = parent_of[first..].iter().take_while(|other| **other == parent).count();
                costs[first..first + same].fill(cost);
            }
            costs
        })
        .collect();
    let taken = hungarian(&costs);
    let choice = |(row, column): (usize, usize)| {
        let parent = *parent_of.get(column)?;
        offers[row].iter().position(|(_, other)| *other == parent)
    };
    taken.into_iter().enumerate().map(choice).collect()
}

// Of each row its column, with the least sum; at least as many columns as rows. Shortest augmenting ways with potentials.
fn hungarian(costs: &[Vec<i64>]) -> Vec<usize> {
    let columns = costs.first().map_or(0, Vec::len);
    const NOBODY: usize = usize::MAX;
    let mut of_row = vec![0_i64; costs.len()];
    let mut of_column = vec![0_i64; columns];
    let mut row_of = vec![NOBODY; columns];
    for row in 0..costs.len() {
        let mut least = vec![i64::MAX; columns];
        let mut before = vec![NOBODY; columns];
        let mut is_done = vec![false; columns];
        let (mut at_row, mut at_column) = (row, NOBODY);
        loop {
            let (mut step, mut next) = (i64::MAX, NOBODY);
            for column in (0..columns).filter(|&column| !is_done[column]) {
                let reduced = costs[at_row][column] - of_row[at_row] - of_column[column];
                if reduced < least[column] {
                    least[column] = reduced;
                    before[column] = at_column;
                }
                if least[column] < step {
                    (step, next) = (least[column], column);
                }
            }
            of_row[row] += step;
            for column in 0..columns {
                if is_done[column] {
                    of_row[row_of[column]] += step;
                    of_column[column] -= step;
                } else {
                    least[column] -= step;
                }
            }
            is_done[next] = true;
            at_column = next;
            if row_of[next] == NOBODY {
                break;
            }
            at_row = row_of[next];
        }
        // Turns the way around.
        while at_column != NOBODY {
            let previous = before[at_column];
            row_of[at_column] = if previous == NOBODY { row } else { row_of[previous] };
            at_column = previous;
        }
    }
    let mut column_of = vec![0; costs.len()];
    row_of.iter().enumerate().filter(|(_, row)| **row != NOBODY).for_each(|(column, &row)| column_of[row] = column);
    column_of
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    // The most orphans and the least delay over all ways to choose.
    fn by_search(offers: &[Vec<(u64, u32)>], left: &mut [u32; 4]) -> (usize, u64) {
        let Some((first, rest)) = offers.split_first() else { return (0, 0) };
        let (missed, us) = by_search(rest, left);
        let mut best = (missed + 1, us);
        for &(own_us, parent) in first {
            if left[parent as usize] > 0 {
                left[parent as usize] -= 1;
                let (missed, us) = by_search(rest, left);
                best = best.min((missed, us + own_us));
                left[parent as usize] += 1;
            }
        }
        best
    }

    proptest! {
        #[test]
        fn nobody_chooses_better(
            all in prop::collection::vec(prop::collection::btree_map(0_u32..4, 1_u64..50, 0..=4), 0..5),
            slots in prop::collection::vec(0_u32..3, 4),
        ) {
            let slots: [u32; 4] = slots.try_into().expect("four");
            let offers: Vec<Vec<(u64, u32)>> = all
                .iter()
                .map(|offers| {
                    let mut offers: Vec<_> = offers.iter().map(|(&parent, &us)| (us, parent)).collect();
                    offers.sort_unstable();
                    offers
                })
                .collect();
            let chosen = assign(&offers, |_| 1, |_| 0, |parent| slots[parent as usize]);
            let taken: Vec<(u64, u32)> =
                chosen.iter().zip(&offers).filter_map(|(choice, offers)| choice.map(|nth| offers[nth])).collect();
            for parent in 0..4 {
                prop_assert!(taken.iter().filter(|(_, other)| *other == parent).count() <= slots[parent as usize] as usize);
            }
            let found = (chosen.len() - taken.len(), taken.iter().map(|(us, _)| us).sum::<u64>());
            prop_assert_eq!(found, by_search(&offers, &mut slots.clone()));
        }
    }
}
