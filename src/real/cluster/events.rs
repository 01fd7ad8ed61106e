//! The events of a cluster, and what each sets off.

use super::{Application, Cluster, ClusterEvent, ConnectionState, Context, Flying, Mail};
use crate::engine::Scheduler;
use crate::real::network::wire_size;
use crate::real::stack::{Effect, StackError, State};
use crate::real::trace::Happened;
use crate::real::turn_server::Datagram;
use crate::units::{ByteCount, SimDuration, SimTime};

/// An endpoint that asks to be woken at once is woken a moment later, so that time moves on; one that
/// goes on asking waits twice as long each time, up to about a millisecond, so that it cannot stop the
/// others.
const MOMENT: SimDuration = SimDuration::from_ns(1);
const MOMENT_DOUBLINGS_MAX: u32 = 20;
/// Bytes around a signaling message: IPv4 and TCP with timestamps, a TLS record, a WebSocket frame.
const SIGNAL_HEADERS: u64 = 20 + 32 + 22 + 8;

impl Cluster {
    pub(super) fn handle<A: Application>(
        &mut self,
        now: SimTime,
        event: ClusterEvent,
        scheduler: &mut Scheduler<ClusterEvent>,
        application: &mut A,
    ) {
        match event {
            ClusterEvent::Datagram { slot } => match self.flying.take(slot) {
                Flying::Written(node, datagram) => self.launch(now, node, datagram, scheduler),
                Flying::Between(launched, datagram) => self.arrive(now, launched, datagram, scheduler),
                Flying::Downlink(node, datagram) => self.receive(now, node, datagram, scheduler),
                Flying::Read(node, datagram) => self.take_in(now, node, datagram, scheduler),
            },
            ClusterEvent::Timer { ticket } => {
                if self.timers.fire(ticket) {
                    self.timeout(now, ticket.slot(), scheduler);
                }
            }
            ClusterEvent::Signal { slot } => {
                let mail = self.signals.take(slot);
                let node = self.connections[mail.to.connection as usize].nodes[usize::from(mail.to.side)];
                let received = if mail.is_through { now } else { self.network.hear(now, node, mail.size) };
                if received > now {
                    let slot = self.signals.put(Mail { is_through: true, ..mail });
                    scheduler.schedule_at(received, ClusterEvent::Signal { slot });
                } else {
                    self.receive_signal(now, mail, scheduler);
                }
            }
            ClusterEvent::Begin { connection } => self.begin(now, connection, scheduler),
            ClusterEvent::GiveUp { connection, attempt } => {
                if self.give_up(now, connection, attempt, scheduler) {
                    application.lost(connection, &mut Context { now, cluster: self, scheduler });
                }
            }
            ClusterEvent::Wake { token } => application.wake(token, &mut Context { now, cluster: self, scheduler }),
        }
        self.settle(now, scheduler, application);
    }

    /// Lets an endpoint put out what it has, and sets its timer.
    pub(super) fn drain(&mut self, now: SimTime, endpoint: u32, scheduler: &mut Scheduler<ClusterEvent>) {
        let Some(seat) = self.endpoints[endpoint as usize].as_mut() else { return };
        let drained = seat.endpoint.drain(now, &mut self.effects);
        // A timer that fires early is set again then; most time-outs only move later.
        if let Some(due) = seat.endpoint.next_timeout(now) {
            let hurries = due == now;
            seat.hurried = if hurries { seat.hurried + 1 } else { 0 };
            let moment = MOMENT * (1 << (seat.hurried.max(1) - 1).min(MOMENT_DOUBLINGS_MAX));
            let due = if hurries { now + moment } else { due };
            if seat.due.is_none_or(|armed| due < armed) {
                seat.due = Some(due);
                scheduler.schedule_at(due, ClusterEvent::Timer { ticket: self.timers.arm(endpoint) });
            }
        }
        let (node, end) = (seat.node, seat.end);
        for effect in std::mem::take(&mut self.effects) {
            match effect {
                Effect::Send(datagram) => self.send(now, node, datagram, scheduler),
                other => {
                    self.note(now, end, &other);
                    self.pending.push_back((endpoint, other));
                }
            }
        }
        if let Err(error) = drained {
            self.stack_error(now, &error);
        }
    }

    // Records what an endpoint reported, in the order in which it did.
    fn note(&mut self, now: SimTime, end: super::End, effect: &Effect) {
        let what = match effect {
            Effect::Signal(signal) if self.trace.keeps() => Happened::Signaled { end, what: signal.name() },
            Effect::State(state) => Happened::State { end, state: *state },
            Effect::ChannelOpen(channel) => Happened::ChannelOpen { end, channel: *channel },
            Effect::Send(_) | Effect::Signal(_) | Effect::Message(..) => return,
        };
        self.trace.push(now, what);
    }

    /// Counts an error of the stack: what hangs by it ends by its time-out.
    pub(super) fn stack_error(&mut self, now: SimTime, error: &StackError) {
        self.stack_errors += 1;
        self.trace.push(now, Happened::StackError(error.to_string()));
    }

    // Hands what endpoints reported to whom it concerns, until nothing is left.
    fn settle<A: Application>(&mut self, now: SimTime, scheduler: &mut Scheduler<ClusterEvent>, application: &mut A) {
        while let Some((endpoint, effect)) = self.pending.pop_front() {
            let Some(seat) = self.endpoints[endpoint as usize].as_ref() else { continue };
            let end = seat.end;
            match effect {
                Effect::Send(_) => unreachable!("datagrams are sent when their endpoint is drained"),
                Effect::Message(channel, message) => {
                    application.message(end, channel, message, &mut Context { now, cluster: self, scheduler });
                }
                Effect::Signal(signal) => {
                    let connection = &self.connections[end.connection as usize];
                    let [from, to] = [end, end.other()].map(|end| connection.nodes[usize::from(end.side)]);
                    let size = ByteCount::new(signal.bytes() + SIGNAL_HEADERS);
                    let attempt = connection.attempts;
                    let slot = self.signals.put(Mail { to: end.other(), attempt, signal, size, is_through: false });
                    scheduler.schedule_at(self.network.signal(now, from, to, size), ClusterEvent::Signal { slot });
                }
                Effect::ChannelOpen(_) => {
                    if self.channel_open(now, end) {
                        application.open(end.connection, &mut Context { now, cluster: self, scheduler });
                    }
                }
                Effect::State(state) => {
                    if self.is_lost(now, end, state, scheduler) {
                        application.lost(end.connection, &mut Context { now, cluster: self, scheduler });
                    }
                }
            }
        }
    }

    // Notes an open channel; whether the connection is open with it.
    fn channel_open(&mut self, now: SimTime, end: super::End) -> bool {
        let wanted = self.settings.channels.len();
        let connection = &mut self.connections[end.connection as usize];
        let side = usize::from(end.side);
        connection.channels_open[side] += 1;
        if connection.channels_open[side] == wanted {
            connection.opened[side] = Some(now);
        }
        let open = connection.opened.iter().all(Option::is_some) && connection.state == ConnectionState::Connecting;
        if open {
            connection.state = ConnectionState::Open;
        }
        open
    }

    // Whether a change of state ends a connection for good.
    fn is_lost(
        &mut self,
        now: SimTime,
        end: super::End,
        state: State,
        scheduler: &mut Scheduler<ClusterEvent>,
    ) -> bool {
        if !matches!(state, State::Failed | State::Closed) {
            return false;
        }
        let connection = &mut self.connections[end.connection as usize];
        match connection.state {
            ConnectionState::Connecting => self.attempt_failed(now, end.connection, scheduler),
            ConnectionState::Open => {
                connection.state = ConnectionState::Closed;
                true
            }
            _ => false,
        }
    }

    fn send(&mut self, now: SimTime, node: u32, datagram: Datagram, scheduler: &mut Scheduler<ClusterEvent>) {
        let written = self.pacing.handle(now, node, wire_size(&datagram));
        if written <= now {
            return self.launch(now, node, datagram, scheduler);
        }
        let slot = self.flying.put(Flying::Written(node, datagram));
        scheduler.schedule_at(written, ClusterEvent::Datagram { slot });
    }

    fn launch(&mut self, now: SimTime, node: u32, datagram: Datagram, scheduler: &mut Scheduler<ClusterEvent>) {
        let sent = self.network.send(now, node, &datagram);
        self.trace.sent(now, node, &datagram, sent.as_ref().err().copied());
        if let Ok((arrives, launched)) = sent {
            let slot = self.flying.put(Flying::Between(launched, datagram));
            scheduler.schedule_at(arrives, ClusterEvent::Datagram { slot });
        }
    }

    fn arrive(
        &mut self,
        now: SimTime,
        launched: crate::real::network::Launched,
        datagram: Datagram,
        scheduler: &mut Scheduler<ClusterEvent>,
    ) {
        match self.network.arrive(now, launched, wire_size(&datagram)) {
            Ok((received, node, source, destination)) => {
                let datagram = Datagram { source, destination, ..datagram };
                if received == now {
                    return self.receive(now, node, datagram, scheduler);
                }
                let slot = self.flying.put(Flying::Downlink(node, datagram));
                scheduler.schedule_at(received, ClusterEvent::Datagram { slot });
            }
            Err(loss) => self
                .trace
                .push(now, Happened::Dropped { source: datagram.source, destination: datagram.destination, loss }),
        }
    }

    // A datagram has come through a node's downlink.
    fn receive(&mut self, now: SimTime, node: u32, datagram: Datagram, scheduler: &mut Scheduler<ClusterEvent>) {
        let read = self.pacing.handle(now, node, wire_size(&datagram));
        if read <= now {
            return self.take_in(now, node, datagram, scheduler);
        }
        let slot = self.flying.put(Flying::Read(node, datagram));
        scheduler.schedule_at(read, ClusterEvent::Datagram { slot });
    }

    // A node's CPU has read a datagram.
    fn take_in(&mut self, now: SimTime, node: u32, datagram: Datagram, scheduler: &mut Scheduler<ClusterEvent>) {
        self.trace.received(now, node, &datagram);
        if let Some(server) = self.server.as_mut().filter(|server| server.node == node) {
            server.turn.receive(now, datagram, &mut self.replies);
            for reply in std::mem::take(&mut self.replies) {
                self.send(now, node, reply, scheduler);
            }
            return;
        }
        let port = usize::from(datagram.destination.port().wrapping_sub(super::FIRST_PORT));
        let Some(&endpoint) = self.ports[node as usize].get(port) else { return };
        let Some(seat) = self.seat(endpoint) else { return };
        if let Err(error) = seat.endpoint.receive(now, datagram) {
            self.stack_error(now, &error);
        }
        self.drain(now, endpoint, scheduler);
    }

    fn timeout(&mut self, now: SimTime, endpoint: u32, scheduler: &mut Scheduler<ClusterEvent>) {
        let Some(seat) = self.seat(endpoint) else { return };
        seat.due = None;
        if seat.endpoint.next_timeout(now) == Some(now)
            && let Err(error) = seat.endpoint.handle_timeout(now)
        {
            self.stack_error(now, &error);
        }
        self.drain(now, endpoint, scheduler);
    }
}
