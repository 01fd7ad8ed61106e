//! What an end sends, and when: the two ways of the profiles, by window and by advance.

use super::association::Association;
use super::channel::Channel;
use super::chunk::{Chunk, DATA_HEADER_BYTES, DataChunk, data_bytes};
use super::outbox::Outbox;
use super::profile::{Buffered, Fragments, Repair, SackRides, Schedule};
use crate::units::{SimDuration, SimTime};

/// Whose turn it is among the streams.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Turns {
    // Messages that have been handed over.
    order: u64,
    // A virtual clock that each fragment moves on, as its stream has it: it may go back (dcSCTP).
    clock: u64,
    current: u16,
}

impl Turns {
    pub(super) const fn touch(&self) -> u32 {
        self.clock as u32 ^ self.current as u32
    }
}

/// Longest wait before a FORWARD TSN is repeated (RFC 3758, 3.5).
const FORWARD_WAIT_MAX: SimDuration = SimDuration::from_ms(200);

impl Association {
    pub(super) fn enqueue(&mut self, now: SimTime, stream: u16, message: u64, len: u32) {
        let channel = &mut self.channels[usize::from(stream)];
        let was_idle = !channel.waits();
        channel.push(now, self.turns.order, message, len);
        if was_idle {
            match self.profile.schedule {
                Schedule::Weighted => channel.queue_up_weighted(self.turns.clock, self.profile.payload_max()),
                Schedule::RoundRobin | Schedule::UnorderedFirst => channel.queue_up(self.turns.clock),
            }
        }
        self.turns.order += 1;
    }

    /// Sends what may be sent.
    pub(super) fn transmit(&mut self, now: SimTime, out: &mut Outbox) {
        match self.profile.repair {
            Repair::ByWindow { .. } => self.fill_window(now, out),
            Repair::ByAdvance { timeout_sends_all, .. } => self.gather(now, timeout_sends_all, out),
        }
    }

    /// A SACK has been taken.
    pub(super) fn after_sack(&mut self, now: SimTime, out: &mut Outbox) {
        if !self.profile.repair.is_by_window() {
            return; // Everything leaves together when the packet has been read.
        }
        if self.outstanding.wants_fast() {
            let first = self.outstanding.cumulative() + 1;
            self.outstanding.take_fast(self.profile.packet_bytes, out);
            if matches!(out.open_chunks().first(), Some(Chunk::Data(data)) if data.tsn == first) {
                self.t3.stop();
            }
            self.t3.start(now);
            self.close(now, out);
        }
        self.fill_window(now, out);
    }

    /// The packet has been read, or a SACK's time has come.
    pub(super) fn answer(&mut self, now: SimTime, out: &mut Outbox) {
        match self.profile.repair {
            Repair::ByWindow { .. } => self.sack_if_due(now, out),
            Repair::ByAdvance { .. } => self.transmit(now, out),
        }
    }

    /// By window: marked chunks, then new ones, so many packets at once.
    fn fill_window(&mut self, now: SimTime, out: &mut Outbox) {
        for packet in 0..self.profile.burst.unwrap_or(u32::MAX) {
            let left = self.left();
            let brim = self.profile.brim_packets.saturating_mul(self.profile.mtu);
            if self.window.size() >= brim && left < self.profile.mtu / 10 * 9 {
                break;
            }
            if packet == 0 {
                if self.tracker.wants_sack(self.sack_rides()) {
                    self.write_sack(out);
                }
                self.forward_if_due(now, out);
            }
            let mut room = out.room(self.profile.packet_bytes).min(left & !3);
            let immediate = self.window.size() < self.profile.immediate_sack_below;
            let data =
                |chunk: DataChunk| Chunk::Data(DataChunk { flags: chunk.flags.with_immediate(immediate), ..chunk });
            while let Some(chunk) = self.outstanding.take_marked(room) {
                room -= chunk.bytes();
                out.push(data(chunk));
            }
            while room > DATA_HEADER_BYTES {
                let Some((stream, len)) = self.next_fragment(now, room - DATA_HEADER_BYTES, out) else { break };
                if let Some(chunk) = self.cut(now, stream, len, out) {
                    self.peer_window = self.peer_window.saturating_sub(chunk.bytes());
                    out.push(data(chunk));
                }
                room = room.saturating_sub(data_bytes(len));
            }
            if !self.close(now, out) {
                break;
            }
        }
        self.guard(now);
    }

    /// What is outstanding is never without a timer, also if all of it has been given up.
    fn guard(&mut self, now: SimTime) {
        if !self.outstanding.is_empty() {
            self.t3.start(now);
        }
    }

    /// Whether a SACK that waits goes along now.
    fn sack_rides(&self) -> bool {
        match self.profile.sack_rides {
            SackRides::Never => false,
            SackRides::WithRoom => true,
            SackRides::WithData => self.outstanding.wants_repeat() || self.channels.iter().any(Channel::waits),
        }
    }

    /// Bytes that window and receiver have room for.
    fn left(&self) -> u32 {
        let left = self.window.size().saturating_sub(self.outstanding.flight());
        // One chunk may always be under way (RFC 9260, 6.1, A).
        if self.outstanding.flight() == 0 { left } else { left.min(self.peer_window) }
    }

    fn sack_if_due(&mut self, now: SimTime, out: &mut Outbox) {
        if self.tracker.wants_sack(false) {
            self.write_sack(out);
            self.close(now, out);
        }
    }

    /// A FORWARD TSN, in a packet with the SACK that is already in it.
    fn forward_if_due(&mut self, now: SimTime, out: &mut Outbox) {
        self.outstanding.expire(now, &mut self.channels, out);
        if now < self.forward_after || !self.outstanding.wants_forward() {
            return;
        }
        self.outstanding.forward(out);
        self.forward_after = now + FORWARD_WAIT_MAX.min(self.t3.smoothed());
        self.close(now, out);
    }

    /// By advance: what a time-out marked, new chunks, one packet of what was missed, the SACK, and
    /// the FORWARD TSN, each in packets of its own.
    fn gather(&mut self, now: SimTime, timeout_sends_all: bool, out: &mut Outbox) {
        while self.repeat_marked(now, out) && timeout_sends_all {}
        self.close(now, out);
        let before = self.outstanding.highest();
        while let Some((stream, len)) = self.next_fragment(now, u32::MAX, out) {
            let fits = self.outstanding.flight() + len <= self.window.size() && len <= self.peer_window;
            // One chunk may always be under way (RFC 9260, 6.1, A).
            if !fits && !self.outstanding.is_empty() {
                break;
            }
            if let Some(chunk) = self.cut(now, stream, len, out) {
                self.peer_window = self.peer_window.saturating_sub(len);
                self.bundle(now, chunk, out);
            }
        }
        self.close(now, out);
        if std::mem::take(&mut self.wants_fast) {
            self.outstanding.take_missed(now, self.profile.packet_bytes, &mut self.channels, out);
            self.close(now, out);
        }
        self.sack_if_due(now, out);
        self.wants_forward |= self.outstanding.has_abandoned();
        if std::mem::take(&mut self.wants_forward) && self.outstanding.wants_forward() {
            self.outstanding.forward(out);
            self.close(now, out);
        }
        if self.outstanding.highest() > before || !self.t3.has_given_up(&self.profile.rto) {
            self.guard(now);
        }
    }

    /// Repeats a window of what a time-out marked; false if nothing was.
    fn repeat_marked(&mut self, now: SimTime, out: &mut Outbox) -> bool {
        let (mut budget, mut repeated) = (self.window.size().min(self.peer_window), false);
        while let Some(chunk) = self.outstanding.first_marked(now, &mut self.channels, out) {
            let len = u32::from(chunk.len);
            // The first chunk goes even if the receiver has no room, as a probe.
            let probe = chunk.tsn == self.outstanding.cumulative() + 1 && self.peer_window < len;
            if !probe && len > budget {
                break;
            }
            let chunk = self.outstanding.take(chunk.tsn);
            self.bundle(now, chunk, out);
            repeated = true;
            if probe {
                return false;
            }
            budget -= len;
        }
        repeated
    }

    /// Puts a chunk into the packet that is being made, or into the next.
    fn bundle(&mut self, now: SimTime, chunk: DataChunk, out: &mut Outbox) {
        if chunk.bytes() > out.room(self.profile.packet_bytes) {
            self.close(now, out);
        }
        out.push(Chunk::Data(chunk));
    }

    fn close(&mut self, now: SimTime, out: &mut Outbox) -> bool {
        let closed = out.close(self.below_bytes);
        if closed {
            self.put_heartbeat_off(now);
        }
        closed
    }

    /// The stream whose turn it is and how much of its message to send; none if nothing waits or
    /// the fragment, being fixed, does not fit.
    fn next_fragment(&mut self, now: SimTime, room: u32, out: &mut Outbox) -> Option<(u16, u32)> {
        let stream = self.next_stream(now, out)?;
        let rest = self.channels[usize::from(stream)].rest();
        match self.profile.fragments {
            Fragments::Filling => Some((stream, rest.min(room))),
            Fragments::Fixed => {
                let len = rest.min(self.profile.payload_max());
                (len <= room).then_some((stream, len))
            }
        }
    }

    fn next_stream(&mut self, now: SimTime, out: &mut Outbox) -> Option<u16> {
        let current = self.turns.current;
        if self.channels.get(usize::from(current)).is_some_and(Channel::is_within_message) {
            return Some(current);
        }
        let mut best = None;
        for (channel, stream) in self.channels.iter_mut().zip(0..) {
            channel.expire(stream, now, out);
            if !channel.waits() {
                continue;
            }
            let rank = match self.profile.schedule {
                Schedule::RoundRobin | Schedule::Weighted => (0, channel.turn()),
                Schedule::UnorderedFirst => (u8::from(!channel.spec.unordered), channel.order()),
            };
            if best.is_none_or(|(least, _)| rank < least) {
                best = Some((rank, stream));
            }
        }
        best.map(|(_, stream)| stream)
    }

    /// Cuts a fragment and gives it a TSN; none if its message has expired and is given up.
    fn cut(&mut self, now: SimTime, stream: u16, len: u32, out: &mut Outbox) -> Option<DataChunk> {
        let channel = &mut self.channels[usize::from(stream)];
        let fragment = channel.cut(len);
        self.turns.current = stream;
        self.turns.clock = match self.profile.schedule {
            Schedule::Weighted => channel.advance_weighted(fragment.len, self.profile.payload_max()),
            Schedule::RoundRobin | Schedule::UnorderedFirst => channel.advance(fragment.begins),
        };
        if fragment.ends {
            channel.shrink();
        }
        if self.profile.buffered == Buffered::Unsent {
            channel.release(stream, u64::from(len), out);
        }
        let chunk = self.outstanding.insert(now, stream, channel, fragment);
        if fragment.expires > now {
            return Some(chunk);
        }
        self.outstanding.give_up(chunk.tsn, &mut self.channels, out);
        None
    }
}
