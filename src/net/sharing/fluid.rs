//! Bulk flows that progress at max-min fair rates, and when they end.
//!
//! Between two changes rates are constant, so a flow's end is its work left over its rate. Flows that one link
//! limits are a group (`group.rs`): when a level moves, one time is computed anew and not one for each flow.
//!
//! Times are integer nanoseconds: a flow ends at the first nanosecond at which all of it has been sent, where a
//! thousandth of a nanosecond counts as rounding. So nothing ends early, and a link loses less than a nanosecond's
//! worth to each flow that ends.

use super::agenda::Agenda;
use super::group::{BIT, Group, Home, Progress, done_ns};
use super::level::least;
use super::table::uplink;
use super::{FairShares, FlowId, FlowSpec, LinkState};
use crate::units::{Bitrate, ByteCount, SimTime};

/// Flows of a size over access links with max-min fair rates.
///
/// Time is told: calls must be in its order, and none may be later than the next completion before that has been
/// taken with [`complete_next`](Self::complete_next).
#[derive(Clone, Debug, Default)]
pub struct FluidFlows {
    shares: FairShares,
    now_ns: u64,
    /// By flow.
    progress: Vec<Progress>,
    /// By link.
    groups: Vec<Group>,
    /// Groups whose next end has to be computed anew.
    stale: Vec<u32>,
    agenda: Agenda,
    completed: Vec<FlowId>,
    /// Links whose level has moved since somebody asked, if anybody does.
    watched: Option<Vec<u32>>,
}

impl FluidFlows {
    /// No hosts and no flows, at the start of time.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a host with an access link and returns its number; a rate that is not given does not limit.
    pub fn add_host(&mut self, up: Option<Bitrate>, down: Option<Bitrate>) -> u32 {
        let host = self.shares.add_host(up, down);
        self.groups.resize_with(2 * self.shares.hosts() as usize, Group::default);
        host
    }

    /// Starts a flow. One without bytes, or that nothing limits, ends in the same instant.
    ///
    /// # Panics
    /// As [`FairShares::add`] does, and when `now` is out of order.
    pub fn start(&mut self, now: SimTime, spec: &FlowSpec, size: ByteCount) -> FlowId {
        self.go_to(now);
        let flow = self.shares.add(spec);
        if flow.index() >= self.progress.len() {
            self.progress.resize(flow.index() + 1, Progress::default());
        }
        let work = size.get() as f64 * 8.0 * BIT / spec.weight;
        self.progress[flow.index()] = Progress::begin(work, self.now_ns);
        flow
    }

    /// Ends a flow before its time; returns how many bytes of it are left, rounded up.
    ///
    /// # Panics
    /// When there is no such flow, or `now` is out of order.
    pub fn stop(&mut self, now: SimTime, flow: FlowId) -> ByteCount {
        let left = self.left(now, flow);
        match self.progress[flow.index()].home {
            Home::None => {}
            Home::Link(link) => {
                self.groups[link as usize].leave(flow.0, &mut self.progress);
                self.reschedule(link);
            }
            Home::Own => self.agenda.remove(own_slot(flow.0)),
        }
        self.shares.remove(flow);
        left
    }

    /// Gives a flow another cap, or none.
    ///
    /// # Panics
    /// When there is no such flow, or `now` is out of order.
    pub fn set_cap(&mut self, now: SimTime, flow: FlowId, cap: Option<Bitrate>) {
        self.go_to(now);
        self.shares.set_cap(flow, cap);
    }

    /// Changes the capacity of a host's uplink.
    ///
    /// # Panics
    /// When there is no such host, or `now` is out of order.
    pub fn set_up(&mut self, now: SimTime, host: u32, rate: Option<Bitrate>) {
        self.go_to(now);
        self.shares.set_up(host, rate);
    }

    /// Changes the capacity of a host's downlink.
    ///
    /// # Panics
    /// When there is no such host, or `now` is out of order.
    pub fn set_down(&mut self, now: SimTime, host: u32, rate: Option<Bitrate>) {
        self.go_to(now);
        self.shares.set_down(host, rate);
    }

    /// When the next flow ends if nothing changes before; `None` if all flows stand still or there are none.
    #[inline]
    pub fn next_completion(&mut self) -> Option<SimTime> {
        self.settle();
        let (time_ns, _) = self.agenda.first()?;
        (time_ns < u64::MAX).then_some(SimTime::from_ns(time_ns))
    }

    /// If a flow ends at or before `until`: goes to the time of the next end, and returns it with all flows that
    /// end at that nanosecond, in the order of their numbers. They exist no more.
    pub fn complete_next(&mut self, until: SimTime) -> Option<(SimTime, &[FlowId])> {
        let time = self.next_completion().filter(|&time| time <= until)?;
        self.now_ns = time.as_ns();
        self.completed.clear();
        while let Some((time_ns, slot)) = self.agenda.first()
            && time_ns == self.now_ns
        {
            let flow = self.take_first(slot);
            self.shares.remove(flow);
            self.completed.push(flow);
        }
        self.completed.sort_unstable();
        Some((time, &self.completed))
    }

    /// From now on notes links that begin or cease to limit flows, or limit them to another rate.
    pub fn watch(&mut self) {
        self.watched = Some(Vec::new());
    }

    /// What has been noted since the last time, as it is now; a link may be there more than once.
    pub fn take_noted(&mut self) -> impl Iterator<Item = LinkState> {
        self.settle();
        let links = self.watched.as_mut().map(std::mem::take).unwrap_or_default();
        links.into_iter().map(|link| LinkState {
            host: link / 2,
            is_up: link == uplink(link / 2),
            is_full: self.shares.levels[link as usize] < f64::INFINITY,
        })
    }

    /// The rate of a flow in bit/s from now on; infinite if nothing limits it.
    ///
    /// # Panics
    /// When there is no such flow.
    #[must_use]
    pub fn rate(&mut self, flow: FlowId) -> f64 {
        self.settle();
        self.shares.rate(flow)
    }

    /// How many bytes of a flow are left, rounded up.
    ///
    /// # Panics
    /// When there is no such flow, or `now` is out of order.
    pub fn left(&mut self, now: SimTime, flow: FlowId) -> ByteCount {
        self.go_to(now);
        let (weight, progress) = (self.shares.weight(flow), &self.progress[flow.index()]);
        let work = match progress.home {
            Home::Link(link) => self.groups[link as usize].left(progress, self.now_ns),
            Home::None | Home::Own => progress.left(self.now_ns),
        };
        // A thousandth of a byte counts as rounding.
        ByteCount::new((work * weight / (8.0 * BIT) - 1e-3).max(0.0).ceil() as u64)
    }

    /// The time of the last call.
    #[must_use]
    pub const fn now(&self) -> SimTime {
        SimTime::from_ns(self.now_ns)
    }
}

/// A link's group, and a flow on its own, in the agenda.
const fn group_slot(link: u32) -> u32 {
    2 * link
}

const fn own_slot(flow: u32) -> u32 {
    2 * flow + 1
}

impl FluidFlows {
    fn go_to(&mut self, now: SimTime) {
        let now_ns = now.as_ns();
        if now_ns == self.now_ns {
            return;
        }
        assert!(now_ns > self.now_ns, "{now} is before the last call at {}", self.now());
        self.settle();
        let next_ns = self.agenda.first().map_or(u64::MAX, |(time_ns, _)| time_ns);
        assert!(now_ns <= next_ns, "flows that end before {now} have not been taken");
        self.now_ns = now_ns;
    }

    /// Takes the flow out that made a slot of the agenda due.
    fn take_first(&mut self, slot: u32) -> FlowId {
        if slot % 2 == 1 {
            self.agenda.remove(slot);
            return FlowId(slot / 2);
        }
        let group = &mut self.groups[slot as usize / 2];
        let (_, flow) = group.first().expect("invariant: a group in the agenda has flows");
        group.leave(flow, &mut self.progress);
        self.reschedule(slot / 2);
        FlowId(flow)
    }

    /// Puts the next end of a group into the agenda.
    fn reschedule(&mut self, link: u32) {
        match self.groups[link as usize].first() {
            Some((time_ns, _)) => self.agenda.set(group_slot(link), time_ns),
            None => self.agenda.remove(group_slot(link)),
        }
    }

    /// Brings rates up to date with all changes so far.
    #[inline]
    fn settle(&mut self) {
        if self.shares.is_unsettled() {
            self.settle_changes();
        }
    }

    fn settle_changes(&mut self) {
        self.shares.solve();
        if let Some(watched) = &mut self.watched {
            watched.extend_from_slice(&self.shares.moved);
        }
        for at in 0..self.shares.moved.len() {
            let link = self.shares.moved[at];
            self.touch(link);
            self.groups[link as usize].level = self.shares.levels[link as usize];
        }
        for at in 0..self.shares.moved.len() {
            let link = self.shares.moved[at];
            let plain = self.shares.links[link as usize].special == 0;
            for place in 0..self.shares.table.members[link as usize].len() {
                let member = self.shares.table.members[link as usize][place];
                let limit = if plain { f64::INFINITY } else { self.shares.table.flows[member.flow()].terms.limit };
                let home = home(link, member.other, limit, &self.shares.levels);
                if member.is_here() != (home == Home::Link(link)) {
                    self.rehome(member.flow() as u32, limit, home);
                }
            }
        }
        for at in 0..self.shares.fresh.len() {
            self.rehome_fresh(self.shares.fresh[at]);
        }
        while let Some(link) = self.stale.pop() {
            self.groups[link as usize].is_stale = false;
            self.reschedule(link);
        }
        self.shares.commit();
    }

    /// Brings a group's count up to now, and has its next end computed anew later.
    #[inline]
    fn touch(&mut self, link: u32) {
        let group = &mut self.groups[link as usize];
        if !std::mem::replace(&mut group.is_stale, true) {
            group.advance(self.now_ns);
            self.stale.push(link);
        }
    }

    fn rehome_fresh(&mut self, id: u32) {
        let row = &mut self.shares.table.flows[id as usize];
        if !std::mem::take(&mut row.fresh) {
            return;
        }
        let (limit, [up, other]) = (row.terms.limit, row.links);
        self.rehome(id, limit, home(up, other, limit, &self.shares.levels));
    }

    /// Moves a flow to what limits it now.
    fn rehome(&mut self, flow: u32, limit: f64, home: Home) {
        let before = self.progress[flow as usize].home;
        let work = match before {
            Home::Link(link) => {
                if home == before {
                    return;
                }
                self.touch(link);
                self.shares.table.set_here(flow, link, false);
                self.groups[link as usize].leave(flow, &mut self.progress)
            }
            Home::Own | Home::None => self.progress[flow as usize].left(self.now_ns),
        };
        if before == Home::Own && home != before {
            self.agenda.remove(own_slot(flow));
        }
        self.progress[flow as usize].home = home;
        if let Home::Link(link) = home {
            self.touch(link);
            self.shares.table.set_here(flow, link, true);
            self.groups[link as usize].join(flow, work, &mut self.progress);
        } else {
            let progress = &mut self.progress[flow as usize];
            (progress.work, progress.level, progress.since_ns) = (work, limit, self.now_ns);
            self.agenda.set(own_slot(flow), done_ns(self.now_ns, work, limit));
        }
    }
}

/// What limits a member of `link` at these levels; the uplink if both links do.
#[inline(always)]
fn home(link: u32, other: u32, limit: f64, levels: &[f64]) -> Home {
    let (here, there) = (levels[link as usize], levels[other as usize]);
    if limit <= least(here, there) {
        Home::Own
    } else if here < there || (here <= there && link == uplink(link / 2)) {
        Home::Link(link)
    } else {
        Home::Link(other)
    }
}
