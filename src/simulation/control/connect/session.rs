//! Joining: a peer opens its session with the signaling service, loses it, comes back.
//!
//! A session is a WebSocket: a round trip for TCP, one for TLS 1.3 (RFC 8446) and one for the upgrade
//! (RFC 6455), with which the peer is told who is there. A server that is down, or full, refuses, and the
//! peer tries again after a wait that doubles.

use super::line::Session;
use super::{ABSENT, Connecting, Event};
use crate::engine::Scheduler;
use crate::rng::below;
use crate::units::{SimDuration, SimTime};

/// Round trips until a session is open: TCP, TLS 1.3, WebSocket.
pub(super) const SESSION_ROUND_TRIPS: u64 = 3;

impl Connecting<'_> {
    pub(super) fn join(&mut self, now: SimTime, node: u32, scheduler: &mut Scheduler<Event>) {
        if self.world.setup().signals() {
            return self.dial(now, node, scheduler);
        }
        self.lines[node as usize].session = Session::Open;
        self.arrive(now, node, scheduler);
    }

    /// Asks for a session.
    pub(super) fn dial(&mut self, now: SimTime, node: u32, scheduler: &mut Scheduler<Event>) {
        let line = &mut self.lines[node as usize];
        if line.session != Session::None {
            return;
        }
        let round_trip = line.up() + line.down();
        if self.server.is_down() {
            self.server.admit();
            return self.dial_later(now + round_trip, node, scheduler);
        }
        line.session = Session::Asked;
        scheduler.schedule_at(now + round_trip * SESSION_ROUND_TRIPS, Event::Session(node));
    }

    /// The answer to a request for a session.
    pub(super) fn session(&mut self, now: SimTime, node: u32, scheduler: &mut Scheduler<Event>) {
        if self.lines[node as usize].session != Session::Asked {
            // The server has gone down in between.
            return;
        }
        if !self.server.admit() {
            self.lines[node as usize].session = Session::None;
            return self.dial_later(now, node, scheduler);
        }
        self.lines[node as usize].session = Session::Open;
        self.peers[node as usize].refusals = 0;
        self.arrive(now, node, scheduler);
    }

    /// The server goes down.
    pub(super) fn down(&mut self, now: SimTime, scheduler: &mut Scheduler<Event>) {
        self.server.goes_down();
        for node in 0..self.world.nodes() {
            if std::mem::replace(&mut self.lines[node as usize].session, Session::None) == Session::None {
                continue;
            }
            self.dial_later(now, node, scheduler);
        }
    }

    fn dial_later(&mut self, now: SimTime, node: u32, scheduler: &mut Scheduler<Event>) {
        let reconnect = &self.webrtc.signaling.reconnect;
        let refusals = self.peers[node as usize].refusals;
        self.peers[node as usize].refusals = refusals.saturating_add(1);
        let wait = doubled(reconnect.first, refusals).min(reconnect.longest);
        let at = now + self.shortened(wait, node, now);
        if at <= self.horizon {
            scheduler.schedule_at(at, Event::Dial(node));
        }
    }

    // Less up to half of a wait, at random.
    pub(super) fn shortened(&self, wait: SimDuration, node: u32, now: SimTime) -> SimDuration {
        let draw = self.waits.directed_nth(node, u32::MAX, now.as_ns());
        SimDuration::from_ns(wait.as_ns() - below(draw, wait.as_ns() / 2 + 1))
    }

    // A peer has a session, its first or another.
    fn arrive(&mut self, now: SimTime, node: u32, scheduler: &mut Scheduler<Event>) {
        let rank = &mut self.ranks[node as usize];
        if *rank == ABSENT {
            *rank = self.next_rank;
            self.routes.arrive(node, self.next_rank);
            self.next_rank += 1;
        }
        self.begin_more(now, node, scheduler);
    }
}

/// A wait after this many failures.
pub(super) fn doubled(first: SimDuration, failures: u8) -> SimDuration {
    SimDuration::from_ns(first.as_ns().saturating_mul(1 << failures.min(20)))
}
