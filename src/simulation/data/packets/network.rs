//! What packets meet between two ends: uplink, TURN servers, downlink.

use super::ends::far;
use super::links::{Handed, Parcel};
use super::{Happening, Packets};
use crate::engine::Scheduler;
use crate::net::LinkDrop;
use crate::overlay::dissemination::Dissemination;
use crate::simulation::account::fate::Fate;
use crate::units::{ByteCount, SimDuration, SimTime};
use crate::webrtc::turn::{RelayCode, TurnIndex};

impl<D: Dissemination> Packets<D> {
    /// An end's packets leave, in the order in which it made them.
    pub(super) fn launch(&mut self, now: SimTime, end: u32, scheduler: &mut Scheduler<Happening>) {
        let out = std::mem::take(&mut self.out);
        for packet in out.packets() {
            let bytes = packet.bytes.get() as u32;
            let parcel =
                Parcel { end: far(end), packet: self.store.put(packet.chunks), bytes, is_local: self.is_local(end) };
            let written = self.handle_packet(now, self.ends.row(end).node, parcel, false);
            if written <= now {
                self.hand_over(now, parcel, scheduler);
            } else {
                scheduler.schedule_at(written, Happening::Written { parcel });
            }
        }
        self.out = out;
    }

    /// A packet is handed to its sender's uplink.
    pub(super) fn hand_over(&mut self, now: SimTime, parcel: Parcel, scheduler: &mut Scheduler<Happening>) {
        let end = far(parcel.end);
        let row = self.ends.row(end);
        let (node, framing) = (row.node, self.relays.framing(row.path.relay.own(), 1));
        let size = ByteCount::new(u64::from(parcel.bytes) + framing);
        match self.links[node as usize].send(now, row, size, parcel, &mut self.dropped) {
            Handed::Left(begun, left) => {
                let is_full = left == Err(LinkDrop::BufferFull);
                self.account.sent(node, size.get(), is_full);
                if !is_full {
                    self.queueing.leaves(begun, end, self.store.get(parcel.packet));
                }
                self.leave(node, left, parcel, scheduler);
            }
            Handed::Waits(wake) => {
                self.account.sent(node, size.get(), false);
                wake_uplink(node, wake, scheduler);
                while let Some(packet) = self.dropped.pop() {
                    self.account.dropped(node, packet.size.get());
                    self.drop_packet(packet.tag.end, packet.tag.packet, Fate::Uplink);
                }
            }
        }
    }

    /// An uplink whose connections take turns has sent a packet.
    pub(super) fn uplink(&mut self, now: SimTime, node: u32, scheduler: &mut Scheduler<Happening>) {
        while let Some((begun, parcel, through)) = self.links[node as usize].depart(now) {
            self.queueing.leaves(begun, far(parcel.end), self.store.get(parcel.packet));
            self.leave(node, through, parcel, scheduler);
        }
        wake_uplink(node, self.links[node as usize].next_wake(now), scheduler);
    }

    // A packet has left its sender's uplink, or was dropped or lost there.
    fn leave(
        &mut self,
        node: u32,
        left: Result<SimTime, LinkDrop>,
        parcel: Parcel,
        scheduler: &mut Scheduler<Happening>,
    ) {
        match left {
            Ok(left) => self.travel(left, node, parcel, scheduler),
            Err(why) => self.drop_packet(parcel.end, parcel.packet, fate_of(why, Fate::Uplink)),
        }
    }

    // A packet is on its way between two access links.
    fn travel(&mut self, left: SimTime, node: u32, parcel: Parcel, scheduler: &mut Scheduler<Happening>) {
        let to = self.ends.row(parcel.end).node;
        let path = self.ends.row(far(parcel.end)).path;
        if path.relay.is_direct() {
            return arrive_later(left + SimDuration::from_ns(path.delay_ns), parcel, scheduler);
        }
        let Some(relay) = self.relay_at(left, [node, to], path.relay) else {
            return self.drop_packet(parcel.end, parcel.packet, Fate::Lost);
        };
        if self.account.is_open {
            self.relays.count(relay, u64::from(parcel.bytes), 1);
        }
        if self.relays.has_queues {
            let server = relay.servers()[0].expect("invariant: a relayed path has a server");
            let to_server = SimDuration::from_ns(self.world.to_turn_ns(node, server));
            let there = left + self.world.class(node).access_delay + to_server;
            scheduler.schedule_at(there, Happening::Relay { parcel, server, is_second: false });
        } else {
            let delay_ns = self.world.paths_from(node).relayed(to, relay).delay_ns;
            arrive_later(left + SimDuration::from_ns(delay_ns), parcel, scheduler);
        }
    }

    /// A packet has reached a TURN server with a queue.
    pub(super) fn forward(
        &mut self,
        now: SimTime,
        parcel: Parcel,
        (server, is_second): (TurnIndex, bool),
        scheduler: &mut Scheduler<Happening>,
    ) {
        let Some(left) = self.relays.forward(server, now, u64::from(parcel.bytes), true) else {
            return self.drop_packet(parcel.end, parcel.packet, Fate::Turn);
        };
        let [from, to] = [far(parcel.end), parcel.end].map(|end| self.ends.row(end).node);
        let set_up = self.ends.row(far(parcel.end)).path.relay;
        let relay = self.relay_at(now, [from, to], set_up).unwrap_or(set_up);
        if let [Some(first), Some(second)] = relay.servers()
            && first == server
            && !is_second
        {
            let there = left + SimDuration::from_ns(self.world.between_turn_ns(first, second));
            return scheduler.schedule_at(there, Happening::Relay { parcel, server: second, is_second: true });
        }
        let last_leg = SimDuration::from_ns(self.world.from_turn_ns(server, to)) + self.world.class(to).access_delay;
        arrive_later(left + last_leg, parcel, scheduler);
    }

    /// The last bit of a packet is at the downlink.
    pub(super) fn arrive(&mut self, now: SimTime, parcel: Parcel, scheduler: &mut Scheduler<Happening>) {
        let node = self.ends.row(parcel.end).node as usize;
        let size = ByteCount::new(u64::from(parcel.bytes));
        self.account.received(node, size.get());
        match self.links[node].receive(now, size, parcel.is_local) {
            Ok(received) if received <= now => self.read(now, parcel, scheduler),
            Ok(received) => scheduler.schedule_at(received, Happening::Read { parcel }),
            Err(why) => self.drop_packet(parcel.end, parcel.packet, fate_of(why, Fate::Downlink)),
        }
    }

    fn is_local(&self, end: u32) -> bool {
        usize::from(self.ends.row(end).path.class) == self.world.classes().len()
    }

    // The allocations that a packet passes, where outages may have moved them; none while there are none.
    fn relay_at(&self, at: SimTime, ends: [u32; 2], set_up: RelayCode) -> Option<RelayCode> {
        if self.relays.has_outages { self.relays.at(&self.world, ends, set_up, at) } else { Some(set_up) }
    }
}

// What becomes of a packet that a link has not let through, whose buffer stands for this fate.
fn fate_of(why: LinkDrop, buffer: Fate) -> Fate {
    match why {
        LinkDrop::BufferFull => buffer,
        LinkDrop::Lost => Fate::Lost,
    }
}

fn arrive_later(at: SimTime, parcel: Parcel, scheduler: &mut Scheduler<Happening>) {
    scheduler.schedule_at(at, Happening::Arrive { parcel });
}

fn wake_uplink(node: u32, wake: Option<SimTime>, scheduler: &mut Scheduler<Happening>) {
    if let Some(at) = wake {
        scheduler.schedule_at(at, Happening::Uplink { node });
    }
}
