//! Lanes at work: copies leave as the window allows, what is lost is sent again, and what has arrived is let through in
//! order.

use super::event::{Copied, Event, Happening};
use super::flow::Flows;
use super::lane::Flying;
use super::layout::End;
use super::message::Arrival;
use super::sender::Sender;
use crate::engine::Scheduler;
use crate::overlay::dissemination::Dissemination;
use crate::overlay::workload::Channel;
use crate::simulation::account::fate::Fate;
use crate::simulation::account::full::{Direction, is_full};
use crate::simulation::data::plan::Service;
use crate::units::{SimDuration, SimTime};
use crate::webrtc::sctp::{Answer, Loss, Sent, data_bytes, first_lost};
use crate::world::Path;

/// A lane that waits for nothing it knows of looks again after this.
const LOOK_AGAIN: SimDuration = SimDuration::from_ms(1_000);

/// What leaves a lane at one moment: messages that waited share packets.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::simulation) struct Burst {
    packets: u32,
    // What is left of the last packet, and whether that is lost.
    left: u32,
    is_lost: bool,
}

/// How a path loses the packets of a part.
#[derive(Clone, Copy, Debug)]
enum Losing {
    /// All or none of them.
    Alike(bool),
    /// Each by itself: from this one on, by draws below a threshold behind it.
    Apart(Option<u64>, u64),
    /// In bursts.
    InBursts,
}

/// So many packets of a message from the first on.
#[derive(Clone, Copy, Debug)]
struct Part {
    first: u64,
    packets: u64,
    // Whether it goes along in a packet with the message before it.
    shares: bool,
}

impl Sender<'_> {
    /// Whether copies to a node wait for the window, or are lost on their way and repeated.
    #[inline]
    pub(in crate::simulation) fn wants_lane(&self, to: End, path: Path) -> bool {
        let loses = self.losses[usize::from(path.class)] > 0 || (self.relays.has_outages && !path.relay.is_direct());
        let others = self.senders[to.place as usize].fills;
        let (fills, is_large) = (self.fills.up || others.down, self.message.packets > self.limits.at_once);
        if self.repeats(to) {
            return loses || fills || is_large;
        }
        let closes = self.fills.crowds_up || others.crowds_down || (loses && self.fills.streams);
        closes || (is_large && (loses || fills))
    }

    // Whether what is lost on the way to a node is sent again.
    fn repeats(&self, to: End) -> bool {
        self.lanes.repeats(self.message.channel, self.class, self.connected, [self.own.node, to.node])
    }

    /// The CPU has come to a copy: it is handed to the association.
    #[inline(never)]
    pub(in crate::simulation) fn hand_over(&mut self, now: SimTime, to: End, path: Path) {
        let (world, own) = (self.world, self.own);
        let classes = [self.class, self.senders[to.place as usize].class];
        let back_ns = || world.path(to.node, own.node).map_or(path.delay_ns, |path| path.delay_ns);
        let lane = self.lanes.get([own.place, to.place], classes, back_ns);
        let row = &mut self.lanes.rows[lane as usize];
        if row.waiting_bytes + self.payload > self.limits.send_buffer {
            return self.refuse(Fate::Throttled, to);
        }
        self.tally.sent += 1;
        let was_idle = row.waiting.is_empty();
        row.course.update(now, !was_idle);
        row.waiting.push_back(self.message.copied(own.place, to.place));
        row.waiting_bytes += self.payload;
        if !was_idle {
            return;
        }
        if !self.carry(now, lane, to, path, &mut Burst::default()) {
            self.lanes.rows[lane as usize].waits_since = now;
        }
        self.lanes.rows[lane as usize].wait(now, lane, self.payload, self.message.packets, self.scheduler);
    }

    // As many packets of a lane's first copy as may leave; whether that is all of them.
    fn carry(&mut self, now: SimTime, lane: u32, to: End, path: Path, burst: &mut Burst) -> bool {
        let (all, len) = (self.message.packets, self.payload.div_ceil(self.message.packets) as u32);
        let row = &self.lanes.rows[lane as usize];
        let (first, course) = (row.begun, &row.course);
        let shares = all == 1 && course.shares(len, burst.left);
        let mut packets = u64::from(shares);
        while !shares && first + packets < all && course.admits(len, packets as u32, burst.packets + packets as u32) {
            packets += 1;
        }
        if packets == 0 {
            return false;
        }
        self.depart(now, lane, (to, path), Part { first, packets, shares }, burst);
        let row = &mut self.lanes.rows[lane as usize];
        row.begun += packets;
        if row.begun < all {
            return false;
        }
        row.begun = 0;
        row.waiting.pop_front();
        row.waiting_bytes -= self.payload;
        true
    }

    // A part of a copy leaves: through the uplink, onto the path, where packets may be lost.
    fn depart(&mut self, now: SimTime, lane: u32, (to, path): (End, Path), part: Part, burst: &mut Burst) {
        let (all, len) = (self.message.packets, self.payload.div_ceil(self.message.packets) as u32);
        let framing_ns = if path.relay.is_direct() { 0 } else { self.frame_packets(path.relay, part.packets) };
        let service = if part.shares {
            self.service.up_ns * u64::from(len + 16) / self.message.bytes.max(1)
        } else {
            self.service.up_ns
        };
        let up_ns = (service.min(self.service.up_ns) * part.packets / all).max(u64::from(self.service.up_ns > 0));
        let packet_ns = (up_ns + framing_ns) / part.packets;
        let ready_ns = self.behind_bulk(now.as_ns());
        let wait_ns = self.servers.up.wait_ns(ready_ns);
        let departure_ns = if self.fills.up {
            ready_ns + wait_ns
        } else {
            if wait_ns.saturating_add(up_ns) > self.limits.wait_ns && (wait_ns > 0 || part.packets > 1) {
                self.seen.full.note(self.own.node, Direction::Up);
            }
            self.servers.up.serve(ready_ns, up_ns + framing_ns)
        };
        let (path, interrupted) =
            if path.relay.is_direct() { (path, false) } else { self.relay(path, to, departure_ns) };
        let losing = match part.shares {
            _ if interrupted => Losing::Alike(true),
            true => Losing::Alike(burst.is_lost),
            false => self.losing(to, path),
        };
        let word = self.word();
        let last = part.first + part.packets - 1;
        let gap_ns = self.gap_ns(to);
        let back_ns = if self.fills.up { 0 } else { self.back(lane, to, departure_ns + path.delay_ns, part.packets) };
        let packet_up_ns = up_ns / part.packets;
        let may_be_dropped = self.may_be_dropped(to, path);
        let (mut arriving, mut dropped, mut through_ns, mut last_back_ns) = (0, 0, departure_ns, 0);
        for packet in part.first..=last {
            let (sent, mut back_ns, is_dropped) = if self.fills.up {
                let left_ns = if part.shares { Some(departure_ns) } else { self.enqueue(now, packet_ns) };
                let sent_ns = left_ns.unwrap_or(now.as_ns());
                if left_ns.is_some() {
                    let back_ns = self.back(lane, to, sent_ns + path.delay_ns, 1);
                    last_back_ns = back_ns.max(last_back_ns + gap_ns);
                }
                (SimTime::from_ns(sent_ns), last_back_ns, left_ns.is_none())
            } else {
                let behind = last - packet;
                let sent = SimTime::from_ns(departure_ns.saturating_sub(behind * packet_up_ns));
                (sent, back_ns.saturating_sub(behind * gap_ns).max(sent.as_ns()), false)
            };
            dropped += u64::from(is_dropped);
            burst.is_lost = is_dropped || self.loses(now, to, packet, losing);
            if !burst.is_lost {
                through_ns = through_ns.max(self.jitter(lane, (to, path), sent.as_ns(), part.shares, &mut back_ns));
            }
            let of = Sent { message: word, packet: packet as u16, len };
            if burst.is_lost {
                self.lanes.rows[lane as usize].course.loses(of, sent, part.shares);
            } else {
                let at_once = self.lanes.rows[lane as usize].course.answers_at_once();
                let is_lost = !part.shares && self.loses_answer(now, (to, path), at_once);
                let answer = Answer { back: SimTime::from_ns(back_ns), is_lost };
                let row = &mut self.lanes.rows[lane as usize];
                row.course.arrives(of, sent, answer, part.shares);
                if may_be_dropped {
                    row.fly(Flying { of, tsn: row.course.last_sent(), sent, is_paced: part.first > 0 });
                }
                arriving += 1;
            }
        }
        burst.packets += if part.shares { 0 } else { part.packets as u32 };
        let course = &self.lanes.rows[lane as usize].course;
        burst.left = if part.shares { burst.left.saturating_sub(len + 16) } else { course.left_behind(len) };
        let is_whole = arriving == all && !may_be_dropped;
        let copied = self.message.copied(self.own.place, to.place);
        let is_ordered = self.message.channel == Channel::Reliable
            || self.lanes.repeats(Channel::Unreliable, self.class, self.connected, [self.own.node, to.node]);
        if part.first == 0 {
            let row = &mut self.lanes.rows[lane as usize];
            if is_ordered {
                row.begins(copied, is_whole);
            }
            if !is_whole {
                row.expect(copied, all);
            }
        }
        if arriving < part.packets && !self.repeats(to) {
            self.give_up(lane, to, if dropped > 0 { Fate::Uplink } else { Fate::Lost });
        }
        if is_whole {
            self.travel(through_ns, to, path);
        } else if arriving > 0 {
            self.launch_piece(lane, through_ns + path.delay_ns, arriving as u32);
        }
    }

    // Whether the downlink at the end of a path may drop what comes to it.
    fn may_be_dropped(&self, to: End, path: Path) -> bool {
        self.senders[to.place as usize].fills.down && (path.relay.is_direct() || !self.relays.has_queues)
    }

    // A copy that is not repeated has lost a packet.
    fn give_up(&mut self, lane: u32, to: End, fate: Fate) {
        if self.lanes.rows[lane as usize].forget(self.message.copied(self.own.place, to.place)) {
            self.fail(fate, to);
            self.seen.lose(self.message);
        }
    }

    // What is lost and not repeated is passed over: the other end is told not to wait for it (RFC 3758).
    fn pass_over(&mut self, now: SimTime, lane: u32, to: End, path: Path, (loss, along): (&Loss, bool)) {
        let back_ns = self.back(lane, to, now.as_ns() + path.delay_ns, 0);
        let answer = Answer { back: SimTime::from_ns(back_ns), is_lost: false };
        self.lanes.rows[lane as usize].course.repeated(now, loss, Some(answer), along);
    }

    // A packet is put on the uplink, whose buffer may fill: when it has left, unless there is no room.
    fn enqueue(&mut self, now: SimTime, packet_ns: u64) -> Option<u64> {
        let ready_ns = self.behind_bulk(now.as_ns());
        let wait_ns = self.servers.up.wait_ns(ready_ns);
        if is_full(wait_ns, packet_ns, self.limits.wait_ns) {
            self.seen.dropped.note(self.own.node, Direction::Up);
            self.tally.turned_away_bytes += self.message.bytes / self.message.packets;
            return None;
        }
        Some(self.servers.up.serve(ready_ns, packet_ns))
    }

    /// What is lost of a copy is sent again, before new data (RFC 9260, section 6.1), in one packet with others as far as
    /// that has room.
    fn repair(&mut self, now: SimTime, lane: u32, (to, path): (End, Path), loss: &Loss, burst: &mut Burst) {
        let all = self.message.packets;
        let shares = data_bytes(loss.len) <= burst.left;
        let framing_ns = if path.relay.is_direct() || shares { 0 } else { self.frame_packets(path.relay, 1) };
        let bytes = if shares { u64::from(data_bytes(loss.len)) } else { self.message.bytes / all };
        let up_ns = if shares {
            self.service.up_ns * bytes / self.message.bytes.max(1)
        } else {
            self.service.up_ns.div_ceil(all)
        };
        let left_ns = match self.fills.up && !shares {
            true => self.enqueue(now, up_ns + framing_ns),
            false => Some(self.servers.up.serve_first(self.behind_bulk(now.as_ns()), up_ns + framing_ns)),
        };
        let departure_ns = left_ns.unwrap_or(now.as_ns());
        if self.message.measured {
            self.servers.up_work = self.servers.up_work.saturating_add(up_ns);
            self.seen.window.sent_bytes += bytes;
            self.seen.window.server_bytes += if !self.is_peer { bytes } else { 0 };
        }
        let (path, interrupted) =
            if path.relay.is_direct() { (path, false) } else { self.relay(path, to, departure_ns) };
        burst.is_lost = left_ns.is_none()
            || interrupted
            || if shares { burst.is_lost } else { self.loses_repeated(now, to, path, loss) };
        let course = &self.lanes.rows[lane as usize].course;
        burst.left = if shares { burst.left - data_bytes(loss.len) } else { course.left_behind(loss.len) };
        let mut back_ns =
            if burst.is_lost { departure_ns } else { self.back(lane, to, departure_ns + path.delay_ns, 1) };
        if burst.is_lost {
            return self.lanes.rows[lane as usize].course.repeated(now, loss, None, shares);
        }
        let through_ns = self.jitter(lane, (to, path), departure_ns, shares, &mut back_ns);
        // Of what has come before every second packet is acknowledged.
        burst.packets += 1;
        let at_once = !loss.has_arrived() || burst.packets % 2 == 1;
        let is_lost = !shares && self.loses_answer(now, (to, path), at_once);
        let answer = Answer { back: SimTime::from_ns(back_ns), is_lost };
        self.lanes.rows[lane as usize].course.repeated(now, loss, Some(answer), shares);
        if !loss.has_arrived() {
            if self.may_be_dropped(to, path) {
                let of = Sent { message: loss.message, packet: loss.packet, len: loss.len };
                let row = &mut self.lanes.rows[lane as usize];
                row.fly(Flying { of, tsn: row.course.last_sent(), sent: now, is_paced: false });
            }
            self.launch_piece(lane, through_ns + path.delay_ns, 1);
        }
    }

    // How a path loses the packets of a message.
    fn losing(&self, to: End, path: Path) -> Losing {
        if self.has_bursts(path) {
            return Losing::InBursts;
        }
        Losing::Apart(self.first_lost(to, path), self.packet_threshold(path))
    }

    fn has_bursts(&self, path: Path) -> bool {
        self.lines.as_ref().is_some_and(|lines| lines.has_bursts(self.class, path.class))
    }

    fn loses(&mut self, now: SimTime, to: End, packet: u64, losing: Losing) -> bool {
        let ends = [self.own.node, to.node];
        match losing {
            Losing::Alike(is_lost) => is_lost,
            Losing::Apart(Some(first), chance) if packet > first => {
                self.world.packet_draw(ends[0], ends[1], self.word(), 0, packet as u16) < chance
            }
            Losing::Apart(first, _) => first == Some(packet),
            Losing::InBursts => self.lines.as_mut().is_some_and(|lines| lines.lose(now, ends)),
        }
    }

    // Whether a packet that is sent again is lost, too.
    fn loses_repeated(&mut self, now: SimTime, to: End, path: Path, loss: &Loss) -> bool {
        if self.has_bursts(path) {
            return self.loses(now, to, 0, Losing::InBursts);
        }
        let attempt = u32::from(loss.repeats) + 1;
        let draw = self.world.packet_draw(self.own.node, to.node, self.word(), attempt, loss.packet);
        draw < self.packet_threshold(path)
    }

    // Whether the acknowledgement of a packet that arrives is lost, where that comes in bursts. One that waits for a second
    // packet may never leave: it asks for the state of the links and does not change it.
    fn loses_answer(&mut self, now: SimTime, (to, path): (End, Path), at_once: bool) -> bool {
        let has_bursts = self.has_bursts(path);
        let Some(lines) = self.lines.as_mut().filter(|_| has_bursts) else { return false };
        let way = [to.node, self.own.node];
        if at_once { lines.lose(now, way) } else { lines.would_lose(now, way) }
    }

    // When a packet is beyond the uplink that left its queue at `left_ns`, perhaps along with the one before it; its
    // acknowledgement, which is back at `back_ns` without jitter, meets the jitter of three links more.
    fn jitter(&mut self, lane: u32, (to, path): (End, Path), left_ns: u64, shares: bool, back_ns: &mut u64) -> u64 {
        let is_local = self.is_local(path);
        let Some(lines) = self.lines.as_mut().filter(|lines| lines.has_jitter && !is_local) else { return left_ns };
        let node = self.own.node;
        let through_ns = if shares { lines.leave_along(node, left_ns) } else { lines.leave(node, left_ns, 1, 0) };
        *back_ns += through_ns - left_ns + lines.round([node, to.node]);
        // Acknowledgements stay in order.
        let last = &mut self.lanes.rows[lane as usize].last_back_ns;
        *last = (*last).max(*back_ns);
        *back_ns = *last;
        through_ns
    }

    // The first packet that a message loses, if any; one draw for those that lose none.
    fn first_lost(&self, to: End, path: Path) -> Option<u64> {
        let threshold = self.losses[usize::from(path.class)];
        if !self.draw_loss(to, threshold) {
            return None;
        }
        let draw = self.world.packet_draw(self.own.node, to.node, self.word(), 0, u16::MAX);
        let loss = self.world.packet_loss(self.class as usize, usize::from(path.class)).get();
        Some(first_lost(draw as f64 / 18_446_744_073_709_551_616.0, loss, self.message.packets))
    }

    fn packet_threshold(&self, path: Path) -> u64 {
        self.world.packet_loss(self.class as usize, usize::from(path.class)).threshold()
    }

    // When the SACK of the last of so many packets is back that arrives at this time, by the queues as they stand.
    fn back(&mut self, lane: u32, to: End, arrival_ns: u64, packets: u64) -> u64 {
        let Service { down_ns, .. } = self.services[to.place as usize * self.sizes + self.message.size as usize];
        let servers = &self.rows[to.place as usize].servers;
        let row = &mut self.lanes.rows[lane as usize];
        let mut begin_ns = arrival_ns + servers.down.wait_ns(arrival_ns);
        if self.senders[to.place as usize].fills.down {
            // What has left before and is not there yet stands before it.
            begin_ns = begin_ns.max(row.last_read_ns);
        }
        let read_ns = begin_ns + down_ns * packets / self.message.packets;
        row.last_read_ns = read_ns;
        read_ns + servers.up.wait_ns(read_ns) + row.back_ns
    }

    // The time from one packet's SACK to the next.
    fn gap_ns(&self, to: End) -> u64 {
        let Service { down_ns, .. } = self.services[to.place as usize * self.sizes + self.message.size as usize];
        down_ns.max(self.service.up_ns) / self.message.packets
    }

    fn launch_piece(&mut self, lane: u32, time_ns: u64, packets: u32) {
        let (flow, number) = (self.message.flow, self.message.number);
        let piece = Happening::Piece { lane, packets, flow, number, is_served: false };
        self.scheduler.schedule_at(SimTime::from_ns(time_ns), piece.into());
    }
}

impl super::lane::Lane {
    // Has the lane looked at when its window opens for the first copy, of `payload` bytes, or a repair is due.
    fn wait(&mut self, now: SimTime, lane: u32, payload: u64, packets: u64, scheduler: &mut Scheduler<Event>) {
        let mut next = self.course.next_repair();
        if !self.waiting.is_empty() {
            let want = self.course.worth_waiting_for(payload.div_ceil(packets) as u32, packets - self.begun);
            next = next.min(self.course.opens(want).unwrap_or(SimTime::MAX));
            if next == SimTime::MAX {
                next = now + LOOK_AGAIN;
            }
        }
        if next < self.wake {
            self.wake = next;
            scheduler.schedule_at(next.max(scheduler.now()), Happening::Lane { lane }.into());
        }
    }
}

impl<D: Dissemination> Flows<D> {
    /// The CPU has come to a copy: it is handed to its association.
    pub(in crate::simulation) fn hand_over(&mut self, now: SimTime, copied: Copied, scheduler: &mut Scheduler<Event>) {
        let [from, to] = [copied.from, copied.to].map(|place| self.layout.end(place));
        let path = self.path(from.node, to.node);
        let message = self.message(copied.flow, copied.number);
        let place = copied.from;
        let mut sender = self.sender(place, &message, scheduler);
        sender.hand_over(now, to, path);
        sender.finish();
    }

    /// A lane has asked to be looked at: what is due to be repeated goes, then what waits, as the window allows.
    pub(in crate::simulation) fn pump(&mut self, now: SimTime, lane: u32, scheduler: &mut Scheduler<Event>) {
        let row = &mut self.lanes.rows[lane as usize];
        row.wake = SimTime::MAX;
        row.course.update(now, !row.waiting.is_empty());
        let repairs = row.course.repairs(now);
        let place = row.from;
        let [from, to] = [row.from, row.to].map(|place| self.layout.end(place));
        let path = self.path(from.node, to.node);
        let mut burst = Burst::default();
        for (loss, nth) in repairs.iter().zip(0..) {
            let copied = Copied {
                from: from.place,
                to: to.place,
                flow: (loss.message >> 32) as u32,
                number: loss.message as u32,
            };
            let message = self.message(copied.flow, copied.number);
            let mut sender = self.sender(place, &message, scheduler);
            if sender.repeats(to) {
                sender.repair(now, lane, (to, path), loss, &mut burst);
            } else {
                sender.pass_over(now, lane, to, path, (loss, nth > 0));
            }
            sender.finish();
        }
        let mut burst = Burst::default();
        let (mut payload, mut packets) = (1, 1);
        while let Some(&copied) = self.lanes.rows[lane as usize].waiting.front() {
            let message = self.message(copied.flow, copied.number);
            let mut sender = self.sender(place, &message, scheduler);
            let is_done = sender.carry(now, lane, to, path, &mut burst);
            (payload, packets) = (sender.payload, message.packets);
            sender.finish();
            if !is_done {
                break;
            }
        }
        let row = &mut self.lanes.rows[lane as usize];
        if row.waiting.is_empty() && row.waits_since != SimTime::MAX {
            row.waited_ns += now.as_ns().saturating_sub(row.waits_since.as_ns());
            row.waits_since = SimTime::MAX;
        }
        row.wait(now, lane, payload, packets, scheduler);
    }

    /// Packets of a copy come to the downlink, or have come through it.
    pub(in crate::simulation) fn piece(
        &mut self,
        now: SimTime,
        lane: u32,
        (packets, is_served): (u32, bool),
        (flow, number): (u32, u32),
        scheduler: &mut Scheduler<Event>,
    ) {
        let row = &self.lanes.rows[lane as usize];
        let copied = Copied { from: row.from, to: row.to, flow, number };
        if is_served {
            if self.lanes.rows[lane as usize].piece(copied, u64::from(packets)) {
                self.arrive_whole(now, lane, copied, scheduler);
            }
            return;
        }
        let message = self.message(flow, number);
        if self.layout.senders[copied.to as usize].fills.down {
            let landed = self.lanes.rows[lane as usize].land(message.word(), packets);
            if !landed.is_empty() {
                return self.land(now, lane, copied, &landed, scheduler);
            }
        }
        let down_ns = self.layout.service(copied.to, message.size).down_ns;
        let down_ns = (down_ns * u64::from(packets)).div_ceil(message.packets);
        let row = &mut self.layout.rows[copied.to as usize];
        let behind_ns = self.standing.as_ref().map_or(0, |standing| standing.down_ns(row.node, now));
        row.servers.down_work += if message.measured { down_ns } else { 0 };
        let wait_ns = row.servers.down.wait_ns(now.as_ns() + behind_ns);
        let limit_ns = self.plan.limits[self.layout.senders[copied.to as usize].class as usize].wait_ns;
        if is_full(wait_ns, down_ns / u64::from(packets).max(1), limit_ns) {
            self.app.seen.full.note(row.node, Direction::Down);
        }
        let served_ns = row.servers.down.serve(now.as_ns() + behind_ns, down_ns);
        let (ends, packets_of_it) = ([copied.from, copied.to], u64::from(packets));
        let served = self.beyond_downlink(served_ns, ends, packets_of_it, down_ns / packets_of_it.max(1));
        let piece = Happening::Piece { lane, packets, flow, number, is_served: true };
        scheduler.schedule_at(served, piece.into());
    }

    // Packets of a copy come to a downlink that drops what its buffer has no room for.
    fn land(&mut self, now: SimTime, lane: u32, copied: Copied, landed: &[Flying], scheduler: &mut Scheduler<Event>) {
        let message = self.message(copied.flow, copied.number);
        let each_ns = self.layout.service(copied.to, message.size).down_ns / message.packets;
        let apart_ns = self.layout.service(copied.from, message.size).up_ns / message.packets;
        let limit_ns = self.plan.limits[self.layout.senders[copied.to as usize].class as usize].wait_ns;
        let ends = [copied.from, copied.to].map(|place| self.layout.end(place).node);
        let class = self.layout.senders[copied.from as usize].class;
        let repeats = self.lanes.repeats(message.channel, class, &self.connected, ends);
        let row = &mut self.layout.rows[copied.to as usize];
        let behind_ns = self.standing.as_ref().map_or(0, |standing| standing.down_ns(row.node, now));
        let (mut through, mut served_ns) = (0, 0);
        for (packet, behind) in landed.iter().zip((0..landed.len() as u64).rev()) {
            let apart_ns = if packet.is_paced { apart_ns.max(each_ns) } else { apart_ns };
            let at_ns = now.as_ns().saturating_sub(behind * apart_ns) + behind_ns;
            row.servers.down_work += if message.measured { each_ns } else { 0 };
            if is_full(row.servers.down.wait_ns(at_ns), each_ns, limit_ns) {
                self.app.seen.dropped.note(row.node, Direction::Down);
                self.lanes.rows[lane as usize].course.recall(packet.of, packet.tsn, packet.sent);
                continue;
            }
            served_ns = row.servers.down.serve(at_ns, each_ns).max(now.as_ns());
            through += 1;
        }
        if through < landed.len() as u32 {
            if !repeats && self.lanes.rows[lane as usize].forget(copied) {
                self.app.seen.lose(&message);
                self.fail(Fate::Downlink, [copied.from, copied.to], &message);
            }
            self.wait_anew(now, lane, scheduler);
        }
        if through > 0 {
            let served = self.beyond_downlink(served_ns, [copied.from, copied.to], u64::from(through), each_ns);
            let (flow, number) = (copied.flow, copied.number);
            let piece = Happening::Piece { lane, packets: through, flow, number, is_served: true };
            scheduler.schedule_at(served, piece.into());
        }
    }

    // A lane has something to repeat of which it did not know.
    fn wait_anew(&mut self, now: SimTime, lane: u32, scheduler: &mut Scheduler<Event>) {
        let first = self.lanes.rows[lane as usize].waiting.front().copied();
        let (payload, packets) = first.map_or((1, 1), |copied| {
            let message = self.message(copied.flow, copied.number);
            (self.plan.programme.sizes[message.size as usize].get().max(1), message.packets)
        });
        self.lanes.rows[lane as usize].wait(now, lane, payload, packets, scheduler);
    }

    /// All of a copy has come to its receiver: it is taken in, and those that it held back.
    pub(in crate::simulation) fn arrive_whole(
        &mut self,
        now: SimTime,
        lane: u32,
        copied: Copied,
        scheduler: &mut Scheduler<Event>,
    ) {
        let mut through = std::mem::take(&mut self.through);
        self.lanes.rows[lane as usize].arrived(copied, &mut through);
        self.take_all(now, &mut through, scheduler);
    }

    fn take_all(&mut self, now: SimTime, through: &mut Vec<Copied>, scheduler: &mut Scheduler<Event>) {
        for &Copied { from, to, flow, number } in through.iter() {
            let message = self.message(flow, number);
            let ends = [from, to].map(|place| self.layout.end(place).node);
            let class = self.layout.senders[from as usize].class;
            let repeats = self.lanes.repeats(message.channel, class, &self.connected, ends);
            let channel = if repeats { Channel::ReliableUnordered } else { Channel::Unreliable };
            self.serve(Arrival { time: now, from, to }, &message, channel, scheduler);
        }
        through.clear();
        std::mem::swap(through, &mut self.through);
    }
}
