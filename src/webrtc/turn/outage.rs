//! When which TURN server is out of order.
//!
//! A server that fails takes its allocations with it; when it is back, it begins anew.

use super::TurnIndex;
use crate::units::SimTime;

/// A time in which a server does not work; `until` does not belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OutageWindow {
    /// When it fails.
    pub from: SimTime,
    /// When it works again.
    pub until: SimTime,
}

/// The outages of every server, in the order of time, without overlaps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outages {
    windows: Vec<Vec<OutageWindow>>,
}

impl Outages {
    /// The outages of servers; those of one server that touch are one.
    #[must_use]
    pub fn new(servers: usize, outages: &[(TurnIndex, OutageWindow)]) -> Self {
        let mut windows = vec![Vec::new(); servers];
        for &(server, window) in outages {
            if window.from < window.until {
                windows[usize::from(server)].push(window);
            }
        }
        Self { windows: windows.into_iter().map(merged).collect() }
    }

    /// Whether no server ever fails.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.windows.iter().all(Vec::is_empty)
    }

    /// The outages of a server.
    #[inline]
    #[must_use]
    pub fn of(&self, server: TurnIndex) -> &[OutageWindow] {
        self.windows.get(usize::from(server)).map_or(&[], Vec::as_slice)
    }

    /// From when on, `at` or later, a server works.
    #[must_use]
    pub fn works_from(&self, server: TurnIndex, at: SimTime) -> SimTime {
        self.during(server, at).map_or(at, |window| window.until)
    }

    /// The outage of a server at a time.
    #[inline]
    #[must_use]
    pub fn during(&self, server: TurnIndex, at: SimTime) -> Option<OutageWindow> {
        self.first_after(server, at).filter(|window| window.from <= at)
    }

    /// The first outage of a server that is not over at a time.
    #[inline]
    #[must_use]
    pub fn first_after(&self, server: TurnIndex, at: SimTime) -> Option<OutageWindow> {
        let windows = self.of(server);
        windows.get(windows.partition_point(|window| window.until <= at)).copied()
    }
}

fn merged(mut windows: Vec<OutageWindow>) -> Vec<OutageWindow> {
    windows.sort_unstable();
    let mut merged: Vec<OutageWindow> = Vec::with_capacity(windows.len());
    for window in windows {
        match merged.last_mut().filter(|last| window.from <= last.until) {
            Some(last) => last.until = last.until.max(window.until),
            None => merged.push(window),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: u64) -> SimTime {
        SimTime::from_ns(s * 1_000_000_000)
    }

    fn window(from: u64, until: u64) -> OutageWindow {
        OutageWindow { from: at(from), until: at(until) }
    }

    #[test]
    fn windows_that_touch_are_one_and_ends_do_not_belong() {
        let outages = [(1, window(30, 40)), (1, window(5, 10)), (1, window(10, 12)), (1, window(7, 8))];
        let outages = Outages::new(2, &outages);
        assert_eq!(outages.of(1), [window(5, 12), window(30, 40)]);
        assert_eq!(outages.of(0), []);
        assert_eq!(outages.during(1, at(4)), None);
        assert_eq!(outages.during(1, at(5)), Some(window(5, 12)));
        assert_eq!(outages.during(1, at(12)), None);
        assert_eq!(outages.works_from(1, at(31)), at(40));
        assert_eq!(outages.works_from(1, at(40)), at(40));
        assert_eq!(outages.first_after(1, at(12)), Some(window(30, 40)));
        assert_eq!(outages.first_after(1, at(40)), None);
    }

    #[test]
    fn an_outage_without_length_is_none() {
        assert!(Outages::new(1, &[(0, window(3, 3))]).is_empty());
    }
}
