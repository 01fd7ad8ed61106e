//! The loop of the laboratory: packets, timers and the two applications as events.

use super::super::super::EngineSpec;
use super::super::association::Association;
use super::super::outbox::{AssociationEvent, Outbox};
use super::super::socket::SocketBuffer;
use super::super::store::{PacketId, PacketStore};
use super::{LabRun, LabSpec};
use crate::engine::{Model, Scheduler};
use crate::net::{LinkDrop, PacketLink};
use crate::rng::{Domain, Streams};
use crate::units::{ByteCount, SimDuration, SimTime};

/// How often the sender looks for room.
const TICK: SimDuration = SimDuration::from_ms(1);

/// What happens.
#[derive(Clone, Copy, Debug)]
pub(super) enum LabEvent {
    /// A packet comes out of the link.
    Arrive { end: u8, packet: PacketId, bytes: u32 },
    /// A packet has been read from the socket.
    Read { end: u8, packet: PacketId },
    /// An end has asked for it.
    Wake { end: u8 },
    /// The sender looks for room.
    Refill,
    /// An echo is due.
    Echo,
}

/// Two ends, two links.
#[derive(Debug)]
pub(super) struct Lab {
    spec: LabSpec,
    ends: [Association; 2],
    links: [PacketLink; 2],
    sockets: Option<[SocketBuffer; 2]>,
    // When each end's next wake is scheduled.
    wakes: [SimTime; 2],
    store: PacketStore,
    out: Outbox,
    run: LabRun,
    bulk: u16,
    echo: u16,
    next_message: u64,
    echo_times: Vec<SimTime>,
    // Answers that are to be sent once the outbox is free.
    answers: Vec<u64>,
    // Since when a time-out in fast recovery has held the window at one packet.
    stuck_since: Option<SimTime>,
}

impl Lab {
    pub(super) fn new(spec: &LabSpec) -> Self {
        let streams = Streams::new(spec.seed);
        let link = |side: usize| PacketLink::new(spec.links[side], streams.stream(Domain::PacketLink, side as u64));
        let end = |side: usize| {
            let mut end =
                Association::new(SimTime::ZERO, &spec.profiles[side], &spec.profiles[1 - side], spec.record_bytes);
            end.open(spec.bulk.map_or_else(Default::default, |bulk| bulk.channel));
            end.open(spec.echo.map_or_else(Default::default, |echo| echo.channel));
            end
        };
        let bins = spec.duration.as_ns().div_ceil(spec.bin.as_ns()) as usize + 1;
        Self {
            spec: spec.clone(),
            ends: [end(0), end(1)],
            links: [link(0), link(1)],
            sockets: spec.socket.map(|socket| [(); 2].map(|()| SocketBuffer::new(socket.capacity))),
            wakes: [SimTime::MAX; 2],
            store: PacketStore::default(),
            out: Outbox::default(),
            run: LabRun { delivered: vec![0; bins], sent: vec![0; bins], bin: spec.bin, ..LabRun::default() },
            bulk: 0,
            echo: 1,
            next_message: 0,
            echo_times: Vec::new(),
            answers: Vec::new(),
            stuck_since: None,
        }
    }

    pub(super) fn begin(&mut self, scheduler: &mut Scheduler<LabEvent>) {
        if self.spec.bulk.is_some() {
            scheduler.schedule_at(SimTime::ZERO, LabEvent::Refill);
        }
        if self.spec.echo.is_some() {
            scheduler.schedule_at(SimTime::ZERO, LabEvent::Echo);
        }
    }

    pub(super) fn finish(mut self) -> LabRun {
        self.end_stuck(SimTime::ZERO + self.spec.duration);
        self.run
    }

    // Fast recovery halves the window to four packets at least: only a time-out in it leaves one.
    fn watch_window(&mut self, now: SimTime) {
        let congestion = self.ends[0].congestion();
        if congestion.in_recovery && congestion.window <= self.spec.profiles[0].mtu {
            self.stuck_since.get_or_insert(now);
        } else {
            self.end_stuck(now);
        }
    }

    fn end_stuck(&mut self, now: SimTime) {
        if let Some(since) = self.stuck_since.take() {
            self.run.stuck = self.run.stuck.max(now.since(since));
        }
    }

    fn refill(&mut self, now: SimTime, scheduler: &mut Scheduler<LabEvent>) {
        let Some(bulk) = self.spec.bulk else { return };
        while self.ends[0].buffered(self.bulk) + u64::from(bulk.message) <= bulk.outstanding {
            if self.ends[0].send(now, self.bulk, self.next_message, bulk.message, &mut self.out).is_err() {
                break;
            }
            self.next_message += 1;
            self.flush(now, 0, scheduler);
        }
        scheduler.schedule_in(TICK, LabEvent::Refill);
    }

    fn send_echo(&mut self, now: SimTime, scheduler: &mut Scheduler<LabEvent>) {
        let Some(echo) = self.spec.echo else { return };
        let id = self.echo_times.len() as u64;
        self.echo_times.push(now);
        // A full queue loses the message, as an application would that does not try again.
        if self.ends[0].send(now, self.echo, id, echo.len, &mut self.out).is_ok() {
            self.run.echoes_sent += 1;
        }
        self.flush(now, 0, scheduler);
        scheduler.schedule_in(echo.interval, LabEvent::Echo);
    }

    fn arrive(&mut self, now: SimTime, end: u8, packet: PacketId, bytes: u32, scheduler: &mut Scheduler<LabEvent>) {
        let (Some(sockets), Some(spec)) = (&mut self.sockets, self.spec.socket) else {
            return self.read(now, end, packet, scheduler);
        };
        let cpu = spec.cost(self.store.get(packet), u64::from(bytes), true);
        let taken = ByteCount::new(EngineSpec::unread_bytes(u64::from(bytes)));
        match sockets[usize::from(end)].arrive(now, taken, cpu) {
            Some(read) => scheduler.schedule_at(read, LabEvent::Read { end, packet }),
            None => {
                self.run.drops[2] += 1;
                self.store.free(packet);
            }
        }
    }

    fn read(&mut self, now: SimTime, end: u8, packet: PacketId, scheduler: &mut Scheduler<LabEvent>) {
        self.ends[usize::from(end)].receive(now, self.store.get(packet), &mut self.out);
        self.store.free(packet);
        self.flush(now, end, scheduler);
    }

    /// Sends what an end wants to send, and tells its application.
    fn flush(&mut self, now: SimTime, end: u8, scheduler: &mut Scheduler<LabEvent>) {
        let side = usize::from(end);
        let bin = (now.as_ns() / self.run.bin.as_ns()) as usize;
        for packet in self.out.packets() {
            self.run.packets[side] += 1;
            self.run.wire_bytes[side] += packet.bytes.get();
            if side == 0 {
                self.run.sent[bin] += 1;
            }
            let written = match (&mut self.sockets, &self.spec.socket) {
                (Some(sockets), Some(spec)) => {
                    sockets[side].write(now, spec.cost(packet.chunks, packet.bytes.get(), false))
                }
                _ => now,
            };
            match self.links[side].send(written, packet.bytes) {
                Ok(at) => {
                    let (id, bytes) = (self.store.put(packet.chunks), packet.bytes.get() as u32);
                    scheduler.schedule_at(at, LabEvent::Arrive { end: 1 - end, packet: id, bytes });
                }
                Err(LinkDrop::BufferFull) => self.run.drops[0] += 1,
                Err(LinkDrop::Lost) => self.run.drops[1] += 1,
            }
        }
        for &event in self.out.events() {
            match event {
                AssociationEvent::Delivered { stream, len, .. } if stream == self.bulk => {
                    self.run.messages += 1;
                    self.run.delivered[bin] += u64::from(len);
                }
                AssociationEvent::Delivered { message, .. } if side == 1 => self.answers.push(message),
                AssociationEvent::Delivered { message, .. } => {
                    self.run.echoes.push(now.since(self.echo_times[message as usize]));
                    self.run.echo_times.push(now);
                }
                AssociationEvent::Abandoned { stream, .. } => self.run.abandoned += u64::from(stream == self.bulk),
                AssociationEvent::BufferedLow { .. } => {}
            }
        }
        self.out.clear();
        while let Some(message) = self.answers.pop() {
            let len = self.spec.echo.map_or(1, |echo| echo.len);
            if self.ends[side].send(now, self.echo, message, len, &mut self.out).is_ok() {
                self.flush(now, end, scheduler);
            }
        }
        if side == 0 {
            self.watch_window(now);
        }
        let next = self.ends[side].next_wake().unwrap_or(SimTime::MAX);
        if next < self.wakes[side] {
            self.wakes[side] = next;
            scheduler.schedule_at(next, LabEvent::Wake { end });
        }
    }
}

impl Model for Lab {
    type Event = LabEvent;

    fn handle(&mut self, now: SimTime, event: LabEvent, scheduler: &mut Scheduler<LabEvent>) {
        match event {
            LabEvent::Arrive { end, packet, bytes } => self.arrive(now, end, packet, bytes, scheduler),
            LabEvent::Read { end, packet } => self.read(now, end, packet, scheduler),
            LabEvent::Wake { end } => {
                let side = usize::from(end);
                // A wake that has been overtaken by an earlier one has nothing to say.
                if now == self.wakes[side] {
                    self.wakes[side] = SimTime::MAX;
                    self.ends[side].wake(now, &mut self.out);
                    self.flush(now, end, scheduler);
                }
            }
            LabEvent::Refill => self.refill(now, scheduler),
            LabEvent::Echo => self.send_echo(now, scheduler),
        }
    }
}
