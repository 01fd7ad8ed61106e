//! Max-min fair rates that follow changes.
//!
//! An allocation is max-min fair exactly if every flow is limited by its cap, or by a link that is full and on
//! which no flow has a larger rate for its weight (Bertsekas and Gallager, section 6.5.2). So the levels of the
//! links say all: a flow has `w min(L_up, L_down, cap / w)`, and levels that solve every link's equation
//! (`level.rs`) give the only such allocation.
//!
//! After a change the links concerned are solved anew. A link whose level moves from `a` to `b` concerns a
//! neighbour only if that one's level is above the lower of the two: below it the flow between them counts the
//! same. Links wait in a queue, first in, first out, until no level moves. That ends: of the links that are not yet
//! right, the one with the lowest level hangs on no other, so each round through the queue sets at least one for
//! good. Levels are not approached but solved, so what ends is exact but for rounding.
//!
//! A link that limits nobody keeps the sum of what its flows ask for and is only solved when that reaches its
//! capacity. What a change costs is therefore in proportion to the flows of links whose level changes.

use super::level::{Member, Terms, least, solve};
use super::table::{ENDS, Flow, Table, downlink, uplink};
use super::{FlowId, FlowSpec, bps};
use crate::units::Bitrate;

/// Levels that differ by less, relatively, are one. Far above rounding errors, far below what anybody sees.
const TOLERANCE: f64 = 1e-12;

/// The sum of demands may have drifted by this share of a link's capacity before it is computed anew; with
/// rounding errors of `2^-53` each it takes more than `DEMAND_CHANGES_MAX` changes.
const DEMAND_SLACK: f64 = 1e-11;
const DEMAND_CHANGES_MAX: u32 = 1 << 14;

/// Max-min fair rates of flows over access links.
///
/// Changes are cheap and only noted; [`settle`](Self::settle) then computes the rates, so changes of one moment
/// are worked off together.
#[derive(Clone, Debug, Default)]
pub struct FairShares {
    pub(super) table: Table,
    pub(super) links: Vec<Link>,
    /// The level of every link.
    pub(super) levels: Vec<f64>,
    /// The levels when rates were last settled.
    pub(super) settled: Vec<f64>,
    queue: Queue,
    /// Links whose level has moved since rates were last settled.
    pub(super) moved: Vec<u32>,
    /// Flows that came or were changed since then; some may have ended.
    pub(super) fresh: Vec<u32>,
    changed: Vec<FlowId>,
}

#[derive(Clone, Debug)]
pub(super) struct Link {
    capacity: f64,
    /// `sum w c` of a link that limits nobody, and how often it has been changed in place.
    demand: f64,
    demand_changes: u32,
    /// How many of its flows have a weight or a cap.
    pub(super) special: u32,
    has_moved: bool,
}

/// Links to be solved, in order, each once.
#[derive(Clone, Debug, Default)]
struct Queue {
    links: Vec<u32>,
    is_in: Vec<bool>,
}

impl FairShares {
    /// No hosts and no flows.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a host with an access link and returns its number; a rate that is not given does not limit.
    pub fn add_host(&mut self, up: Option<Bitrate>, down: Option<Bitrate>) -> u32 {
        let host = self.links.len() as u32 / 2;
        for rate in [up, down] {
            self.links.push(Link { capacity: bps(rate), demand: 0.0, demand_changes: 0, special: 0, has_moved: false });
            self.queue.is_in.push(false);
            self.levels.push(f64::INFINITY);
            self.settled.push(f64::INFINITY);
            self.table.members.push(Vec::new());
        }
        host
    }

    /// Adds a flow.
    ///
    /// # Panics
    /// When there are no such hosts, or the weight is not positive and finite.
    pub fn add(&mut self, spec: &FlowSpec) -> FlowId {
        assert!(spec.weight > 0.0 && spec.weight.is_finite(), "a weight of {}", spec.weight);
        let terms = Terms { weight: spec.weight, limit: bps(spec.cap) / spec.weight };
        let id = self.table.insert(spec, terms);
        self.freshen(id);
        self.count_special(id, 1);
        self.demand_moves(id, 1.0);
        FlowId(id)
    }

    /// Removes a flow.
    ///
    /// # Panics
    /// When there is no such flow.
    pub fn remove(&mut self, flow: FlowId) {
        _ = self.row(flow);
        self.demand_moves(flow.0, -1.0);
        self.count_special(flow.0, -1);
        self.table.remove(flow.0);
    }

    /// Gives a flow another cap, or none.
    ///
    /// # Panics
    /// When there is no such flow.
    pub fn set_cap(&mut self, flow: FlowId, cap: Option<Bitrate>) {
        let Flow { links, terms, .. } = *self.row(flow);
        self.count_special(flow.0, -1);
        self.table.flows[flow.index()].terms.limit = bps(cap) / terms.weight;
        self.count_special(flow.0, 1);
        self.freshen(flow.0);
        links.into_iter().for_each(|link| self.queue.push(link));
    }

    /// Changes the capacity of a host's uplink.
    ///
    /// # Panics
    /// When there is no such host.
    pub fn set_up(&mut self, host: u32, rate: Option<Bitrate>) {
        self.set_capacity(uplink(host), rate);
    }

    /// Changes the capacity of a host's downlink.
    ///
    /// # Panics
    /// When there is no such host.
    pub fn set_down(&mut self, host: u32, rate: Option<Bitrate>) {
        self.set_capacity(downlink(host), rate);
    }

    /// Computes the rates after all changes so far. Returns the flows that are new or whose rate differs from when
    /// rates were last settled, each once, in an order that depends on nothing but the calls so far.
    pub fn settle(&mut self) -> &[FlowId] {
        self.solve();
        self.changed.clear();
        for at in 0..self.moved.len() {
            let link = self.moved[at];
            for at in 0..self.table.members[link as usize].len() {
                let member = self.table.members[link as usize][at];
                self.note_if_changed(link, member);
            }
        }
        for &id in &self.fresh {
            let flow = &mut self.table.flows[id as usize];
            if std::mem::take(&mut flow.fresh) {
                self.changed.push(FlowId(id));
            }
        }
        self.commit();
        &self.changed
    }

    /// The rate of a flow in bit/s, as of the last time that rates were settled; infinite if nothing limits it.
    ///
    /// # Panics
    /// When there is no such flow.
    #[must_use]
    pub fn rate(&self, flow: FlowId) -> f64 {
        let Flow { links: [up, down], terms: Terms { weight, limit }, .. } = *self.row(flow);
        weight * least(least(self.settled[up as usize], self.settled[down as usize]), limit)
    }

    /// The weight of a flow.
    ///
    /// # Panics
    /// When there is no such flow.
    #[must_use]
    pub fn weight(&self, flow: FlowId) -> f64 {
        self.row(flow).terms.weight
    }

    /// How many hosts there are.
    #[must_use]
    pub const fn hosts(&self) -> u32 {
        self.links.len() as u32 / 2
    }
}

impl FairShares {
    fn row(&self, flow: FlowId) -> &Flow {
        let row = &self.table.flows[flow.index()];
        assert!(row.alive, "flow {} has ended", flow.0);
        row
    }

    fn freshen(&mut self, id: u32) {
        if !std::mem::replace(&mut self.table.flows[id as usize].fresh, true) {
            self.fresh.push(id);
        }
    }

    fn set_capacity(&mut self, link: u32, rate: Option<Bitrate>) {
        self.links[link as usize].capacity = bps(rate);
        self.queue.push(link);
    }

    /// A flow that comes or goes changes what is asked of its links.
    fn demand_moves(&mut self, id: u32, sign: f64) {
        let Flow { links, terms, .. } = self.table.flows[id as usize];
        for end in ENDS {
            let demand = terms.weight * least(self.levels[links[1 - end] as usize], terms.limit);
            let limits = self.levels[links[end] as usize] < f64::INFINITY;
            let row = &mut self.links[links[end] as usize];
            if limits || !row.bears(sign * demand) {
                self.queue.push(links[end]);
            }
        }
    }

    fn count_special(&mut self, id: u32, by: i32) {
        let Flow { links, terms, .. } = self.table.flows[id as usize];
        if !terms.is_plain() {
            for link in links {
                let special = &mut self.links[link as usize].special;
                *special = special.checked_add_signed(by).expect("invariant: only members are counted");
            }
        }
    }

    /// Notes a member of a link that has moved, unless its rate is what it was or it is noted otherwise.
    fn note_if_changed(&mut self, link: u32, member: Member) {
        let is_noted_there = self.links[member.other as usize].has_moved && link % 2 == 1;
        let Flow { terms: Terms { limit, .. }, fresh, .. } = self.table.flows[member.flow()];
        if is_noted_there || fresh {
            return;
        }
        let rate = |levels: &[f64]| least(least(levels[link as usize], levels[member.other as usize]), limit);
        if differ(rate(&self.settled), rate(&self.levels)) {
            self.changed.push(FlowId(member.flow() as u32));
        }
    }

    /// Whether changes wait for their rates.
    #[inline]
    pub(super) fn is_unsettled(&self) -> bool {
        !(self.queue.links.is_empty() && self.fresh.is_empty())
    }

    /// Solves links until no level moves.
    pub(super) fn solve(&mut self) {
        let mut at = 0;
        while let Some(&link) = self.queue.links.get(at) {
            at += 1;
            self.queue.is_in[link as usize] = false;
            self.solve_link(link);
        }
        self.queue.links.clear();
    }

    /// What `solve` found is what rates are from now on.
    pub(super) fn commit(&mut self) {
        for &link in &self.moved {
            self.settled[link as usize] = self.levels[link as usize];
            self.links[link as usize].has_moved = false;
        }
        self.moved.clear();
        self.fresh.clear();
    }

    fn solve_link(&mut self, link: u32) {
        let (row, before) = (&mut self.links[link as usize], self.levels[link as usize]);
        let mut after = f64::INFINITY;
        if row.capacity < f64::INFINITY {
            let (members, levels, flows) = (&self.table.members[link as usize], &self.levels, &self.table.flows);
            let solution = if row.special == 0 {
                solve(row.capacity, members, levels, before, |_| Terms::PLAIN)
            } else {
                solve(row.capacity, members, levels, before, |member| flows[member.flow()].terms)
            };
            after = solution.level;
            (row.demand, row.demand_changes) = (solution.demand, 0);
        }
        if !differ(before, after) {
            return;
        }
        if !std::mem::replace(&mut row.has_moved, true) {
            self.moved.push(link);
        }
        self.levels[link as usize] = after;
        if self.links[link as usize].special == 0 {
            self.tell_neighbours(link, before, after, |_, _| Terms::PLAIN);
        } else {
            self.tell_neighbours(link, before, after, |flows, member| flows[member.flow()].terms);
        }
    }

    /// A link's level has moved: queues the links that have to be solved for it.
    #[inline(always)]
    fn tell_neighbours(&mut self, link: u32, before: f64, after: f64, terms: impl Fn(&[Flow], &Member) -> Terms) {
        for member in &self.table.members[link as usize] {
            let Terms { weight, limit } = terms(&self.table.flows, member);
            let (before, after) = (least(before, limit), least(after, limit));
            let level = self.levels[member.other as usize];
            // Below the lower of the two the flow counts the same as before.
            if level <= least(before, after) || before.to_bits() == after.to_bits() {
                continue;
            }
            if level < f64::INFINITY || !self.links[member.other as usize].bears(weight * (after - before)) {
                self.queue.push(member.other);
            }
        }
    }
}

impl Queue {
    #[inline(always)]
    fn push(&mut self, link: u32) {
        if !std::mem::replace(&mut self.is_in[link as usize], true) {
            self.links.push(link);
        }
    }
}

impl Link {
    /// Changes the demand of a link that limits nobody. Whether it still limits nobody for sure.
    #[inline]
    fn bears(&mut self, change: f64) -> bool {
        if self.capacity == f64::INFINITY {
            return true;
        }
        // Not a number, or infinite, where an unlimited flow comes or goes: then it is for the solver.
        self.demand += change;
        self.demand_changes += 1;
        self.demand <= self.capacity * (1.0 - DEMAND_SLACK) && self.demand_changes <= DEMAND_CHANGES_MAX
    }
}

/// Whether two levels are not one but for rounding.
#[inline]
fn differ(a: f64, b: f64) -> bool {
    (a - b).abs() > TOLERANCE * least(a, b)
}
