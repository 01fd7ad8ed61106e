//! What messages and packets ask of the CPUs, and what waits in the sockets meanwhile.
//!
//! A node's CPU is one queue for all of its work. A message of a few packets goes there with all its costs, as at
//! message grain. A larger one goes there with its own costs and those of one packet: its first where it is sent,
//! its last where it is taken in. Its other packets cost when they are written or read, and wait for each other only,
//! for the network side of an engine does not wait for the application. So a large message leaves as fast as
//! packets can be written, and what a socket holds is what has come and is not read.

use std::collections::BTreeMap;

use crate::net::FifoServer;
use crate::simulation::data::costs::{has_paced_packets, packet_cpu};
use crate::simulation::data::plan::{Plan, Service};
use crate::units::{SimDuration, SimTime};
use crate::webrtc::{EngineSpec, Wire};
use crate::world::World;

/// The CPU of each node.
#[derive(Debug)]
pub(super) struct Cpus {
    rows: Vec<Cpu>,
    // Of a message of size `s` at node `v`, without packets that have costs of their own: messages[s * nodes + v],
    // in ns.
    messages: Vec<u64>,
    // What waits in the sockets of ends, as the kernel counts it.
    unread: BTreeMap<u32, u64>,
}

#[derive(Clone, Copy, Debug)]
struct Cpu {
    all: FifoServer,
    network: FifoServer,
    // What the messages in packets that were read ask for, as if each were delivered at once.
    read: FifoServer,
    work: f64,
    packet_ns: u64,
    kilobyte_ns: u64,
    wake_ns: u64,
    // What the socket of a connection may hold.
    socket_bytes: u64,
}

/// When a piece of work is done, and what it took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Work {
    pub(super) done: SimTime,
    pub(super) work_ns: u64,
}

impl Cpus {
    pub(super) fn new(world: &World, plan: &Plan) -> Self {
        let idle = || plan.idle_share.iter().zip(0_u32..);
        let row = |(&idle, node): (&f32, u32)| {
            let [packet_ns, kilobyte_ns] = packet_cpu(world, node, idle).map(SimDuration::as_ns);
            Cpu {
                all: FifoServer::default(),
                network: FifoServer::default(),
                read: FifoServer::default(),
                work: plan.works[node as usize],
                packet_ns,
                kilobyte_ns,
                wake_ns: plan.wakes[node as usize],
                socket_bytes: world.class(node).engine.socket_bytes().unwrap_or(u64::MAX),
            }
        };
        let rows: Vec<Cpu> = idle().map(row).collect();
        let costs = plan.sizes.iter().zip(plan.services.chunks_exact(rows.len()));
        let message = |(wire, costs): (&Wire, &[Service])| {
            let others = if has_paced_packets(*wire) { wire.packets - 1 } else { 0 };
            let each = wire.bytes.get() / wire.packets;
            let less = |(row, cost): (&Cpu, &Service)| cost.cpu_ns.saturating_sub(others * row.packet_ns(each));
            rows.iter().zip(costs).map(less).collect::<Vec<_>>()
        };
        let messages = costs.flat_map(message).collect();
        Self { rows, messages, unread: BTreeMap::new() }
    }

    /// Reads a node's row ahead of its use.
    #[inline]
    pub(super) fn touch(&self, node: u32) -> u32 {
        self.rows[node as usize].all.wait_ns(0) as u32
    }

    /// How far a node is behind with what it has read. What was held for its turn, and all of which is delivered at
    /// once, does not count again: it was read before.
    pub(super) fn wait_ns(&self, now: SimTime, node: u32) -> u64 {
        self.rows[node as usize].read.wait_ns(now.as_ns())
    }

    /// A packet is read that brings a message of a size to its end.
    pub(super) fn brings(&mut self, now: SimTime, node: u32, size: usize) {
        let cpu_ns = self.messages[size * self.rows.len() + node as usize];
        let cpu = &mut self.rows[node as usize];
        cpu.read.serve(now.as_ns(), (cpu_ns as f64 * cpu.work) as u64);
    }

    /// A message of a size keeps the CPU busy, without packets that have costs of their own.
    pub(super) fn message(&mut self, time: SimTime, node: u32, size: usize) -> Work {
        let cpu_ns = self.messages[size * self.rows.len() + node as usize];
        let cpu = &mut self.rows[node as usize];
        let woken_ns = cpu.all.wake(time.as_ns(), cpu.wake_ns);
        Work { done: SimTime::from_ns(cpu.all.serve(time.as_ns(), cpu_ns)), work_ns: woken_ns + cpu_ns }
    }

    /// When packets that come before now are all read or written.
    pub(super) fn free_at(&self, now: SimTime, node: u32) -> SimTime {
        now + SimDuration::from_ns(self.rows[node as usize].network.wait_ns(now.as_ns()))
    }

    /// A packet is to wait in an end's socket, at a node; false if that is full.
    pub(super) fn queue(&mut self, node: u32, end: u32, bytes: u32) -> bool {
        let unread = self.unread.entry(end).or_default();
        *unread += unread_bytes(bytes);
        let fits = *unread <= self.rows[node as usize].socket_bytes;
        if !fits {
            self.unqueue(end, bytes);
        }
        fits
    }

    /// A packet that waited there is read.
    pub(super) fn unqueue(&mut self, end: u32, bytes: u32) {
        if let Some(unread) = self.unread.get_mut(&end) {
            *unread -= unread_bytes(bytes);
            if *unread == 0 {
                self.unread.remove(&end);
            }
        }
    }

    /// A packet whose cost is not that of a message is read or written.
    pub(super) fn packet(&mut self, now: SimTime, node: u32, bytes: u64) -> Work {
        let cpu = &mut self.rows[node as usize];
        let work_ns = cpu.packet_ns(bytes);
        cpu.all.serve(now.as_ns(), work_ns);
        Work { done: SimTime::from_ns(cpu.network.serve(now.as_ns(), work_ns)), work_ns }
    }
}

impl Cpu {
    const fn packet_ns(&self, bytes: u64) -> u64 {
        self.packet_ns + bytes * self.kilobyte_ns / 1_000
    }
}

fn unread_bytes(bytes: u32) -> u64 {
    EngineSpec::unread_bytes(u64::from(bytes))
}
