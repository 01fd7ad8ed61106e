//! One node that sends copies of one message: CPU, uplink, path, loss.

use std::collections::VecDeque;

use super::association::{Associations, Crossing, REPORTS, Tracking};
use super::connect::{Connected, Kept};
use super::event::{Copied, Event, Happening};
use super::fate::{FailedHop, Fate, Routes};
use super::flow::{Arrival, Message, Seen, Servers};
use super::hold::Holds;
use super::layout::{End, Hop, Kind, Row, Sending, Service};
use super::plan::QueueLimits;
use super::reception::Reception;
use super::relay::Relays;
use super::standing::Standing;
use crate::engine::Scheduler;
use crate::overlay::Overlay;
use crate::overlay::audience::Audiences;
use crate::overlay::workload::Channel;
use crate::units::{ByteCount, Probability, SimDuration, SimTime};
use crate::webrtc::turn::RelayCode;
use crate::world::{Path, World};

/// Least that libwebrtc's SCTP adds to the round trip for its variance.
const RTT_VARIANCE_MIN: SimDuration = SimDuration::from_ms(220);
/// Largest retransmission time-out (RFC 9260, RTO.Max).
const RTO_MAX: SimDuration = SimDuration::from_secs(60);
/// After so many doublings any time-out is at its largest.
const DOUBLINGS_MAX: u32 = 20;

/// Draws about a copy that is sent for the first time, beside that of its loss by attempts.
const FIRST_DRAW: u32 = 16;

/// A node that sends copies of one message: everything that stays the same between two copies, so
/// that the loop over the connections works on registers.
pub(super) struct Sender<'a> {
    pub(super) own: End,
    pub(super) is_peer: bool,
    pub(super) message: &'a Message,
    pub(super) service: Service,
    pub(super) limits: QueueLimits,
    /// Loss of the message, by the receiver's class.
    pub(super) losses: &'a [u64],
    pub(super) connections: u32,
    pub(super) servers: Servers,
    pub(super) world: &'a World,
    pub(super) overlay: &'a Overlay,
    pub(super) audiences: &'a Audiences,
    pub(super) horizon: SimTime,
    pub(super) all_open_at: SimTime,
    // Of all nodes, but the sender's own is here.
    pub(super) rows: &'a mut [Row],
    pub(super) kinds: &'a [Kind],
    pub(super) services: &'a [Service],
    pub(super) sizes: usize,
    pub(super) standing: Option<&'a Standing>,
    pub(super) seen: &'a mut Seen,
    pub(super) holds: &'a mut Holds,
    pub(super) associations: &'a mut Associations,
    pub(super) connected: &'a Connected,
    /// The index of the sender's class.
    pub(super) class: u32,
    pub(super) senders: &'a [Sending],
    pub(super) relays: &'a mut Relays,
    pub(super) arriving: &'a mut VecDeque<Arrival>,
    pub(super) scheduler: &'a mut Scheduler<Event>,
    pub(super) tally: Tally,
}

/// What became of the copies so far.
#[derive(Clone, Copy, Default)]
pub(super) struct Tally {
    wanted: u64,
    refused: u64,
    sent: u64,
    framing_bytes: u64,
    framing_ns: u64,
    arrived: u64,
    delivered: u64,
}

/// The sender of `$message` at `$place`, borrowing field by field what `Flows` keeps.
macro_rules! sender {
    ($flows:ident, $place:ident, $message:expr, $scheduler:ident) => {{
        let row = $flows.layout.rows[$place as usize];
        Sender {
            own: End { place: $place, node: row.node },
            is_peer: $flows.layout.kinds[$place as usize].is_peer,
            message: $message,
            service: *$flows.layout.service($place, $message.size),
            limits: $flows.plan.limits[$flows.layout.senders[$place as usize].class as usize],
            losses: $flows.plan.losses($message.size, $flows.layout.senders[$place as usize].class as usize),
            connections: $flows.layout.senders[$place as usize].connections,
            servers: row.servers,
            world: &$flows.world,
            overlay: &$flows.overlay,
            audiences: &$flows.audiences,
            horizon: $flows.plan.horizon,
            all_open_at: $flows.connected.all_open_at,
            rows: &mut $flows.layout.rows,
            kinds: &$flows.layout.kinds,
            services: &$flows.layout.services,
            sizes: $flows.layout.sizes,
            standing: $flows.standing.as_ref(),
            seen: &mut $flows.seen,
            holds: &mut $flows.holds,
            associations: &mut $flows.associations,
            connected: &$flows.connected,
            class: $flows.layout.senders[$place as usize].class,
            senders: &$flows.layout.senders,
            relays: &mut $flows.relays,
            arriving: &mut $flows.arriving,
            scheduler: $scheduler,
            tally: Default::default(),
        }
    }};
}

pub(super) use sender;

impl<'a> Sender<'a> {
    // One copy over a tree connection.
    #[inline(always)]
    pub(super) fn send_over(&mut self, now: SimTime, hop: &Hop) {
        if hop.open <= now {
            return self.send_on(now, hop.next, hop.path);
        }
        self.tally.wanted += u64::from(now < self.all_open_at);
        self.refuse_unconnected(hop.next);
    }

    // One copy over a connection of the core of which this is known.
    pub(super) fn send_if_open(&mut self, now: SimTime, to: End, kept: Kept) {
        if kept.at() > now {
            self.tally.wanted += 1;
            return self.refuse_unconnected(to);
        }
        let paths = self.world.paths_from(self.own.node);
        match kept.relay(self.own.node, to.node) {
            Some(relay) => self.send_on(now, to, paths.through(to.node, relay)),
            None => self.send(now, to, paths.to(to.node)),
        }
    }

    // One copy onto the path that the NATs of both ends tell.
    #[inline(always)]
    pub(super) fn send(&mut self, now: SimTime, to: End, path: Option<Path>) {
        match path {
            Some(path) => self.send_on(now, to, path),
            None => self.refuse_unconnected(to),
        }
    }

    // One copy through the sender's CPU and uplink and onto its path.
    #[inline(always)]
    fn send_on(&mut self, now: SimTime, to: End, path: Path) {
        self.tally.wanted += 1;
        let ready_ns = self.servers.cpu.serve(now.as_ns(), self.service.cpu_ns);
        let ready_ns = self.behind_bulk(ready_ns);
        let wait_ns = self.servers.up.wait_ns(ready_ns);
        if !self.admits(wait_ns) {
            return self.refuse_full(to);
        }
        if ready_ns + wait_ns > self.horizon.as_ns() {
            // It would not even begin to leave before the end.
            return;
        }
        self.tally.sent += 1;
        if self.associations.is_in_use() && self.is_held(ready_ns, wait_ns, to, path) {
            return;
        }
        self.leave(ready_ns, to, path);
    }

    // A copy that the window has let go.
    pub(super) fn send_held(&mut self, now: SimTime, to: End, path: Path) {
        self.leave(self.behind_bulk(now.as_ns()), to, path);
    }

    // One copy through the uplink and onto its path.
    #[inline(always)]
    fn leave(&mut self, ready_ns: u64, to: End, path: Path) {
        let framing_ns = if path.relay.is_direct() { 0 } else { self.frame(path.relay) };
        let departure_ns = self.servers.up.serve(ready_ns, self.service.up_ns + framing_ns);
        let (path, interrupted) =
            if path.relay.is_direct() { (path, false) } else { self.relay(path, to, departure_ns) };
        let loss = self.losses[usize::from(path.class)];
        if loss > 0 || interrupted || !self.holds.is_empty() {
            let lost = interrupted || self.draw_loss(to, loss, 0);
            if self.is_ordered(to) {
                self.holds.sent(self.message.copied(self.own.place, to.place), lost);
            }
            if lost {
                return self.lose_first(to, departure_ns, path);
            }
        }
        if self.associations.is_in_use() {
            self.report(to, departure_ns, path);
        }
        self.travel(departure_ns, to, path);
    }

    // When what comes to the uplink at a time has the queue of bulk data before it.
    #[inline(always)]
    fn behind_bulk(&self, ready_ns: u64) -> u64 {
        match self.standing {
            Some(standing) => ready_ns + standing.up_ns(self.own.node, SimTime::from_ns(ready_ns)),
            None => ready_ns,
        }
    }

    // A copy that will arrive sets out.
    #[inline(always)]
    fn travel(&mut self, departure_ns: u64, to: End, path: Path) {
        if path.relay.is_direct() || !self.relays.has_queues {
            self.launch(SimTime::from_ns(departure_ns + path.delay_ns), to);
        } else {
            self.set_out_for_relay(departure_ns, to, path.relay);
        }
    }

    // By way of a TURN server with a queue.
    fn set_out_for_relay(&mut self, departure_ns: u64, to: End, relay: RelayCode) {
        let server = relay.servers()[0].expect("invariant: a relayed path has a server");
        let access_ns = self.world.class(self.own.node).access_delay.as_ns();
        let there_ns = departure_ns + access_ns + self.world.to_turn_ns(self.own.node, server);
        let copied = self.message.copied(self.own.place, to.place);
        let happening = Happening::Relay { copied, server, is_second: false };
        self.scheduler.schedule_at(SimTime::from_ns(there_ns), happening.into());
    }

    // What the uplink needs for what TURN puts around a copy, in ns.
    fn frame(&mut self, relay: RelayCode) -> u64 {
        let bytes = self.relays.framing(relay.own(), self.message.packets);
        let rate = self.world.rates(self.own.node).up;
        let ns = rate.map_or(0, |rate| rate.serialisation_time(ByteCount::new(bytes)).as_ns());
        self.tally.framing_bytes += bytes;
        self.tally.framing_ns += ns;
        ns
    }

    // A relayed copy leaves: its path at this time, and whether there is none.
    fn relay(&mut self, path: Path, to: End, departure_ns: u64) -> (Path, bool) {
        let mut path = path;
        if self.relays.has_outages {
            match self.relays.at(self.world, [self.own.node, to.node], path.relay, SimTime::from_ns(departure_ns)) {
                Some(relay) if relay == path.relay => {}
                Some(relay) => path = self.world.paths_from(self.own.node).relayed(to.node, relay),
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
    pub(super) fn send_again(&mut self, now: SimTime, to: End, path: Path, attempt: u32) {
        let framing_ns = if path.relay.is_direct() { 0 } else { self.frame(path.relay) };
        // The packet that was lost, not the message.
        let up_ns = self.service.up_ns / self.message.packets;
        let departure_ns = self.servers.up.serve_first(self.behind_bulk(now.as_ns()), up_ns + framing_ns);
        self.resent();
        if self.message.measured {
            self.servers.up_work = self.servers.up_work.saturating_add(up_ns);
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
            let bytes = self.message.bytes / self.message.packets;
            self.seen.window.sent_bytes += bytes;
            self.seen.window.server_bytes += if !self.is_peer { bytes } else { 0 };
        }
    }

    // Lets a copy arrive at its time: on the spot where that is exact, else by an event.
    #[inline(always)]
    pub(super) fn launch(&mut self, time: SimTime, to: End) {
        let Kind { reception, is_leaf, is_peer, .. } = self.kinds[to.place as usize];
        match reception {
            Reception::Source | Reception::Queued => {
                let copied = self.message.copied(self.own.place, to.place);
                self.scheduler.schedule_at(time, Happening::Arrive(copied).into());
            }
            _ if time > self.horizon => self.seen.counts.copies_in_flight += 1,
            Reception::InOrder if is_leaf => self.end_at(time, to, is_peer),
            Reception::InOrder => self.arriving.push_back(Arrival { time, from: self.own.place, to: to.place }),
            Reception::Sink => self.taken_in(time, is_peer),
        }
    }

    // A copy goes through the queues of a node that passes nothing on. Not inlined: full meshes of nodes without
    // queues need the registers.
    #[inline(never)]
    fn end_at(&mut self, time: SimTime, to: End, is_peer: bool) {
        let service = &self.services[to.place as usize * self.sizes + self.message.size as usize];
        let row = &mut self.rows[to.place as usize];
        let behind_ns = match self.standing {
            Some(standing) if service.down_ns > 0 => standing.down_ns(to.node, time),
            _ => 0,
        };
        row.servers.down_work += if self.message.measured { service.down_ns } else { 0 };
        let received_ns = row.servers.down.serve(time.as_ns() + behind_ns, service.down_ns);
        if received_ns > self.horizon.as_ns() {
            self.seen.counts.copies_in_flight += 1;
            return;
        }
        match row.take_in(received_ns, service, self.message) {
            Some(now_ns) => self.taken_in(SimTime::from_ns(now_ns), is_peer),
            None => {
                self.seen.overflow(self.message);
                self.fail(Fate::Socket, to);
            }
        }
    }

    // A node has taken in a copy; since it passes nothing on, what comes to it is for it.
    #[inline(always)]
    fn taken_in(&mut self, now: SimTime, is_peer: bool) {
        self.tally.arrived += 1;
        if is_peer && now <= self.horizon {
            self.tally.delivered += 1;
            if self.message.measured {
                self.seen.latency.record(now.since(self.message.published));
            }
        }
    }

    // Whether the uplink takes a copy that would wait this long.
    #[inline(always)]
    fn admits(&self, wait_ns: u64) -> bool {
        if self.message.channel == Channel::Unreliable {
            return wait_ns <= self.limits.wait_ns;
        }
        let waiting_bytes =
            u128::from(wait_ns) * u128::from(self.message.bytes) / u128::from(self.service.up_ns.max(1));
        // The connections wait side by side, each with its own buffer.
        waiting_bytes <= u128::from(self.limits.send_buffer) * u128::from(self.connections)
    }

    fn draw_loss(&self, to: End, threshold: u64, attempt: u32) -> bool {
        let message = u64::from(self.message.flow) << 32 | u64::from(self.message.number);
        self.world.is_lost(self.own.node, to.node, threshold, message, attempt)
    }

    // Whether the window holds a copy back that could leave then; it is told when it may.
    #[inline(never)]
    fn is_held(&mut self, ready_ns: u64, wait_ns: u64, to: End, path: Path) -> bool {
        let tracking = self.associations.tracking(self.class, path.class, self.message, self.is_repeated(to));
        if tracking != Tracking::Always {
            return false;
        }
        // What waits at the uplink is on its way, too.
        let crossing = Crossing { rtt_ns: 2 * path.delay_ns + wait_ns, ..self.crossing(to, path) };
        let (leaves_ns, waiting) = self.associations.pass(crossing, ready_ns);
        let leaves_ns = leaves_ns.saturating_sub(self.service.up_ns);
        if leaves_ns <= ready_ns {
            return false;
        }
        if waiting > self.limits.send_buffer {
            self.tally.sent -= 1;
            self.refuse_full(to);
            return true;
        }
        let departure = Happening::Depart(self.message.copied(self.own.place, to.place));
        self.scheduler.schedule_at(SimTime::from_ns(leaves_ns), departure.into());
        true
    }

    // A copy leaves that will arrive: its sender learns of losses before it.
    #[inline(never)]
    fn report(&mut self, to: End, departure_ns: u64, path: Path) {
        let crossing = self.crossing(to, path);
        let mut learned = Vec::new();
        self.associations.sent(crossing, departure_ns, &mut learned);
        for copied in learned {
            self.repeat_reported(copied, departure_ns + crossing.rtt_ns);
        }
    }

    fn repeat_reported(&mut self, copied: Copied, at_ns: u64) {
        let again = Happening::Retransmit { copied, attempt: 1, is_reported: true };
        self.scheduler.schedule_at(SimTime::from_ns(at_ns), again.into());
    }

    fn crossing(&self, to: End, path: Path) -> Crossing<'a> {
        let peer = self.senders[to.place as usize].class;
        Crossing {
            message: self.message,
            ends: [self.own.place, to.place],
            classes: [self.class, peer],
            rtt_ns: 2 * path.delay_ns,
            may_rest: true,
        }
    }

    // Whether a lost copy is sent again: as the channel was asked for, or by an end that accepted it and repeats all.
    fn is_repeated(&self, to: End) -> bool {
        self.message.channel != Channel::Unreliable || self.repeats_all(to)
    }

    fn is_ordered(&self, to: End) -> bool {
        self.message.channel == Channel::Reliable || self.repeats_all(to)
    }

    fn repeats_all(&self, to: End) -> bool {
        !self.associations.accepts_as_asked(self.class) && !self.connected.offers(self.own.node, to.node)
    }

    // A copy is lost on its path when it is sent for the first time.
    #[cold]
    fn lose_first(&mut self, to: End, departure_ns: u64, path: Path) {
        let tracking = self.associations.tracking(self.class, path.class, self.message, self.is_repeated(to));
        let crossing = self.crossing(to, path);
        if !self.is_repeated(to) {
            if tracking == Tracking::Always {
                self.associations.lost_within(crossing, departure_ns);
            }
            self.fail(Fate::Lost, to);
            return self.seen.lose(self.message);
        }
        let copied = self.message.copied(self.own.place, to.place);
        let later = self.packets_behind(to);
        if later >= REPORTS {
            self.associations.lost_within(crossing, departure_ns);
            return self.repeat_reported(copied, departure_ns + crossing.rtt_ns);
        }
        let from_ns = self.associations.lost(crossing, copied, departure_ns, later);
        self.lose(to, from_ns, 0);
    }

    // How many packets of a message follow the one of it that is lost; three stand for more.
    fn packets_behind(&self, to: End) -> u64 {
        let packets = self.message.packets;
        let one_of = |of: u64, draw: u32| {
            let share = Probability::new(1.0 / of as f64).expect("invariant: a share");
            self.draw_loss(to, share.threshold(), draw)
        };
        // From the last packet on, which is as likely to be the one as any other.
        let places = packets.min(REPORTS);
        (0..places).find(|behind| one_of(packets - behind, FIRST_DRAW + *behind as u32)).unwrap_or(places)
    }

    // A copy is lost on its path: for good, or until the sender's time-out, which runs from then on.
    fn lose(&mut self, to: End, departure_ns: u64, attempt: u32) {
        if !self.is_repeated(to) {
            self.fail(Fate::Lost, to);
            return self.seen.lose(self.message);
        }
        let rtt_ns =
            self.world.path_delay_ns(self.own.node, to.node) + self.world.path_delay_ns(to.node, self.own.node);
        let first_ns = self.limits.rto_min_ns.max(rtt_ns + RTT_VARIANCE_MIN.as_ns()).min(RTO_MAX.as_ns());
        let rto = SimDuration::from_ns(first_ns << attempt.min(DOUBLINGS_MAX)).min(RTO_MAX);
        let copied = self.message.copied(self.own.place, to.place);
        let retry = Happening::Retransmit { copied, attempt: attempt + 1, is_reported: false };
        self.scheduler.schedule_at(SimTime::from_ns(departure_ns) + rto, retry.into());
    }

    #[cold]
    fn refuse_unconnected(&mut self, to: End) {
        self.fail(Fate::Unconnected, to);
        self.tally.refused += 1;
        self.seen.counts.copies_unconnected += 1;
    }

    #[cold]
    fn refuse_full(&mut self, to: End) {
        // Reliable messages wait in send buffers, others in the link's.
        let is_unreliable = self.message.channel == Channel::Unreliable;
        self.fail(if is_unreliable { Fate::Uplink } else { Fate::Throttled }, to);
        self.tally.refused += 1;
        self.seen.counts.copies_dropped += 1;
    }

    #[cold]
    fn fail(&mut self, fate: Fate, to: End) {
        if self.message.is_wanted {
            let routes = Routes { overlay: self.overlay, audiences: self.audiences, peers: self.world.peers() };
            let hop = FailedHop { audience: self.message.audience, from: self.own.node, to: to.node };
            self.seen.fates.fail(fate, hop, routes);
        }
    }

    // Books what was done for all copies, and returns the node's queues as they are now.
    #[inline(always)]
    pub(super) fn finish(self) -> Servers {
        let (tally, mut servers) = (self.tally, self.servers);
        let counts = &mut self.seen.counts;
        counts.copies_sent += tally.sent;
        counts.copies_arrived += tally.arrived;
        counts.deliveries += tally.delivered;
        if self.message.measured {
            let up_ns = tally.wanted.saturating_mul(self.service.up_ns).saturating_add(tally.framing_ns);
            servers.up_work = servers.up_work.saturating_add(up_ns);
            servers.cpu_work = servers.cpu_work.saturating_add(tally.wanted.saturating_mul(self.service.cpu_ns));
            let window = &mut self.seen.window;
            window.refused += tally.refused;
            window.sent += tally.sent;
            let sent_bytes = tally.sent * self.message.bytes + tally.framing_bytes;
            window.sent_bytes += sent_bytes;
            window.server_bytes += if !self.is_peer { sent_bytes } else { 0 };
        }
        servers
    }
}

impl Seen {
    pub(super) fn lose(&mut self, message: &Message) {
        self.counts.copies_lost += 1;
        self.window.lost += u64::from(message.measured);
    }
}
