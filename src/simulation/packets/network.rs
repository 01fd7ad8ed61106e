//! What packets meet between two ends: uplink, TURN servers, downlink.

use super::ends::far;
use super::{Happening, Packets};
use crate::engine::Scheduler;
use crate::net::{LinkDrop, LossSpec, PacketLink, PacketLinkSpec};
use crate::rng::{Domain, Streams};
use crate::units::{Bitrate, ByteCount, SimDuration, SimTime};
use crate::webrtc::sctp::PacketId;
use crate::webrtc::turn::RelayCode;
use crate::world::World;

/// The access link of a node. Its delay is part of the paths.
#[derive(Debug)]
pub(super) struct Links {
    pub(super) up: PacketLink,
    pub(super) down: PacketLink,
}

/// A packet, the end that it is for, and its bytes on the wire.
type Parcel = (u32, PacketId, u32);

impl Links {
    pub(super) fn new(world: &World, node: u32, streams: Streams) -> Self {
        let (rates, class) = (world.rates(node), world.class(node));
        let link = |rate: Option<Bitrate>, buffer: Option<SimDuration>, direction: u64| {
            let spec = PacketLinkSpec {
                rate,
                buffer: rate.zip(buffer).map(|(rate, wait)| rate.bytes_in(wait)),
                loss: LossSpec::bernoulli(class.access_loss),
                ..PacketLinkSpec::default()
            };
            PacketLink::new(spec, streams.stream(Domain::PacketLink, u64::from(node) << 1 | direction))
        };
        Self { up: link(rates.up, class.buffer, 0), down: link(rates.down, None, 1) }
    }
}

impl Packets {
    /// An end's packets leave, in the order in which it made them.
    pub(super) fn launch(&mut self, now: SimTime, end: u32, scheduler: &mut Scheduler<Happening>) {
        let row = self.ends.row(end);
        let (node, path) = (row.node, row.path);
        let is_local = usize::from(path.class) == self.world.classes().len();
        let framing = self.relays.framing(path.relay.own(), 1);
        for packet in self.out.packets() {
            let size = packet.bytes + ByteCount::new(framing);
            let up = &mut self.links[node as usize].up;
            let left = if is_local { up.serialise(now, size) } else { up.send(now, size) };
            self.account.sent(node, size.get(), left == Err(LinkDrop::BufferFull));
            let Ok(left) = left else { continue };
            let relay = match path.relay.is_direct() {
                true => Some(path.relay),
                false => {
                    relay_at(&mut self.relays, &self.world, [node, self.ends.row(far(end)).node], path.relay, left)
                }
            };
            let Some(relay) = relay else { continue };
            let parcel = (far(end), self.store.put(packet.chunks), packet.bytes.get() as u32);
            if relay.is_direct() {
                arrive_later(left + SimDuration::from_ns(path.delay_ns), parcel, scheduler);
                continue;
            }
            if self.account.is_open {
                self.relays.count(relay, packet.bytes.get(), 1);
            }
            let to = self.ends.row(far(end)).node;
            if self.relays.has_queues {
                let server = relay.servers()[0].expect("invariant: a relayed path has a server");
                let access = self.world.class(node).access_delay;
                let there = left + access + SimDuration::from_ns(self.world.to_turn_ns(node, server));
                relay_later(there, parcel, (server, false), scheduler);
            } else {
                let delay_ns = self.world.paths_from(node).relayed(to, relay).delay_ns;
                arrive_later(left + SimDuration::from_ns(delay_ns), parcel, scheduler);
            }
        }
    }

    /// A packet has reached a TURN server with a queue.
    pub(super) fn forward(
        &mut self,
        now: SimTime,
        (end, packet, bytes): Parcel,
        (server, is_second): (u8, bool),
        scheduler: &mut Scheduler<Happening>,
    ) {
        let Some(left) = self.relays.forward(server, now, u64::from(bytes), true) else {
            return self.store.free(packet);
        };
        let [from, to] = [far(end), end].map(|end| self.ends.row(end).node);
        let set_up = self.ends.row(far(end)).path.relay;
        let moved = self.relays.has_outages.then(|| self.relays.at(&self.world, [from, to], set_up, now)).flatten();
        if let [Some(first), Some(second)] = moved.unwrap_or(set_up).servers()
            && first == server
            && !is_second
        {
            let there = left + SimDuration::from_ns(self.world.between_turn_ns(first, second));
            return relay_later(there, (end, packet, bytes), (second, true), scheduler);
        }
        let last_leg = SimDuration::from_ns(self.world.from_turn_ns(server, to)) + self.world.class(to).access_delay;
        arrive_later(left + last_leg, (end, packet, bytes), scheduler);
    }

    /// The last bit of a packet is at the downlink.
    pub(super) fn arrive(
        &mut self,
        now: SimTime,
        end: u32,
        packet: PacketId,
        bytes: u32,
        scheduler: &mut Scheduler<Happening>,
    ) {
        let row = self.ends.row(end);
        let is_local = usize::from(row.path.class) == self.world.classes().len();
        let down = &mut self.links[row.node as usize].down;
        let size = ByteCount::new(u64::from(bytes));
        let received = if is_local { down.serialise(now, size) } else { down.send(now, size) };
        match received {
            Ok(received) if received <= now => self.read(now, end, packet, scheduler),
            Ok(received) => scheduler.schedule_at(received, Happening::Read { end, packet }),
            Err(_) => self.store.free(packet),
        }
    }
}

// The allocations that a packet passes, where outages may have moved them; none while there are none.
fn relay_at(
    relays: &mut crate::simulation::relay::Relays,
    world: &World,
    ends: [u32; 2],
    set_up: RelayCode,
    at: SimTime,
) -> Option<RelayCode> {
    if relays.has_outages { relays.at(world, ends, set_up, at) } else { Some(set_up) }
}

fn arrive_later(at: SimTime, (end, packet, bytes): Parcel, scheduler: &mut Scheduler<Happening>) {
    scheduler.schedule_at(at, Happening::Arrive { end, packet, bytes });
}

fn relay_later(
    at: SimTime,
    (end, packet, bytes): Parcel,
    (server, is_second): (u8, bool),
    scheduler: &mut Scheduler<Happening>,
) {
    scheduler.schedule_at(at, Happening::Relay { end, packet, bytes, server, is_second });
}
