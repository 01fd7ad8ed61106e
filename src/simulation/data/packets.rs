//! Packets on their way: a replication in which every connection is an SCTP association.
//!
//! A message keeps its sender's CPU busy, then the association cuts it into packets when its congestion
//! window lets it. A packet waits for the CPU and for the sender's uplink, which all of the peer's connections share and
//! whose buffer drops what finds it full; it propagates, by way of a TURN server where the connection is
//! relayed; it waits for the receiver's downlink and in its socket; and the association at the other end takes it in, answers
//! with acknowledgements of its own, and delivers what is whole and has its turn.
//!
//! What the message grain (`flow`) has in closed form happens here, packet by packet: head-of-line
//! blocking, retransmissions, congestion control, and what waits at the sender because of it. Set-up, CPU
//! and dissemination are the same in both.
//!
//! - `ends`: the two ends of every connection, and the paths between them.
//! - `application`: publishes, passes on and delivers; `turn`: what rules order that talk.
//! - `cpus`: what messages and packets ask of the CPUs, and what waits in sockets.
//! - `links`: the access link of a node; `network`: from one to the other, by way of TURN servers or not.
//! - `quality`: at which bitrate live streams are sent, and how they are seen.
//! - `queueing`: how long messages wait at their senders.
//! - `missing`: what became of messages that do not arrive.
//! - `account`: what the uplinks were asked for, and the outcome.

mod account;
mod application;
mod cpus;
mod ends;
mod links;
mod message;
mod missing;
mod network;
mod quality;
mod queueing;
mod turn;

use std::sync::Arc;

use self::account::Account;
use self::cpus::Cpus;
use self::ends::Ends;
use self::links::{Links, Parcel};
use self::message::PacketMessage;
use self::missing::Missing;
use self::quality::Quality;
use self::queueing::Queueing;
use super::application::{Application, Happened};
use super::plan::Plan;
use super::relay::Relays;
use crate::engine::{Model, Scheduler};
use crate::net::FairPacket;
use crate::overlay::dissemination::{Dissemination, Order};
use crate::rng::Streams;
use crate::scenario::Settings;
use crate::simulation::control::connect::Connected;
use crate::simulation::parts::Parts;
use crate::units::SimTime;
use crate::webrtc::sctp::{Outbox, PacketId, PacketStore};
use crate::webrtc::turn::TurnIndex;
use crate::world::World;

/// All state of a replication.
#[derive(Debug)]
pub(in crate::simulation) struct Packets<D> {
    world: World,
    app: Application<D>,
    connected: Connected,
    plan: Plan,
    ends: Ends,
    links: Vec<Links>,
    cpus: Cpus,
    // Longest wait for each node's CPU that its sockets bridge, whatever the message, in ns.
    backlogs: Vec<u64>,
    relays: Relays,
    account: Account,
    missing: Missing,
    quality: Quality,
    queueing: Queueing,
    store: PacketStore,
    // Reused from event to event.
    out: Outbox,
    arrived: Vec<u64>,
    hops: Vec<u32>,
    orders: Vec<Order>,
    dropped: Vec<FairPacket<Parcel>>,
    gone: Vec<(u64, bool)>,
}

/// What happens next.
#[derive(Clone, Copy, Debug)]
pub(in crate::simulation) enum Happening {
    /// The source of a flow publishes message number `number`.
    Publish { flow: u32, number: u32 },
    /// The CPU of an end's node has come to a copy.
    Send { end: u32, message: PacketMessage },
    /// The last bit of a packet for an end arrives at its node's downlink.
    Arrive { parcel: Parcel },
    /// The downlink has served it.
    Read { parcel: Parcel },
    /// It is read, after it has waited in its socket.
    Unqueue { parcel: Parcel },
    /// The CPU has written a packet, which goes to the uplink.
    Written { parcel: Parcel },
    /// The last bit of a packet for an end arrives at a TURN server: the first on its way, or the second.
    Relay { parcel: Parcel, server: TurnIndex, is_second: bool },
    /// An uplink whose connections take turns has sent a packet.
    Uplink { node: u32 },
    /// An association has asked to be woken.
    Wake { end: u32 },
    /// A node is woken, as its rule has asked.
    WakeNode { node: u32, token: u32 },
    /// The measured window begins, or ends.
    Mark { ends: bool },
}

impl<D: Dissemination> Packets<D> {
    pub(in crate::simulation) fn new(parts: Parts, rule: D, settings: &Settings, streams: Streams) -> Self {
        let Parts { world, overlay, audiences, connected, plan, relays, .. } = parts;
        let nodes = world.nodes();
        let ends = Ends::new(&world, &overlay, &connected, &plan, settings);
        let signs = ends.signs_of_life(&world);
        let links = (0..nodes).zip(signs).map(|(node, signs)| Links::new(&world, node, signs, streams)).collect();
        let app = Application::new(Arc::clone(&plan.programme), (overlay, audiences), world.peers(), rule);
        let (store, out, arrived, hops, orders, dropped, gone, missing) = Default::default();
        Self {
            account: Account::new(nodes),
            quality: Quality::new(settings),
            queueing: Queueing::new(settings, &plan),
            cpus: Cpus::new(&world, &plan),
            backlogs: backlogs(&plan, nodes),
            world,
            app,
            connected,
            plan,
            ends,
            links,
            relays,
            store,
            out,
            arrived,
            hops,
            orders,
            dropped,
            gone,
            missing,
        }
    }

    /// Schedules the first sign of life of every connection, the first message of every flow, and the window.
    pub(in crate::simulation) fn start(&mut self, settings: &Settings, scheduler: &mut Scheduler<Happening>) {
        let horizon = self.plan.programme.horizon;
        let wakes: Vec<(u32, SimTime)> = self.ends.first_wakes().filter(|&(_, at)| at <= horizon).collect();
        for (end, at) in wakes {
            self.ends.row_mut(end).wake = at;
            scheduler.schedule_at(at, Happening::Wake { end });
        }
        if D::TALKS {
            for node in 0..self.world.nodes() {
                self.turn(SimTime::ZERO, node, (Happened::Entered, 0), scheduler);
            }
        }
        for (flow, time) in self.plan.programme.first_publications() {
            scheduler.schedule_at(time, Happening::Publish { flow, number: 0 });
        }
        scheduler.schedule_at(self.plan.programme.measure_from, Happening::Mark { ends: false });
        scheduler.schedule_at(SimTime::ZERO + settings.run.duration, Happening::Mark { ends: true });
    }
}

impl<D: Dissemination> Model for Packets<D> {
    type Event = Happening;

    fn handle(&mut self, now: SimTime, event: Happening, scheduler: &mut Scheduler<Happening>) {
        match event {
            Happening::Arrive { parcel } => self.arrive(now, parcel, scheduler),
            Happening::Read { parcel } => self.read(now, parcel, scheduler),
            Happening::Unqueue { parcel } => self.unqueue(now, parcel, scheduler),
            Happening::Written { parcel } => self.hand_over(now, parcel, scheduler),
            Happening::Relay { parcel, server, is_second } => {
                self.forward(now, parcel, (server, is_second), scheduler);
            }
            Happening::Uplink { node } => self.uplink(now, node, scheduler),
            Happening::Wake { end } => self.wake(now, end, scheduler),
            Happening::Send { end, message } => self.send(now, end, message, scheduler),
            Happening::Publish { flow, number } => self.publish(now, flow, number, scheduler),
            Happening::WakeNode { node, token } => self.turn(now, node, (Happened::Woken { token }, 0), scheduler),
            Happening::Mark { ends } => self.mark(ends),
        }
    }

    // Level by level, for what is read together does not wait for one another. What arrives is read soon after, mostly
    // before the next look ahead, and answered: that needs no look of its own.
    fn foresee(&self, events: impl Iterator<Item = Happening> + Clone) {
        let row = |end| self.ends.row(end);
        let mut sum = sum_of_ends(events.clone(), |end| row(end).node);
        sum ^= sum_of_ends(events.clone(), |end| row(end).touch());
        sum ^= sum_of_ends(events.clone(), |end| self.touch_node(row(end).node));
        sum ^= sum_of_ends(events.clone(), |end| row(end).touch_behind());
        for event in events {
            if let Happening::Arrive { parcel } | Happening::Read { parcel } = event {
                sum = sum.wrapping_add(self.touch_packet(parcel.packet));
            }
        }
        std::hint::black_box(sum);
    }
}

// Over the ends at which something is to happen. Written out and inlined: several drivers call it, and each is to have its own.
#[inline(always)]
fn sum_of_ends(events: impl Iterator<Item = Happening>, of: impl Fn(u32) -> u32) -> u32 {
    let mut sum = 0_u32;
    for event in events {
        if let Happening::Arrive { parcel: Parcel { end, .. } }
        | Happening::Send { end, .. }
        | Happening::Read { parcel: Parcel { end, .. } }
        | Happening::Wake { end } = event
        {
            sum = sum.wrapping_add(of(end));
        }
    }
    sum
}

impl<D: Dissemination> Packets<D> {
    #[inline]
    fn touch_node(&self, node: u32) -> u32 {
        let links = &self.links[node as usize];
        links.touch()
            ^ self.cpus.touch(node)
            ^ self.plan.services.get(node as usize).map_or(0, |service| service.cpu_ns as u32)
    }

    #[inline]
    fn touch_packet(&self, packet: PacketId) -> u32 {
        self.store.get(packet).len() as u32
    }
}

// The least over all sizes: with less, nothing is dropped.
fn backlogs(plan: &Plan, nodes: u32) -> Vec<u64> {
    let of_node = |node: u32| plan.services.iter().skip(node as usize).step_by(nodes as usize);
    let least = |node: u32| of_node(node).map(|service| service.backlog_ns).min();
    (0..nodes).map(|node| least(node).unwrap_or(u64::MAX)).collect()
}
