//! Sending: a node passes a message on over its connections.

use super::connect::Kept;
use super::event::{ATTEMPTS_MAX, Copied, Event, Happening};
use super::flow::{Arrival, Flows, Message, Seen, Servers};
use super::hold::Holds;
use super::plan::{Cost, Plan, QueueLimits, Reception};
use super::relay::Relays;
use crate::engine::Scheduler;
use crate::net::PairOutcome;
use crate::overlay::audience::ALL;
use crate::overlay::workload::Channel;
use crate::units::{ByteCount, SimDuration, SimTime};
use crate::webrtc::turn::RelayCode;
use crate::world::{Path, PathsFrom, World};

/// SCTP gives up after this many retransmissions (RFC 9260, Association.Max.Retrans).
const RETRANSMISSIONS_MAX: u32 = 10;
const _: () = assert!(RETRANSMISSIONS_MAX < ATTEMPTS_MAX);
/// Least that libwebrtc's SCTP adds to the round trip for its variance.
const RTT_VARIANCE_MIN: SimDuration = SimDuration::from_ms(220);
/// Largest retransmission time-out (RFC 9260, RTO.Max).
const RTO_MAX: SimDuration = SimDuration::from_secs(60);

/// A node that sends copies of one message: everything that stays the same between two copies, so
/// that the loop over the connections works on registers.
struct Sender<'a> {
    node: u32,
    message: &'a Message,
    cost: Cost,
    limits: QueueLimits,
    /// Loss of the message, by the receiver's class.
    losses: &'a [u64],
    connections: u32,
    servers: Servers,
    paths: PathsFrom<'a>,
    world: &'a World,
    plan: &'a Plan,
    horizon: SimTime,
    seen: &'a mut Seen,
    holds: &'a mut Holds,
    relays: &'a mut Relays,
    arriving: &'a mut Vec<Arrival>,
    scheduler: &'a mut Scheduler<Event>,
    tally: Tally,
}

/// What became of the copies so far.
#[derive(Clone, Copy, Default)]
struct Tally {
    wanted: u64,
    refused: u64,
    sent: u64,
    framing_bytes: u64,
    framing_ns: u64,
    arrived: u64,
    delivered: u64,
}

// The sender `$node` of `$message`, borrowing field by field what `Flows` keeps.
macro_rules! sender {
    ($flows:ident, $node:ident, $message:expr, $scheduler:ident) => {
        Sender {
            node: $node,
            message: $message,
            cost: $flows.cost($node, $message),
            limits: $flows.plan.limits[$flows.world.class_index($node)],
            losses: $flows.plan.losses($message.size, $flows.world.class_index($node)),
            connections: $flows.connected.degrees[$node as usize],
            servers: $flows.servers[$node as usize],
            paths: $flows.world.paths_from($node),
            world: &$flows.world,
            plan: &$flows.plan,
            horizon: $flows.plan.horizon,
            seen: &mut $flows.seen,
            holds: &mut $flows.holds,
            relays: &mut $flows.relays,
            arriving: &mut $flows.arriving,
            scheduler: $scheduler,
            tally: Tally::default(),
        }
    };
}

impl Flows {
    /// `node` sends a copy over every connection that the overlay's rule names for a message that
    /// came from `from`, or is its own.
    pub(super) fn pass_on(
        &mut self,
        now: SimTime,
        node: u32,
        from: Option<u32>,
        message: &Message,
        scheduler: &mut Scheduler<Event>,
    ) {
        if from.is_some() && self.plan.is_leaf(node) {
            return;
        }
        match message.audience {
            ALL => self.pass_on_to::<true>(now, node, from, message, scheduler),
            _ => self.pass_on_to::<false>(now, node, from, message, scheduler),
        }
    }

    // The same over the connections that the message's audience needs, which are all of them `TO_ALL`.
    #[inline]
    fn pass_on_to<const TO_ALL: bool>(
        &mut self,
        now: SimTime,
        node: u32,
        from: Option<u32>,
        message: &Message,
        scheduler: &mut Scheduler<Event>,
    ) {
        let audiences = &self.audiences;
        let needs = |next: u32| TO_ALL || audiences.needs(message.audience, node, next);
        let by_tree = |next: u32| Some(next) != from && needs(next);
        let by_core = |next: u32| next != node && needs(next);
        let [tree, core] = self.overlay.next_hops(node, from);
        let mut sender = sender!(self, node, message, scheduler);
        if now >= self.connected.all_open_at {
            tree.iter().filter(|&&next| by_tree(next)).for_each(|&next| sender.send(now, next));
            core.iter().filter(|&&next| by_core(next)).for_each(|&next| sender.send(now, next));
        } else {
            let slots = self.overlay.tree_slots(node);
            for (&next, slot) in tree.iter().zip(slots).filter(|(next, _)| by_tree(**next)) {
                sender.send_if_open(now, next, self.connected.tree(slot, [node, next]));
            }
            for (&next, place) in core.iter().zip(0..).filter(|(next, _)| by_core(**next)) {
                let own_place = self.overlay.core_place(node).expect("invariant: only members send over the core");
                sender.send_if_open(now, next, self.connected.core([own_place, place], [node, next]));
            }
        }
        self.servers[node as usize] = sender.finish();
    }

    /// `node` should pass a message on and never comes to it before the end: the demand counts all
    /// the same, for else an overload would hide itself.
    #[cold]
    pub(super) fn book_unserved(&mut self, node: u32, from: Option<u32>, message: &Message) {
        if message.measured {
            let never_opens = |next: u32| match self.connected.all_open_at {
                SimTime::MAX if self.connected.between(&self.overlay, node, next).at() == SimTime::MAX => true,
                SimTime::MAX if self.connected.between(&self.overlay, node, next).relay(node, next).is_some() => false,
                _ => self.world.outcome(node, next) == PairOutcome::Impossible,
            };
            let hops = self.audiences.next_hops(&self.overlay, message.audience, node, from);
            let copies = hops.filter(|&next| !never_opens(next)).count() as u64;
            let cost = self.cost(node, message);
            let servers = &mut self.servers[node as usize];
            servers.up_work += copies * cost.up_ns;
            servers.cpu_work += copies * cost.cpu_ns;
        }
    }

    /// A copy has reached a TURN server with a queue: it goes on to the next one or to its receiver, or
    /// is dropped. Reliable channels wait instead, as congestion control would have them do earlier.
    pub(super) fn forward(
        &mut self,
        now: SimTime,
        copied: Copied,
        (server, is_second): (u8, bool),
        scheduler: &mut Scheduler<Event>,
    ) -> Message {
        let message = self.message(copied.flow, copied.number);
        let Copied { from: node, to, .. } = copied;
        let may_be_dropped = message.channel == Channel::Unreliable;
        let Some(left) = self.relays.forward(server, now, message.bytes, may_be_dropped) else {
            self.seen.lose(&message);
            return message;
        };
        let set_up = self.path(node, to).relay;
        let moved = self.relays.has_outages.then(|| self.relays.at(&self.world, [node, to], set_up, now)).flatten();
        let relay = moved.unwrap_or(set_up);
        if let [Some(first), Some(second)] = relay.servers()
            && first == server
            && !is_second
        {
            let there = left + SimDuration::from_ns(self.world.between_turn_ns(first, second));
            scheduler.schedule_at(there, Happening::Relay { copied, server: second, is_second: true }.into());
            return message;
        }
        let last_leg = SimDuration::from_ns(self.world.from_turn_ns(server, to)) + self.world.class(to).access_delay;
        let mut sender = sender!(self, node, &message, scheduler);
        sender.launch(left + last_leg, to);
        self.servers[node as usize] = sender.finish();
        message
    }

    // The path of an open connection.
    fn path(&self, from: u32, to: u32) -> Path {
        let paths = self.world.paths_from(from);
        let kept = match self.connected.all_open_at {
            SimTime::MAX => self.connected.between(&self.overlay, from, to).relay(from, to),
            _ => None,
        };
        match kept {
            Some(relay) => paths.through(to, relay),
            None => paths.to(to).expect("invariant: it is open"),
        }
    }

    /// The time-out of a lost copy has run out: it is sent again, or given up.
    pub(super) fn retransmit(
        &mut self,
        now: SimTime,
        copied: Copied,
        attempt: u32,
        scheduler: &mut Scheduler<Event>,
    ) -> Message {
        let message = self.message(copied.flow, copied.number);
        if attempt > RETRANSMISSIONS_MAX {
            self.seen.lose(&message);
            let through = self.holds.given_up(copied);
            self.deliver_all(now, &through, scheduler);
            return message;
        }
        let node = copied.from;
        let path = self.path(node, copied.to);
        let mut sender = sender!(self, node, &message, scheduler);
        sender.send_again(now, copied.to, path, attempt);
        self.servers[node as usize] = sender.finish();
        message
    }
}

impl Sender<'_> {
    fn send_if_open(&mut self, now: SimTime, to: u32, kept: Kept) {
        if kept.at() > now {
            self.tally.wanted += 1;
            return self.refuse_unconnected();
        }
        match kept.relay(self.node, to) {
            Some(relay) => self.send_on(now, to, self.paths.through(to, relay)),
            None => self.send(now, to),
        }
    }

    // One copy onto the path that the NATs of both ends tell.
    #[inline(always)]
    fn send(&mut self, now: SimTime, to: u32) {
        match self.paths.to(to) {
            Some(path) => self.send_on(now, to, path),
            None => self.refuse_unconnected(),
        }
    }

    // One copy through the sender's CPU and uplink and onto its path.
    #[inline(always)]
    fn send_on(&mut self, now: SimTime, to: u32, path: Path) {
        self.tally.wanted += 1;
        let ready_ns = self.servers.cpu.serve(now.as_ns(), self.cost.cpu_ns);
        let wait_ns = self.servers.up.wait_ns(ready_ns);
        if !self.admits(wait_ns) {
            return self.refuse_full();
        }
        if ready_ns + wait_ns > self.horizon.as_ns() {
            // It would not even begin to leave before the end.
            return;
        }
        let framing_ns = if path.relay.is_direct() { 0 } else { self.frame(path.relay) };
        let departure_ns = self.servers.up.serve(ready_ns, self.cost.up_ns + framing_ns);
        self.tally.sent += 1;
        let (path, interrupted) =
            if path.relay.is_direct() { (path, false) } else { self.relay(path, to, departure_ns) };
        let loss = self.losses[usize::from(path.class)];
        if loss > 0 || interrupted || !self.holds.is_empty() {
            let lost = interrupted || self.draw_loss(to, loss, 0);
            if self.message.channel == Channel::Reliable {
                self.holds.sent(self.message.copied(self.node, to), lost);
            }
            if lost {
                return self.lose(to, departure_ns, 0);
            }
        }
        self.travel(departure_ns, to, path);
    }

    // A copy that will arrive sets out.
    #[inline(always)]
    fn travel(&mut self, departure_ns: u64, to: u32, path: Path) {
        if path.relay.is_direct() || !self.relays.has_queues {
            self.launch(SimTime::from_ns(departure_ns + path.delay_ns), to);
        } else {
            self.set_out_for_relay(departure_ns, to, path.relay);
        }
    }

    // By way of a TURN server with a queue.
    fn set_out_for_relay(&mut self, departure_ns: u64, to: u32, relay: RelayCode) {
        let server = relay.servers()[0].expect("invariant: a relayed path has a server");
        let access_ns = self.world.class(self.node).access_delay.as_ns();
        let there_ns = departure_ns + access_ns + self.world.to_turn_ns(self.node, server);
        let copied = self.message.copied(self.node, to);
        let happening = Happening::Relay { copied, server, is_second: false };
        self.scheduler.schedule_at(SimTime::from_ns(there_ns), happening.into());
    }

    // What the uplink needs for what TURN puts around a copy, in ns.
    fn frame(&mut self, relay: RelayCode) -> u64 {
        let bytes = self.relays.framing(relay.own(), self.message.packets);
        let rate = self.world.rates(self.node).up;
        let ns = rate.map_or(0, |rate| rate.serialisation_time(ByteCount::new(bytes)).as_ns());
        self.tally.framing_bytes += bytes;
        self.tally.framing_ns += ns;
        ns
    }

    // A relayed copy leaves: its path at this time, and whether there is none.
    fn relay(&mut self, path: Path, to: u32, departure_ns: u64) -> (Path, bool) {
        let mut path = path;
        if self.relays.has_outages {
            match self.relays.at(self.world, [self.node, to], path.relay, SimTime::from_ns(departure_ns)) {
                Some(relay) if relay == path.relay => {}
                Some(relay) => path = self.paths.relayed(to, relay),
                None => return (path, true),
            }
        }
        if self.message.measured {
            self.relays.count(path.relay, self.message.bytes, self.message.packets);
        }
        (path, false)
    }

    // A retransmission goes before new data (RFC 9260, section 6.1), so also before what the CPU will
    // hand to the uplink only later.
    fn send_again(&mut self, now: SimTime, to: u32, path: Path, attempt: u32) {
        let framing_ns = if path.relay.is_direct() { 0 } else { self.frame(path.relay) };
        let departure_ns = self.servers.up.serve_first(now.as_ns(), self.cost.up_ns + framing_ns);
        self.resent();
        if self.message.measured {
            self.servers.up_work += self.cost.up_ns;
        }
        let (path, interrupted) =
            if path.relay.is_direct() { (path, false) } else { self.relay(path, to, departure_ns) };
        if interrupted || self.draw_loss(to, self.losses[usize::from(path.class)], attempt) {
            self.lose(to, departure_ns, attempt);
        } else {
            self.travel(departure_ns, to, path);
        }
    }

    // The same copy once more: its bytes count again, the copy does not.
    fn resent(&mut self) {
        if self.message.measured {
            let bytes = self.message.bytes;
            self.seen.window.sent_bytes += bytes;
            self.seen.window.server_bytes += if self.node >= self.world.peers() { bytes } else { 0 };
        }
    }

    // Lets a copy arrive at its time: on the spot where that is exact, else by an event.
    #[inline(always)]
    fn launch(&mut self, time: SimTime, to: u32) {
        match self.plan.reception[to as usize] {
            Reception::Source | Reception::Queued => {
                let copied = self.message.copied(self.node, to);
                self.scheduler.schedule_at(time, Happening::Arrive(copied).into());
            }
            _ if time > self.horizon => self.seen.counts.copies_in_flight += 1,
            Reception::InOrder => self.arriving.push(Arrival { time, from: self.node, to }),
            Reception::Sink => {
                // It passes nothing on, so a copy that comes here is for it.
                self.tally.arrived += 1;
                if to < self.world.peers() {
                    self.tally.delivered += 1;
                    if self.message.measured {
                        self.seen.latency.record(time.since(self.message.published));
                    }
                }
            }
        }
    }

    // Whether the uplink takes a copy that would wait this long.
    #[inline(always)]
    fn admits(&self, wait_ns: u64) -> bool {
        if self.message.channel == Channel::Unreliable {
            return wait_ns <= self.limits.wait_ns;
        }
        let waiting_bytes = u128::from(wait_ns) * u128::from(self.message.bytes) / u128::from(self.cost.up_ns.max(1));
        // The connections wait side by side, each with its own buffer.
        waiting_bytes <= u128::from(self.limits.send_buffer) * u128::from(self.connections)
    }

    fn draw_loss(&self, to: u32, threshold: u64, attempt: u32) -> bool {
        let message = u64::from(self.message.flow) << 32 | u64::from(self.message.number);
        self.world.is_lost(self.node, to, threshold, message, attempt)
    }

    // A copy is lost on its path: for good, or until the sender's time-out.
    fn lose(&mut self, to: u32, departure_ns: u64, attempt: u32) {
        if self.message.channel == Channel::Unreliable {
            return self.seen.lose(self.message);
        }
        let rtt_ns = self.world.path_delay_ns(self.node, to) + self.world.path_delay_ns(to, self.node);
        let first_ns = self.limits.rto_min_ns.max(rtt_ns + RTT_VARIANCE_MIN.as_ns()).min(RTO_MAX.as_ns());
        let rto = SimDuration::from_ns(first_ns << attempt).min(RTO_MAX);
        let retry = Happening::Retransmit { copied: self.message.copied(self.node, to), attempt: attempt + 1 };
        self.scheduler.schedule_at(SimTime::from_ns(departure_ns) + rto, retry.into());
    }

    #[cold]
    fn refuse_unconnected(&mut self) {
        self.tally.refused += 1;
        self.seen.counts.copies_unconnected += 1;
    }

    #[cold]
    fn refuse_full(&mut self) {
        self.tally.refused += 1;
        self.seen.counts.copies_dropped += 1;
    }

    // Books what was done for all copies, and returns the node's queues as they are now.
    #[inline(always)]
    fn finish(self) -> Servers {
        let (tally, mut servers) = (self.tally, self.servers);
        let counts = &mut self.seen.counts;
        counts.copies_sent += tally.sent;
        counts.copies_arrived += tally.arrived;
        counts.deliveries += tally.delivered;
        if self.message.measured {
            servers.up_work += tally.wanted * self.cost.up_ns + tally.framing_ns;
            servers.cpu_work += tally.wanted * self.cost.cpu_ns;
            let window = &mut self.seen.window;
            window.refused += tally.refused;
            window.sent += tally.sent;
            let sent_bytes = tally.sent * self.message.bytes + tally.framing_bytes;
            window.sent_bytes += sent_bytes;
            window.server_bytes += if self.node >= self.world.peers() { sent_bytes } else { 0 };
        }
        servers
    }
}

impl Seen {
    fn lose(&mut self, message: &Message) {
        self.counts.copies_lost += 1;
        self.window.lost += u64::from(message.measured);
    }
}
