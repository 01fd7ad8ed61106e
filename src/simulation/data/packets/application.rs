//! The applications: they publish, deliver and pass on, by the overlay's rule.

use super::cpus::Work;
use super::ends::far;
use super::links::Parcel;
use super::message::PacketMessage;
use super::{Happening, Packets};
use crate::engine::Scheduler;
use crate::overlay::dissemination::Dissemination;
use crate::simulation::account::fate::Fate;
use crate::simulation::data::application::{Delivery, Happened};
use crate::simulation::data::costs::has_paced_packets;
use crate::units::{ByteCount, SimDuration, SimTime};
use crate::webrtc::sctp::{AssociationEvent, Chunk, PacketId};

impl<D: Dissemination> Packets<D> {
    pub(super) fn publish(&mut self, now: SimTime, flow: u32, number: u32, scheduler: &mut Scheduler<Happening>) {
        let planned = *self.plan.programme.planned(flow);
        let message = PacketMessage { flow, number, level: self.quality.highest(planned.workload) };
        if let Some(next) = self.app.publish(flow, number) {
            scheduler.schedule_at(next, Happening::Publish { flow, number: number + 1 });
        }
        if D::TALKS {
            let happened = Happened::Met { from: None, message: (flow, number), is_new: true };
            return self.turn(now, planned.source, (happened, message.level), scheduler);
        }
        self.pass_on(now, planned.source, None, message, scheduler);
    }

    // At `time`, which may be later than now, a node begins to send a copy over every connection that the
    // overlay's rule names.
    fn pass_on(
        &mut self,
        time: SimTime,
        node: u32,
        from: Option<u32>,
        message: PacketMessage,
        scheduler: &mut Scheduler<Happening>,
    ) {
        let mut hops = std::mem::take(&mut self.hops);
        self.app.forward(node, from, (message.flow, message.number), &mut hops);
        for &to in &hops {
            self.send_to(time, [node, to], message, scheduler);
        }
        hops.clear();
        self.hops = hops;
    }

    /// At `time`, which may be later than now, a node begins to send a copy to a neighbour.
    pub(super) fn send_to(
        &mut self,
        time: SimTime,
        [node, to]: [u32; 2],
        message: PacketMessage,
        scheduler: &mut Scheduler<Happening>,
    ) {
        let Some(end) = self.ends.between(node, to) else {
            return self.refuse([node, to], message, Fate::Unconnected);
        };
        let message = self.at_level(scheduler.now(), end, message);
        let ready = self.busy(time, node, message);
        if ready <= scheduler.now() {
            self.send(scheduler.now(), end, message, scheduler);
        } else {
            scheduler.schedule_at(ready, Happening::Send { end, message });
        }
    }

    // A message keeps a node's CPU busy, without packets that have costs of their own; when that is over.
    fn busy(&mut self, time: SimTime, node: u32, message: PacketMessage) -> SimTime {
        let Work { done, work_ns } = self.cpus.message(time, node, self.size(message));
        if self.is_measured(message) {
            self.account.cpu_work[node as usize] += work_ns;
        }
        done
    }

    /// A packet is read or written: when that is done. Those of small messages cost nothing of their own, nor does
    /// one that a message begins with, where it is written, or ends with, where it is read; they wait all the same.
    pub(super) fn handle_packet(&mut self, now: SimTime, node: u32, parcel: Parcel, is_read: bool) -> SimTime {
        let Some(message) = self.paced(parcel.packet, is_read) else { return self.cpus.free_at(now, node) };
        let Work { done, work_ns } = self.cpus.packet(now, node, u64::from(parcel.bytes));
        if self.is_measured(message) {
            self.account.cpu_work[node as usize] += work_ns;
        }
        done
    }

    // The message by whose size a packet costs something of its own, if it does.
    #[inline]
    fn paced(&self, packet: PacketId, is_read: bool) -> Option<PacketMessage> {
        let mut first = None;
        for chunk in self.store.get(packet) {
            let Chunk::Data(data) = chunk else { continue };
            if if is_read { data.flags.ends() } else { data.flags.begins() } {
                return None;
            }
            first = first.or(Some(data.message));
        }
        let message = PacketMessage::of_word(first?);
        has_paced_packets(self.plan.sizes[self.size(message)]).then_some(message)
    }

    /// The CPU has come to a copy: it is handed to the association.
    pub(super) fn send(
        &mut self,
        now: SimTime,
        end: u32,
        message: PacketMessage,
        scheduler: &mut Scheduler<Happening>,
    ) {
        let size = self.size(message);
        let workload = self.plan.programme.planned(message.flow).workload;
        let stream = self.ends.stream(message.flow);
        let measured = self.is_measured(message);
        let len = self.plan.programme.sizes[size].get().max(1) as u32;
        let nodes = [end, far(end)].map(|end| self.ends.row(end).node);
        let len_bytes = self.plan.sizes[size].bytes;
        if !self.ends.is_open(now, end) {
            return self.refuse(nodes, message, Fate::Unconnected);
        }
        if self.ends.association(end).send(now, stream, message.word(), len, &mut self.out).is_err() {
            if measured {
                self.account.refused(nodes[0], len_bytes);
                self.account.withheld(nodes[1], len_bytes);
            }
            return self.refuse(nodes, message, Fate::Throttled);
        }
        self.app.seen.sent(measured);
        if D::TALKS && measured && self.plan.programme.is_control(message.flow) {
            *self.app.seen.window.control_bytes.get_or_insert(0) += len_bytes.get();
        }
        self.account.under_way(self.ends.repeats(end, message.flow), measured, 1);
        if measured {
            self.queueing.handed_over(now, end, message.word());
        }
        if self.quality.adapts(workload) {
            self.quality.sent(now, end, message.flow, message.number);
        }
        self.flush(now, end, scheduler);
    }

    // The message at the level that an end sends it at.
    fn at_level(&mut self, now: SimTime, end: u32, message: PacketMessage) -> PacketMessage {
        let workload = self.plan.programme.planned(message.flow).workload;
        if !self.quality.adapts(workload) || !self.ends.is_open(now, end) {
            return message;
        }
        let unsent = self.ends.row(end).unsent_on(self.ends.stream(message.flow));
        let stream = (end, message.flow, workload);
        PacketMessage { level: self.quality.choose(now, stream, message.level, ByteCount::new(unsent)), ..message }
    }

    /// A packet has come through the downlink: it is read, or waits for that in its socket. Where the socket is
    /// full, or the CPU too far behind, it is dropped.
    pub(super) fn read(&mut self, now: SimTime, parcel: Parcel, scheduler: &mut Scheduler<Happening>) {
        let end = parcel.end;
        let node = self.ends.row(end).node;
        let wait_ns = self.cpus.wait_ns(now, node);
        if wait_ns > self.backlogs[node as usize] && wait_ns > self.backlog_ns(node as usize, parcel.packet) {
            return self.overflow(end, parcel.packet);
        }
        for chunk in self.store.get(parcel.packet) {
            if let Chunk::Data(data) = chunk
                && data.flags.ends()
            {
                self.cpus.brings(now, node, self.size(PacketMessage::of_word(data.message)));
            }
        }
        let read = self.cpus.free_at(now, node);
        if read <= now {
            self.handle_packet(now, node, parcel, true);
            return self.take(now, parcel, scheduler);
        }
        if !self.cpus.queue(node, end, parcel.bytes) {
            return self.overflow(end, parcel.packet);
        }
        self.handle_packet(now, node, parcel, true);
        scheduler.schedule_at(read, Happening::Unqueue { parcel });
    }

    /// A packet that waited in its socket is read.
    pub(super) fn unqueue(&mut self, now: SimTime, parcel: Parcel, scheduler: &mut Scheduler<Happening>) {
        self.cpus.unqueue(parcel.end, parcel.bytes);
        self.take(now, parcel, scheduler);
    }

    // The association takes a packet in.
    fn take(&mut self, now: SimTime, parcel: Parcel, scheduler: &mut Scheduler<Happening>) {
        self.ends.receive(now, parcel.end, self.store.get(parcel.packet), &mut self.out);
        self.store.free(parcel.packet);
        self.flush(now, parcel.end, scheduler);
    }

    /// An association has asked for this time.
    pub(super) fn wake(&mut self, now: SimTime, end: u32, scheduler: &mut Scheduler<Happening>) {
        let row = self.ends.row_mut(end);
        // A wake that an earlier one has overtaken has nothing to say.
        if row.wake != now {
            return;
        }
        row.wake = SimTime::MAX;
        self.ends.wake(now, end, &mut self.out);
        self.flush(now, end, scheduler);
    }

    // Sends what an end wants to send, and tells its application.
    fn flush(&mut self, now: SimTime, end: u32, scheduler: &mut Scheduler<Happening>) {
        self.launch(now, end, scheduler);
        let mut arrived = std::mem::take(&mut self.arrived);
        for event in self.out.events() {
            match *event {
                AssociationEvent::Delivered { message, .. } => arrived.push(message),
                AssociationEvent::Abandoned { message, .. } => {
                    self.queueing.given_up(end, message);
                    self.missing.abandoned(end, message);
                }
                AssociationEvent::BufferedLow { .. } => {}
            }
        }
        self.out.clear();
        if self.missing.has_abandoned() {
            self.give_up();
        }
        for &word in &arrived {
            self.deliver(now, end, PacketMessage::of_word(word), scheduler);
        }
        arrived.clear();
        self.arrived = arrived;
        self.schedule_wake(end, scheduler);
    }

    // Has an end's association woken when it asks for it.
    fn schedule_wake(&mut self, end: u32, scheduler: &mut Scheduler<Happening>) {
        let row = self.ends.row_mut(end);
        // What lies behind the horizon never happens.
        let horizon = self.plan.programme.horizon;
        if let Some(next) = row.next_wake().filter(|&next| next < row.wake && next <= horizon) {
            row.wake = next;
            scheduler.schedule_at(next, Happening::Wake { end });
        }
    }

    // A message has arrived: the CPU takes it in, delivers it and passes it on.
    fn deliver(&mut self, now: SimTime, end: u32, message: PacketMessage, scheduler: &mut Scheduler<Happening>) {
        let [node, from] = [end, far(end)].map(|end| self.ends.row(end).node);
        let measured = self.is_measured(message);
        let workload = self.plan.programme.planned(message.flow).workload;
        self.app.seen.counts.copies_arrived += 1;
        self.account.under_way(self.ends.repeats(far(end), message.flow), measured, -1);
        if self.quality.adapts(workload) {
            let back = SimDuration::from_ns(self.ends.row(end).path.delay_ns);
            self.quality.arrived(now, far(end), message.flow, message.number, back);
        }
        let done = self.busy(now, node, message);
        if D::TALKS && self.plan.programme.is_control(message.flow) {
            if done <= self.plan.programme.horizon {
                self.turn(done, node, (Happened::Told { from, note: message.number }, 0), scheduler);
            }
            return;
        }
        if done > self.plan.programme.horizon {
            // The CPU never came to it, but was asked to.
            if D::EXACTLY_ONCE || self.app.would_be_new(node, from, (message.flow, message.number)) {
                self.book_unserved(node, Some(from), message);
            }
            return;
        }
        let identity = (message.flow, message.number);
        let is_new = self.app.is_new(node, from, identity, measured);
        if is_new && self.app.is_for(node, message.flow) {
            self.hand_to_application(done, node, message, scheduler);
        }
        if D::TALKS {
            let happened = Happened::Met { from: Some(from), message: identity, is_new };
            self.turn(done, node, (happened, message.level), scheduler);
        } else if is_new {
            self.pass_on(done, node, Some(from), message, scheduler);
        }
    }

    fn hand_to_application(
        &mut self,
        done: SimTime,
        node: u32,
        message: PacketMessage,
        scheduler: &mut Scheduler<Happening>,
    ) {
        let workload = self.app.flow(message.flow).workload;
        let delivery = self.app.deliver(done, node, (message.flow, message.number));
        let Some(Delivery { latency, is_response, answered_at }) = delivery else { return };
        if let Some(time) = answered_at {
            scheduler.schedule_at(time, Happening::Publish { flow: message.flow + 1, number: message.number });
        }
        if is_response {
            return;
        }
        if self.is_measured(message) && self.quality.is_beside_live(workload) {
            self.account.control.record(latency);
        }
        self.quality.delivered(node, message, workload, latency);
    }

    // The longest wait that sockets bridge for the message that a packet brings; for one without data the least.
    #[cold]
    fn backlog_ns(&self, node: usize, packet: PacketId) -> u64 {
        let brings = |chunk: &Chunk| match chunk {
            Chunk::Data(data) => Some(PacketMessage::of_word(data.message)),
            _ => None,
        };
        let message = self.store.get(packet).iter().find_map(brings);
        message.map_or(self.backlogs[node], |message| {
            self.plan.services[self.size(message) * self.backlogs.len() + node].backlog_ns
        })
    }

    // A socket drops a packet: messages that nobody repeats are gone with it, and what they ask of the node counts
    // all the same.
    #[cold]
    fn overflow(&mut self, end: u32, packet: PacketId) {
        let ended = |chunk: &Chunk| match chunk {
            Chunk::Data(data) if data.flags.ends() => Some(PacketMessage::of_word(data.message)),
            _ => None,
        };
        let messages: Vec<PacketMessage> = self.store.get(packet).iter().filter_map(ended).collect();
        self.drop_packet(end, packet, Fate::Socket);
        let [node, from] = [end, far(end)].map(|end| self.ends.row(end).node);
        for message in messages {
            if !self.ends.is_sent_once(far(end), message.flow) {
                continue;
            }
            let measured = self.is_measured(message);
            self.app.seen.counts.copies_overflowed += 1;
            self.app.seen.window.overflowed += u64::from(measured);
            self.account.under_way(false, measured, -1);
            self.account.cpu_work[node as usize] += if measured { self.cpu_ns(node, message) } else { 0 };
            // Where another copy may come, that one is passed on.
            if D::EXACTLY_ONCE {
                self.book_unserved(node, Some(from), message);
            }
        }
    }

    // A node should pass a message on and never comes to it: the demand counts all the same.
    #[cold]
    fn book_unserved(&mut self, node: u32, from: Option<u32>, message: PacketMessage) {
        if !self.is_measured(message) {
            return;
        }
        let mut hops = Vec::new();
        self.app.forward(node, from, (message.flow, message.number), &mut hops);
        let copies = hops.iter().filter(|&&to| self.ends.between(node, to).is_some()).count() as u64;
        self.account.cpu_work[node as usize] += copies * self.cpu_ns(node, message);
        let bytes = self.plan.sizes[self.size(message)].bytes;
        self.account.refused(node, bytes * copies);
    }

    // A copy is not sent: its connection is not open, or has no room.
    fn refuse(&mut self, nodes: [u32; 2], message: PacketMessage, fate: Fate) {
        self.fail(fate, nodes, message);
        self.app.seen.refused(fate, self.is_measured(message));
    }

    // How long a message keeps a node's CPU busy, its packets included.
    fn cpu_ns(&self, node: u32, message: PacketMessage) -> u64 {
        self.plan.services[self.size(message) * self.backlogs.len() + node as usize].cpu_ns
    }

    // Which of the plan's sizes a message has.
    fn size(&self, message: PacketMessage) -> usize {
        let planned = self.plan.programme.planned(message.flow);
        let levels = &self.plan.programme.levels[usize::from(planned.workload)];
        levels.get(usize::from(message.level)).copied().unwrap_or(planned.size) as usize
    }

    fn is_measured(&self, message: PacketMessage) -> bool {
        self.app.programme.is_measured(message.flow, message.number)
    }
}
