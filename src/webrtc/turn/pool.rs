//! The TURN servers at work: who is given an allocation where and when, and who is refused.
//!
//! A value without clock or network: each call is told the time, which never goes back. What a
//! server is asked passes its token bucket; what it holds is limited by its ports; an outage takes
//! all its allocations; the policy chooses, and opens and closes servers if it does that.

use super::policy::{Candidate, Choice, Condition, PolicyEntry};
use super::{DynamicSpec, Outages, TokenBucket, Transports, TurnIndex, TurnSpec};
use crate::units::{Frequency, SimDuration, SimTime};
use crate::webrtc::setup::RelayTransport;

/// TURN servers and their allocations.
#[derive(Clone, Debug)]
pub struct TurnPool {
    servers: Vec<Server>,
    policy: &'static PolicyEntry,
    dynamic: DynamicSpec,
    outages: Outages,
    // Whether any server ever is.
    may_be_down: bool,
    // The first outage that has not begun, of any server; the end of time if none is to come.
    next_outage: SimTime,
    // Allocations at this time, of all servers.
    allocations: u64,
    counts: TurnCounts,
    // Kept so that a request allocates no memory.
    candidates: Vec<Candidate>,
}

/// A peer asks for allocations: one for each transport that it and the server speak.
#[derive(Clone, Copy, Debug)]
pub struct TurnRequest<'a> {
    /// The peer, by its number.
    pub peer: u32,
    /// One-way delay between the peer and each server.
    pub delays: &'a [SimDuration],
    /// What it has to speak to the server.
    pub transport: RelayTransport,
    /// All that it speaks.
    pub transports: Transports,
}

/// Allocations that were made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Granted {
    /// The server.
    pub server: TurnIndex,
    /// When the server has come to the first request; round trips come on top.
    pub at: SimTime,
    /// How many they are.
    pub allocations: u32,
}

/// Why a peer is given no allocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No server that it may use works: its requests are not answered.
    Unreachable,
    /// Its servers have more requests than they come to: it gives up before it is answered.
    Overloaded,
    /// Its servers hold all the allocations they can: 508, Insufficient Capacity (RFC 8656, section
    /// 19).
    Full,
}

/// What a pool has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TurnCounts {
    /// Allocations made.
    pub allocations: u64,
    /// Requests refused because nothing answered.
    pub unreachable: u64,
    /// Requests refused because the rate was exceeded.
    pub overloaded: u64,
    /// Requests refused because all was taken.
    pub full: u64,
    /// Allocations that outages took.
    pub broken: u64,
    /// The most allocations at a time, over all servers.
    pub peak: u64,
    /// Servers opened and closed by the policy.
    pub opened: u32,
    /// Servers closed by the policy.
    pub closed: u32,
}

/// A client gives up an allocation that takes longer: the time in which pion and webrtc-rs gather
/// candidates from a server. The RFC's own limit is 39.5 s (RFC 8489, section 6.2.1).
const PATIENCE: SimDuration = SimDuration::from_secs(5);

#[derive(Clone, Debug)]
struct Server {
    transports: Transports,
    capacity: u32,
    bucket: TokenBucket,
    fresh_bucket: TokenBucket,
    allocations: u32,
    peak: u32,
    // When it is up, or `None` while it is closed.
    up_at: Option<SimTime>,
    // Since when it has no allocation.
    idle_since: SimTime,
    // Outages that have begun, and when the last of them did.
    outages_begun: usize,
    broken_at: Option<SimTime>,
}

impl TurnPool {
    /// The servers of a scenario at the start. With a policy that opens servers only the first is
    /// open.
    #[must_use]
    pub fn new(spec: &TurnSpec) -> Self {
        let policy = spec.policy.entry();
        let server = |(server, nth): (super::TurnServer, u32)| {
            let period = server.allocation_rate.map_or(SimDuration::ZERO, Frequency::period);
            let bucket = TokenBucket::new(period, server.allocation_burst);
            Server {
                transports: server.transports,
                capacity: server.allocations,
                bucket,
                fresh_bucket: bucket,
                allocations: 0,
                peak: 0,
                up_at: (nth == 0 || !policy.opens_and_closes).then_some(SimTime::ZERO),
                idle_since: SimTime::ZERO,
                outages_begun: 0,
                broken_at: None,
            }
        };
        let servers = spec.servers().into_iter().zip(0..).map(server).collect();
        let outages = spec.outages();
        let mut pool = Self {
            servers,
            policy,
            dynamic: spec.dynamic,
            may_be_down: !outages.is_empty(),
            outages,
            next_outage: SimTime::MAX,
            allocations: 0,
            counts: TurnCounts::default(),
            candidates: Vec::new(),
        };
        pool.next_outage = pool.first_to_come();
        pool
    }

    /// A peer asks for allocations.
    ///
    /// # Errors
    /// Why it is given none.
    pub fn allocate(&mut self, now: SimTime, request: &TurnRequest<'_>) -> Result<Granted, Refusal> {
        self.advance(now);
        let granted = match self.only_one_is_ready(request) {
            true => self.grant(now, 0, request.transports),
            false => self.choose(now, request),
        };
        match granted {
            Ok(granted) => {
                self.counts.allocations += u64::from(granted.allocations);
                self.counts.peak = self.counts.peak.max(self.allocations);
            }
            Err(Refusal::Unreachable) => self.counts.unreachable += 1,
            Err(Refusal::Overloaded) => self.counts.overloaded += 1,
            Err(Refusal::Full) => self.counts.full += 1,
        }
        granted
    }

    // Whether there is one server and it can be used: any policy chooses it.
    #[inline]
    fn only_one_is_ready(&self, request: &TurnRequest<'_>) -> bool {
        let [server] = &self.servers[..] else { return false };
        !self.policy.opens_and_closes
            && !self.may_be_down
            && server.transports.has(request.transport)
            && server.has_room_for(request.transports)
    }

    #[inline(never)]
    fn choose(&mut self, now: SimTime, request: &TurnRequest<'_>) -> Result<Granted, Refusal> {
        self.look(now, request);
        let choice = Choice { peer: request.peer, candidates: &self.candidates, dynamic: &self.dynamic };
        let chosen = (self.policy.choose)(&choice);
        let opening = if self.policy.opens_and_closes { (self.policy.opens)(&choice) } else { None };
        if let Some(opening) = opening {
            self.open(now, opening);
        }
        match chosen {
            Some(server) => self.grant(now, server, request.transports),
            None => Err(self.why_none(request.peer)),
        }
    }

    /// A peer gives back what it was granted. If an outage has taken it meanwhile, there is nothing to
    /// give back.
    pub fn release(&mut self, now: SimTime, granted: Granted) {
        self.advance(now);
        let server = &mut self.servers[usize::from(granted.server)];
        if server.broken_at.is_some_and(|broken_at| granted.at <= broken_at) {
            return;
        }
        let released = server.allocations.min(granted.allocations);
        server.allocations -= released;
        self.allocations -= u64::from(released);
        if server.allocations == 0 {
            server.idle_since = now;
        }
    }

    /// What was done so far.
    #[must_use]
    pub const fn counts(&self) -> TurnCounts {
        self.counts
    }

    /// Allocations at this time, of all servers.
    #[must_use]
    pub const fn allocations(&self) -> u64 {
        self.allocations
    }

    /// Allocations of a server at this time, and the most it has had.
    #[must_use]
    pub fn allocations_of(&self, server: TurnIndex) -> (u32, u32) {
        let server = &self.servers[usize::from(server)];
        (server.allocations, server.peak)
    }

    /// Whether a server is open, and up, at a time that is not before the last call's.
    #[must_use]
    pub fn is_up(&self, server: TurnIndex, now: SimTime) -> bool {
        let up_at = self.servers[usize::from(server)].up_at;
        up_at.is_some_and(|up_at| up_at <= now) && self.outages.during(server, now).is_none()
    }

    // Lets happen what happens by itself until `now`: outages, and servers that close.
    #[inline]
    fn advance(&mut self, now: SimTime) {
        if self.next_outage <= now {
            self.begin_outages(now);
        }
        if self.policy.opens_and_closes {
            self.close_idle(now);
        }
    }

    fn begin_outages(&mut self, now: SimTime) {
        for (server, index) in self.servers.iter_mut().zip(0..) {
            let windows = self.outages.of(index);
            while let Some(window) = windows.get(server.outages_begun).filter(|window| window.from <= now) {
                self.counts.broken += u64::from(server.allocations);
                if server.allocations > 0 {
                    server.idle_since = window.from;
                }
                self.allocations -= u64::from(server.allocations);
                server.allocations = 0;
                server.bucket = server.fresh_bucket;
                server.broken_at = Some(window.from);
                server.outages_begun += 1;
            }
        }
        self.next_outage = self.first_to_come();
    }

    fn first_to_come(&self) -> SimTime {
        let next = self.servers.iter().zip(0..).filter_map(|(server, index)| {
            let window = self.outages.of(index).get(server.outages_begun)?;
            Some(window.from)
        });
        next.min().unwrap_or(SimTime::MAX)
    }

    fn close_idle(&mut self, now: SimTime) {
        let mut open = self.servers.iter().filter(|server| server.up_at.is_some()).count();
        for server in &mut self.servers {
            let idle = server.allocations == 0 && server.idle_since + self.dynamic.idle_for <= now;
            if open > 1 && idle && server.up_at.is_some() {
                server.up_at = None;
                open -= 1;
                self.counts.closed += 1;
            }
        }
    }

    fn open(&mut self, now: SimTime, server: TurnIndex) {
        let server = &mut self.servers[usize::from(server)];
        let up_at = now + self.dynamic.start_up;
        // It cannot be idle before it is there.
        (server.up_at, server.idle_since) = (Some(up_at), up_at);
        self.counts.opened += 1;
    }

    fn look(&mut self, now: SimTime, request: &TurnRequest<'_>) {
        let (outages, servers) = (&self.outages, &self.servers);
        let may_be_down = self.may_be_down;
        self.candidates.clear();
        self.candidates.extend(servers.iter().zip(0..).map(|(server, index)| {
            let condition = match server.up_at {
                _ if !server.transports.has(request.transport) => Condition::Unfit,
                None => Condition::Closed,
                Some(_) if may_be_down && outages.during(index, now).is_some() => Condition::Down,
                Some(up_at) if up_at > now => Condition::Starting,
                Some(_) if !server.has_room_for(request.transports) => Condition::Full,
                Some(_) => Condition::Ready,
            };
            let delay = request.delays.get(usize::from(index)).copied().unwrap_or_default();
            Candidate { condition, delay, allocations: server.allocations, capacity: server.capacity }
        }));
    }

    fn grant(&mut self, now: SimTime, index: TurnIndex, transports: Transports) -> Result<Granted, Refusal> {
        let server = &mut self.servers[usize::from(index)];
        if server.bucket.ready_at(now) > now + PATIENCE {
            return Err(Refusal::Overloaded);
        }
        let at = server.bucket.take(now);
        let allocations = server.transports.in_common(transports);
        server.bucket.take_more(now, allocations.saturating_sub(1));
        server.allocations += allocations;
        self.allocations += u64::from(allocations);
        server.peak = server.peak.max(server.allocations);
        Ok(Granted { server: index, at, allocations })
    }

    // A server that is full answers; one that is down, closed or unfit does not.
    fn why_none(&self, peer: u32) -> Refusal {
        let own = peer as usize % self.candidates.len().max(1);
        let mut may_use =
            self.candidates.iter().enumerate().filter(|(index, _)| self.policy.has_alternatives || *index == own);
        if may_use.any(|(_, candidate)| candidate.condition == Condition::Full) {
            Refusal::Full
        } else {
            Refusal::Unreachable
        }
    }
}

impl Server {
    // Whether it can hold an allocation more over each transport that it speaks.
    #[inline]
    const fn has_room_for(&self, transports: Transports) -> bool {
        let room = self.capacity.saturating_sub(self.allocations);
        room >= Transports::ALL.count() || room >= self.transports.in_common(transports)
    }
}

#[cfg(test)]
mod tests;
