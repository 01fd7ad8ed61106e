//! One node that sends copies of one message: CPU, uplink, path, loss.

use std::collections::VecDeque;

use super::event::{Event, Happening};
use super::lane::Lanes;
use super::layout::{End, Hop, Kind, NOBODY, Row, Sending};
use super::message::{Arrival, Message};
use super::reception::Reception;
use crate::engine::Scheduler;
use crate::overlay::audience::Audiences;
use crate::overlay::workload::Channel;
use crate::overlay::{Overlay, Seat, Shared};
use crate::simulation::account::fate::{FailedHop, Fate, Routes};
use crate::simulation::account::full::Direction;
use crate::simulation::account::seen::Seen;
use crate::simulation::control::connect::{Connected, Kept};
use crate::simulation::data::fills::Fills;
use crate::simulation::data::lines::Lines;
use crate::simulation::data::plan::{QueueLimits, Service};
use crate::simulation::data::relay::Relays;
use crate::simulation::data::standing::Standing;
use crate::simulation::servers::Servers;
use crate::units::{ByteCount, SimTime};
use crate::webrtc::turn::RelayCode;
use crate::world::{Path, World};

/// A node that sends copies of one message: everything that stays the same between two copies, so
/// that the loop over the connections works on registers.
pub(in crate::simulation) struct Sender<'a> {
    pub(in crate::simulation) own: End,
    pub(in crate::simulation) is_peer: bool,
    pub(in crate::simulation) message: &'a Message,
    pub(in crate::simulation) service: Service,
    pub(in crate::simulation) limits: QueueLimits,
    /// Of each class.
    pub(in crate::simulation) all_limits: &'a [QueueLimits],
    /// Loss of the message, by the receiver's class.
    pub(in crate::simulation) losses: &'a [u64],
    pub(in crate::simulation) connections: u32,
    pub(in crate::simulation) servers: Servers,
    pub(in crate::simulation) world: &'a World,
    pub(in crate::simulation) overlay: &'a Overlay,
    pub(in crate::simulation) audiences: &'a Audiences,
    pub(in crate::simulation) horizon: SimTime,
    pub(in crate::simulation) all_open_at: SimTime,
    /// The sender's pairs.
    pub(in crate::simulation) hops: &'a [Hop],
    /// The members of all blocks.
    pub(in crate::simulation) members: &'a [End],
    /// The places of all nodes, by number.
    pub(in crate::simulation) places: &'a [u32],
    // Of all nodes, but the sender's own is here.
    pub(in crate::simulation) rows: &'a mut [Row],
    pub(in crate::simulation) kinds: &'a [Kind],
    pub(in crate::simulation) services: &'a [Service],
    pub(in crate::simulation) sizes: usize,
    pub(in crate::simulation) standing: Option<&'a Standing>,
    pub(in crate::simulation) lines: Option<&'a mut Lines>,
    /// Whether copies may be repeated, or meet jitter or bursts.
    pub(in crate::simulation) is_rough: bool,
    pub(in crate::simulation) seen: &'a mut Seen,
    pub(in crate::simulation) lanes: &'a mut Lanes,
    /// Bytes of the message itself.
    pub(in crate::simulation) payload: u64,
    pub(in crate::simulation) connected: &'a Connected,
    /// The index of the sender's class.
    pub(in crate::simulation) class: u32,
    /// Which of its buffers may fill.
    pub(in crate::simulation) fills: Fills,
    pub(in crate::simulation) senders: &'a [Sending],
    pub(in crate::simulation) relays: &'a mut Relays,
    pub(in crate::simulation) arriving: &'a mut VecDeque<Arrival>,
    pub(in crate::simulation) scheduler: &'a mut Scheduler<Event>,
    pub(in crate::simulation) tally: Tally,
}

/// What became of the copies so far.
#[derive(Clone, Copy, Default)]
pub(in crate::simulation) struct Tally {
    wanted: u64,
    refused: u64,
    pub(in crate::simulation) sent: u64,
    framing_bytes: u64,
    framing_ns: u64,
    /// Bytes that found the uplink's buffer full.
    pub(in crate::simulation) turned_away_bytes: u64,
    arrived: u64,
    delivered: u64,
}

impl Sender<'_> {
    /// The block by which a message has come from the node at `from`, if it has come by one.
    #[inline(always)]
    pub(in crate::simulation) fn came_by(&self, from: u32) -> Option<u32> {
        if from == NOBODY || !self.kinds[from as usize].in_block {
            return None;
        }
        self.overlay.shared(self.own.node, self.rows[from as usize].node).map(|shared| shared.block)
    }

    /// A copy to each of the other members of a block that `needs` it.
    #[inline(always)]
    pub(in crate::simulation) fn send_in_block(&mut self, now: SimTime, seat: Seat, needs: impl Fn(End) -> bool) {
        let Seat { block, place } = seat;
        let own = self.own;
        let members = self.members[self.overlay.block_range(block)].iter().copied().zip(0..);
        let others = members.filter(|(next, _)| next.place != own.place && needs(*next));
        if now >= self.all_open_at {
            let paths = self.world.paths_from(own.node);
            others.for_each(|(next, _)| self.send(now, next, paths.to(next.node)));
        } else {
            others.for_each(|(next, other)| {
                let shared = Shared { block, places: [place, other] };
                self.send_if_open(now, next, self.connected.in_block(shared, [own.node, next.node]));
            });
        }
    }

    // One copy over a pair.
    #[inline(always)]
    pub(in crate::simulation) fn send_over(&mut self, now: SimTime, hop: &Hop) {
        if hop.open <= now {
            return self.send_on(now, hop.next, hop.path);
        }
        self.tally.wanted += u64::from(now < self.all_open_at);
        self.refuse_unconnected(hop.next);
    }

    // One copy over a connection of which this is known.
    pub(in crate::simulation) fn send_if_open(&mut self, now: SimTime, to: End, kept: Kept) {
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
    pub(in crate::simulation) fn send(&mut self, now: SimTime, to: End, path: Option<Path>) {
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
        if self.is_rough {
            return self.send_rough(now, ready_ns, to, path);
        }
        if let Some((departure_ns, path)) = self.serialise(now, ready_ns, to, path) {
            self.travel(departure_ns, to, path);
        }
    }

    // The same where packets are repeated, or meet jitter or bursts.
    #[inline(never)]
    fn send_rough(&mut self, now: SimTime, ready_ns: u64, to: End, path: Path) {
        if self.lanes.any && self.wants_lane(to, path) {
            if ready_ns <= now.as_ns() {
                return self.hand_over(now, to, path);
            }
            let copied = self.message.copied(self.own.place, to.place);
            return self.scheduler.schedule_at(SimTime::from_ns(ready_ns), Happening::HandOver(copied).into());
        }
        if let Some((departure_ns, path)) = self.serialise(now, ready_ns, to, path) {
            let through_ns = self.beyond_uplink(departure_ns, path);
            self.travel(through_ns, to, path);
        }
    }

    // One copy through the uplink: when it has left, on which path; none if it does not, or is lost there.
    #[inline(always)]
    fn serialise(&mut self, now: SimTime, ready_ns: u64, to: End, path: Path) -> Option<(u64, Path)> {
        let ready_ns = self.behind_bulk(ready_ns);
        let wait_ns = self.servers.up.wait_ns(ready_ns);
        if !self.admits(wait_ns) {
            self.refuse_full(to);
            return None;
        }
        if self.message.channel != Channel::Unreliable && self.exceeds(wait_ns) {
            self.seen.full.note(self.own.node, Direction::Up);
        }
        if ready_ns + wait_ns > self.horizon.as_ns() {
            // It would not even begin to leave before the end.
            return None;
        }
        let framing_ns = if path.relay.is_direct() { 0 } else { self.frame(path.relay) };
        let departure_ns = self.servers.up.serve(ready_ns, self.service.up_ns + framing_ns);
        self.tally.sent += 1;
        let (path, interrupted) =
            if path.relay.is_direct() { (path, false) } else { self.relay(path, to, departure_ns) };
        let loss = self.losses[usize::from(path.class)];
        if interrupted || (loss > 0 && self.draw_losses(now, to, path)) {
            self.fail(Fate::Lost, to);
            self.seen.lose(self.message);
            return None;
        }
        Some((departure_ns, path))
    }

    // When all of a copy is beyond the uplink that it has left at this time.
    fn beyond_uplink(&mut self, departure_ns: u64, path: Path) -> u64 {
        let (packets, is_local) = (self.message.packets, self.is_local(path));
        match &mut self.lines {
            Some(lines) if !is_local => {
                lines.leave(self.own.node, departure_ns, packets, self.service.up_ns / packets.max(1))
            }
            _ => departure_ns,
        }
    }

    /// Whether a path stays in one local network, so that it meets neither losses nor jitter.
    pub(in crate::simulation) fn is_local(&self, path: Path) -> bool {
        usize::from(path.class) == self.world.classes().len()
    }

    // When what comes to the uplink at a time has the queue of bulk data before it.
    #[inline(always)]
    pub(in crate::simulation) fn behind_bulk(&self, ready_ns: u64) -> u64 {
        match self.standing {
            Some(standing) => ready_ns + standing.up_ns(self.own.node, SimTime::from_ns(ready_ns)),
            None => ready_ns,
        }
    }

    // A copy that will arrive sets out.
    #[inline(always)]
    pub(in crate::simulation) fn travel(&mut self, departure_ns: u64, to: End, path: Path) {
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
        self.frame_packets(relay, self.message.packets)
    }

    // The same for so many packets.
    pub(in crate::simulation) fn frame_packets(&mut self, relay: RelayCode, packets: u64) -> u64 {
        let bytes = self.relays.framing(relay.own(), packets);
        let rate = self.world.rates(self.own.node).up;
        let ns = rate.map_or(0, |rate| rate.serialisation_time(ByteCount::new(bytes)).as_ns());
        self.tally.framing_bytes += bytes;
        self.tally.framing_ns += ns;
        ns
    }

    // A relayed copy leaves: its path at this time, and whether there is none.
    pub(in crate::simulation) fn relay(&mut self, path: Path, to: End, departure_ns: u64) -> (Path, bool) {
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

    // Lets a copy arrive at its time: on the spot where that is exact, else by an event.
    #[inline(always)]
    pub(in crate::simulation) fn launch(&mut self, time: SimTime, to: End) {
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
        if self.message.channel != Channel::Unreliable {
            let wait_ns = row.servers.down.wait_ns(time.as_ns() + behind_ns);
            let limit_ns = self.all_limits[self.senders[to.place as usize].class as usize].wait_ns;
            if wait_ns > 0 && wait_ns.saturating_add(service.down_ns / self.message.packets.max(1)) > limit_ns {
                self.seen.full.note(to.node, Direction::Down);
            }
        }
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

    // Whether the buffer of the uplink has no room for all of a copy behind what waits.
    #[inline(always)]
    pub(in crate::simulation) fn exceeds(&self, wait_ns: u64) -> bool {
        let needs_ns = wait_ns.saturating_add(self.service.up_ns);
        needs_ns > self.limits.wait_ns && (wait_ns > 0 || self.message.packets > 1)
    }

    // Whether a copy loses any of its packets on a path with losses.
    #[inline(always)]
    fn draw_losses(&mut self, now: SimTime, to: End, path: Path) -> bool {
        if self.lines.is_some() {
            return self.draw_rough_losses(now, to, path);
        }
        self.draw_loss(to, self.losses[usize::from(path.class)])
    }

    #[cold]
    fn draw_rough_losses(&mut self, now: SimTime, to: End, path: Path) -> bool {
        match &mut self.lines {
            Some(lines) if lines.has_bursts(self.class, path.class) => {
                lines.lose_any(now, [self.own.node, to.node], self.message.packets)
            }
            _ => self.draw_loss(to, self.losses[usize::from(path.class)]),
        }
    }

    #[inline(always)]
    pub(in crate::simulation) fn draw_loss(&self, to: End, threshold: u64) -> bool {
        self.world.is_lost(self.own.node, to.node, threshold, self.word(), 0)
    }

    // The message as draws and associations know it.
    pub(in crate::simulation) fn word(&self) -> u64 {
        self.message.word()
    }

    #[cold]
    fn refuse_unconnected(&mut self, to: End) {
        self.fail(Fate::Unconnected, to);
        self.tally.refused += 1;
        self.seen.counts.copies_unconnected += 1;
    }

    #[cold]
    pub(in crate::simulation) fn refuse_full(&mut self, to: End) {
        // Reliable messages wait in send buffers, others in the link's.
        let is_unreliable = self.message.channel == Channel::Unreliable;
        self.refuse(if is_unreliable { Fate::Uplink } else { Fate::Throttled }, to);
    }

    #[cold]
    pub(in crate::simulation) fn refuse(&mut self, fate: Fate, to: End) {
        self.fail(fate, to);
        self.tally.refused += 1;
        self.seen.counts.copies_dropped += 1;
    }

    #[cold]
    pub(in crate::simulation) fn fail(&mut self, fate: Fate, to: End) {
        if self.message.is_wanted {
            let routes = Routes { overlay: self.overlay, audiences: self.audiences, peers: self.world.peers() };
            let hop = FailedHop { audience: self.message.audience, from: self.own.node, to: to.node };
            self.seen.fates.fail(fate, hop, routes);
        }
    }

    /// Books what was done for all copies, and leaves the node's queues as they are now.
    #[inline(always)]
    pub(in crate::simulation) fn finish(self) {
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
            let sent_bytes =
                (tally.sent * self.message.bytes + tally.framing_bytes).saturating_sub(tally.turned_away_bytes);
            window.sent_bytes += sent_bytes;
            if self.message.is_control {
                *window.control_bytes.get_or_insert(0) += tally.sent * self.message.bytes;
            }
            window.server_bytes += if !self.is_peer { sent_bytes } else { 0 };
        }
        self.rows[self.own.place as usize].servers = servers;
    }
}
