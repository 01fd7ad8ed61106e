//! The fewest hubs with which nobody is asked for too much, by trying: closed forms know what a hub does, and an overlay
//! that is built shows what everybody does.

use super::capacity::LOAD_MAX;

/// Among so many members every number of hubs is within a quarter of one that is tried, beyond that within a factor of two;
/// and above the second limit none is tried.
const FINELY_MAX: u32 = 5_000;
const TRIED_MAX: u32 = 100_000;
/// Numbers with which the busiest node has as little to do as with any other, to so much.
const ALIKE: f64 = 1.05;

/// Hubs that are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tried {
    pub(super) hubs: u32,
    /// Whether all take as many others, or each as its budgets have it.
    pub(super) alike: bool,
}

/// The hubs there are to be: `None` where those of the closed form do. `strain` tells how much an overlay with such hubs
/// asks of its busiest node.
///
/// That is the fewest which ask nobody for more than half of what it has. Where no number does, somebody is asked for more
/// in any case: then it is the fewest with which the busiest has the least to do.
pub(super) fn fewest_without_strain(
    members: u32,
    least: u32,
    of_closed_form: f64,
    strain: impl Fn(Tried) -> f64,
) -> Option<Tried> {
    if members > TRIED_MAX || of_closed_form <= LOAD_MAX {
        return None;
    }
    let mut tried: Vec<(Tried, f64)> = Vec::new();
    let mut hubs = least.max(1);
    // As hubs all of them would be a core without anybody to serve.
    while 2 * hubs <= members {
        let both = [false, true].map(|alike| Tried { hubs, alike }).map(|tried| (tried, strain(tried)));
        let better = if both[1].1 < both[0].1 { both[1] } else { both[0] };
        tried.push(better);
        if better.1 <= LOAD_MAX {
            break;
        }
        hubs = if members <= FINELY_MAX { hubs + (hubs / 4).max(1) } else { 2 * hubs };
    }
    let lowest = tried.iter().map(|&(_, strain)| strain).fold(of_closed_form, f64::min);
    let enough = (ALIKE * lowest).max(LOAD_MAX);
    if of_closed_form <= enough && lowest > LOAD_MAX {
        return None;
    }
    tried.into_iter().find(|&(_, strain)| strain <= enough).map(|(tried, _)| tried)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn by_budgets(hubs: u32) -> Option<Tried> {
        Some(Tried { hubs, alike: false })
    }

    #[test]
    fn the_closed_form_stands_where_it_does() {
        assert_eq!(fewest_without_strain(100, 1, 0.5, |_| 0.1), None);
        // Somebody has 80 % to do in any case.
        assert_eq!(fewest_without_strain(100, 1, 0.8, |tried| if tried.hubs == 2 { 0.78 } else { 0.8 }), None);
        assert_eq!(fewest_without_strain(1_000_000, 1, 9.0, |_| 0.1), None);
        assert_eq!(fewest_without_strain(2, 2, 3.0, |_| 0.1), None);
    }

    #[test]
    fn otherwise_the_fewest_that_suffice_or_with_which_least_is_asked() {
        assert_eq!(fewest_without_strain(100, 1, 6.0, |tried| 6.0 / f64::from(tried.hubs)), by_budgets(12));
        // Many hubs have much to do for one another: least at twenty.
        let valley = |tried: Tried| 0.5 + f64::from(tried.hubs.abs_diff(20)) / 50.0;
        assert_eq!(fewest_without_strain(1_000, 1, 9.0, valley), by_budgets(18));
        // With rooms that are all alike half of them do.
        let alike = |tried: Tried| 6.0 / f64::from(tried.hubs) / if tried.alike { 2.0 } else { 1.0 };
        assert_eq!(fewest_without_strain(100, 1, 6.0, alike), Some(Tried { hubs: 6, alike: true }));
    }
}
