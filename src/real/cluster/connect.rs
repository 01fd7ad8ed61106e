//! Making connections: attempts, time-outs, the end of it.

use super::{Cluster, ClusterEvent, ConnectPolicy, ConnectionState, End, FIRST_PORT, Mail, Seat};
use crate::engine::Scheduler;
use crate::real::stack::{Endpoint, Signal, StackError};
use crate::real::trace::Happened;
use crate::units::SimTime;
use std::net::SocketAddrV4;

impl Cluster {
    /// Begins an attempt: the offering end gathers and makes its offer.
    pub(super) fn begin(&mut self, now: SimTime, connection: u32, scheduler: &mut Scheduler<ClusterEvent>) {
        let ConnectPolicy { timeout, .. } = self.policy;
        let known = &mut self.connections[connection as usize];
        if known.state == ConnectionState::Open || known.state == ConnectionState::Failed {
            return;
        }
        known.state = ConnectionState::Connecting;
        known.began = known.began.or(Some(now));
        known.attempts += 1;
        (known.opened, known.channels_open) = ([None; 2], [0; 2]);
        let attempt = known.attempts;
        scheduler.schedule_at(now + timeout, ClusterEvent::GiveUp { connection, attempt });
        let end = End { connection, side: 0 };
        let offered = self.take_seat(now, end).and_then(|endpoint| {
            let (settings, seat) = (&self.settings, self.endpoints[endpoint as usize].as_mut());
            seat.map_or(Ok(()), |seat| seat.endpoint.offer(now, settings))?;
            Ok(endpoint)
        });
        self.follow(now, offered, scheduler);
    }

    /// A signaling message reaches an end; an offer makes one.
    pub(super) fn receive_signal(&mut self, now: SimTime, mail: Mail, scheduler: &mut Scheduler<ClusterEvent>) {
        let connection = &self.connections[mail.to.connection as usize];
        if connection.attempts != mail.attempt || connection.state != ConnectionState::Connecting {
            return;
        }
        let seated = connection.endpoints[usize::from(mail.to.side)];
        let endpoint = match (seated, &mail.signal) {
            (Some(endpoint), _) => Ok(endpoint),
            (None, Signal::Description(_)) => self.take_seat(now, mail.to),
            (None, Signal::Candidate(_)) => return,
        };
        let told = endpoint.and_then(|endpoint| {
            let Some(seat) = self.seat(endpoint) else { return Ok(endpoint) };
            match mail.signal {
                Signal::Description(description) => seat.endpoint.describe(now, *description)?,
                Signal::Candidate(candidate) => seat.endpoint.add_candidate(*candidate)?,
            }
            Ok(endpoint)
        });
        self.follow(now, told, scheduler);
    }

    /// The time of an attempt is up.
    pub(super) fn give_up(
        &mut self,
        now: SimTime,
        connection: u32,
        attempt: u32,
        scheduler: &mut Scheduler<ClusterEvent>,
    ) -> bool {
        let known = &self.connections[connection as usize];
        let late = known.attempts == attempt && known.state == ConnectionState::Connecting;
        late && self.attempt_failed(now, connection, scheduler)
    }

    /// An attempt has failed: the next begins, or that was the last. Returns whether it was.
    pub(super) fn attempt_failed(
        &mut self,
        now: SimTime,
        connection: u32,
        scheduler: &mut Scheduler<ClusterEvent>,
    ) -> bool {
        self.leave_seats(connection);
        self.trace.push(now, Happened::AttemptFailed { connection });
        let known = &mut self.connections[connection as usize];
        if known.attempts < self.policy.attempts {
            scheduler.schedule_at(now, ClusterEvent::Begin { connection });
            return false;
        }
        known.state = ConnectionState::Failed;
        true
    }

    /// Closes a connection from one end, which tells the other.
    pub(super) fn close(&mut self, now: SimTime, end: End, scheduler: &mut Scheduler<ClusterEvent>) {
        let Some(endpoint) = self.endpoint_of(end) else { return };
        let Some(seat) = self.seat(endpoint) else { return };
        let closed = seat.endpoint.close(now).map(|()| endpoint);
        self.follow(now, closed, scheduler);
        self.endpoints[endpoint as usize] = None;
        let connection = &mut self.connections[end.connection as usize];
        connection.endpoints[usize::from(end.side)] = None;
        // The other end goes on until it hears of it, or misses it.
        if connection.endpoints == [None; 2] {
            connection.state = ConnectionState::Closed;
        }
    }

    /// Takes the ends of a node away without a word.
    pub(super) fn crash(&mut self, node: u32) {
        for &endpoint in &self.ports[node as usize] {
            if let Some(seat) = self.endpoints[endpoint as usize].take() {
                self.connections[seat.end.connection as usize].endpoints[usize::from(seat.end.side)] = None;
            }
        }
    }

    // What follows from something an endpoint was told, or that it refused.
    fn follow(&mut self, now: SimTime, told: Result<u32, StackError>, scheduler: &mut Scheduler<ClusterEvent>) {
        match told {
            Ok(endpoint) => self.drain(now, endpoint, scheduler),
            Err(error) => self.stack_error(now, &error),
        }
    }

    // A new endpoint with a port of its own.
    fn take_seat(&mut self, now: SimTime, end: End) -> Result<u32, StackError> {
        let node = self.connections[end.connection as usize].nodes[usize::from(end.side)];
        let used = u16::try_from(self.ports[node as usize].len()).ok();
        let port = used.and_then(|used| FIRST_PORT.checked_add(used)).ok_or_else(StackError::no_port)?;
        let own = SocketAddrV4::new(self.network.address(node), port);
        let endpoint = Endpoint::new(now, self.clock, own, &self.settings, &self.identity)?;
        let number = self.timers.add_slot();
        self.endpoints.push(Some(Box::new(Seat { endpoint, end, node, due: None, hurried: 0 })));
        debug_assert_eq!(self.endpoints.len(), number as usize + 1, "a timer for each endpoint");
        self.ports[node as usize].push(number);
        self.connections[end.connection as usize].endpoints[usize::from(end.side)] = Some(number);
        Ok(number)
    }

    fn leave_seats(&mut self, connection: u32) {
        for endpoint in std::mem::take(&mut self.connections[connection as usize].endpoints).into_iter().flatten() {
            self.endpoints[endpoint as usize] = None;
        }
    }
}
