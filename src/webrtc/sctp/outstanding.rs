//! DATA chunks that have been sent and not acknowledged cumulatively: acknowledging, counting
//! misses, choosing what to repeat (RFC 9260, 6.2.1 and 7.2.4), giving up (RFC 3758).

mod abandon;

use std::collections::VecDeque;

use super::channel::{Channel, Fragment, KEPT};
use super::chunk::{Chunk, DataChunk, Flags};
use super::outbox::Outbox;
use super::profile::{AssociationProfile, Buffered, Repair};
use crate::units::{SimDuration, SimTime};

/// A chunk on its way.
#[derive(Clone, Copy, Debug)]
pub(super) struct SentChunk {
    pub(super) chunk: DataChunk,
    sent: SimTime,
    expires: SimTime,
    retransmits_max: u16,
    sends: u16,
    misses: u8,
    state: u8,
}

const ACKNOWLEDGED: u8 = 1;
const IN_FLIGHT: u8 = 2;
// To be sent again as the window allows, or in the packet of a fast retransmission.
const MARKED: u8 = 4;
const FAST: u8 = 8;
const ABANDONED: u8 = 16;

/// Reports of a miss after which a chunk counts as lost (RFC 9260, 7.2.4).
const MISSES: u8 = 3;

impl SentChunk {
    const fn has(&self, state: u8) -> bool {
        self.state & state != 0
    }

    const fn is_outstanding(&self) -> bool {
        !self.has(ACKNOWLEDGED | ABANDONED)
    }

    const fn may_repeat(&self) -> bool {
        self.sends <= self.retransmits_max
    }
}

/// The chunks on their way, by TSN.
#[derive(Clone, Debug)]
pub(super) struct Outstanding {
    rows: VecDeque<SentChunk>,
    // The TSN before the first row: all up to it is acknowledged.
    cumulative: u32,
    flight: u32,
    marked: u32,
    fast: u32,
    // No row below this TSN is marked.
    marked_from: u32,
    // A round trip is measured from this TSN on, once a round trip.
    measure_from: u32,
    by_window: bool,
    leaves_flight_after: u8,
    measures_gaps: bool,
    counts_unacknowledged: bool,
    // A message has been given up since this was last asked.
    abandoned: bool,
}

/// What a SACK has acknowledged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Acknowledged {
    pub(super) bytes: u32,
    pub(super) advanced: bool,
    /// The highest TSN that is newly acknowledged.
    pub(super) highest: u32,
}

impl Outstanding {
    pub(super) fn new(profile: &AssociationProfile) -> Self {
        let (by_window, leaves_flight_after, measures_gaps) = match profile.repair {
            Repair::ByWindow { leaves_flight_after, measures_gaps } => (true, leaves_flight_after, measures_gaps),
            Repair::ByAdvance { .. } => (false, u8::MAX, false),
        };
        Self {
            rows: VecDeque::new(),
            cumulative: 0,
            flight: 0,
            marked: 0,
            fast: 0,
            marked_from: 0,
            measure_from: 0,
            by_window,
            leaves_flight_after,
            measures_gaps,
            counts_unacknowledged: profile.buffered == Buffered::Unacknowledged,
            abandoned: false,
        }
    }

    /// Reads a word of the first and of the last row.
    #[inline]
    pub(super) fn touch(&self) -> u32 {
        let of_row = |row: Option<&SentChunk>| row.map_or(0, |row| row.chunk.tsn);
        of_row(self.rows.front()) ^ of_row(self.rows.back())
    }

    pub(super) const fn cumulative(&self) -> u32 {
        self.cumulative
    }

    /// Bytes in flight, as the profile counts them.
    pub(super) const fn flight(&self) -> u32 {
        self.flight
    }

    pub(super) fn highest(&self) -> u32 {
        self.cumulative + self.rows.len() as u32
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Whether something waits to be sent again.
    pub(super) const fn wants_repeat(&self) -> bool {
        self.marked + self.fast > 0
    }

    pub(super) const fn wants_fast(&self) -> bool {
        self.fast > 0
    }

    /// A fragment leaves for the first time.
    pub(super) fn insert(&mut self, now: SimTime, stream: u16, channel: &Channel, fragment: Fragment) -> DataChunk {
        let chunk = DataChunk {
            message: fragment.message,
            tsn: self.highest() + 1,
            ssn: fragment.ssn,
            stream,
            len: fragment.len as u16,
            flags: Flags::new(fragment.begins, fragment.ends, channel.spec.unordered),
        };
        let retransmits_max = channel.retransmits_max();
        let row =
            SentChunk { chunk, sent: now, expires: fragment.expires, retransmits_max, sends: 1, misses: 0, state: 0 };
        self.rows.push_back(row);
        let index = self.rows.len() - 1;
        self.enter_flight(index);
        chunk
    }

    /// The round trip that a SACK lets measure: never from a chunk that was sent twice (Karn).
    pub(super) fn round_trip(&mut self, now: SimTime, cumulative: u32, gaps: &[Chunk]) -> Option<SimDuration> {
        let fresh = |row: &&SentChunk| row.sends == 1 && row.is_outstanding();
        if self.by_window {
            let measures = |row: &&SentChunk| row.sends == 1 && (self.measures_gaps || row.is_outstanding());
            let row = self.row(cumulative).filter(|row| gaps.is_empty() && measures(row))?;
            return Some(now.since(row.sent));
        }
        // Once a round trip from the cumulative TSN, and from each chunk of a gap block.
        let from = self.measure_from.max(self.cumulative + 1);
        let mut measured = (from..=cumulative).filter_map(|tsn| self.row(tsn)).find(fresh).map(|row| row.sent);
        for gap in gaps {
            let Chunk::Gap { first, last } = *gap else { break };
            let latest = (first..=last).rev().filter_map(|tsn| self.row(tsn)).find(fresh);
            measured = latest.map(|row| row.sent).or(measured);
        }
        let sent = measured?;
        self.measure_from = self.highest() + 1;
        Some(now.since(sent))
    }

    /// Takes what a SACK acknowledges.
    pub(super) fn acknowledge(
        &mut self,
        cumulative: u32,
        gaps: &[Chunk],
        channels: &mut [Channel],
        out: &mut Outbox,
    ) -> Acknowledged {
        let mut result = Acknowledged { bytes: 0, advanced: cumulative > self.cumulative, highest: cumulative };
        while self.cumulative < cumulative && !self.rows.is_empty() {
            self.acknowledge_row(0, &mut result.bytes, channels, out);
            self.rows.pop_front();
            self.cumulative += 1;
        }
        for gap in gaps {
            let Chunk::Gap { first, last } = *gap else { break };
            for tsn in first.max(self.cumulative + 1)..=last.min(self.highest()) {
                if self.acknowledge_row(self.index(tsn), &mut result.bytes, channels, out) {
                    result.highest = result.highest.max(tsn);
                }
            }
        }
        if self.rows.is_empty() && self.rows.capacity() > KEPT {
            self.rows = VecDeque::new();
        }
        result
    }

    /// Counts misses below `highest`, in the gaps that a SACK reports; says whether a chunk is lost.
    pub(super) fn count_gaps(
        &mut self,
        highest: u32,
        gaps: &[Chunk],
        in_recovery: bool,
        channels: &mut [Channel],
        out: &mut Outbox,
    ) -> bool {
        let (mut lost, mut from) = (false, self.cumulative + 1);
        for gap in gaps {
            let Chunk::Gap { first, last } = *gap else { break };
            for tsn in from..first.min(highest + 1) {
                lost |= self.miss(tsn, false, in_recovery, channels, out);
            }
            from = last + 1;
        }
        lost
    }

    /// Counts a miss for every chunk below `end` that is not acknowledged.
    pub(super) fn count_below(&mut self, end: u32) -> bool {
        let mut lost = false;
        for row in self.rows.iter_mut().take(end.saturating_sub(self.cumulative + 1) as usize) {
            if row.is_outstanding() && row.misses < MISSES {
                row.misses += 1;
                lost |= row.misses == MISSES;
            }
        }
        lost
    }

    /// The retransmission timer has run out: everything is to be sent again, or given up.
    pub(super) fn mark_all(&mut self, now: SimTime, channels: &mut [Channel], out: &mut Outbox) {
        // Giving up may append a row, which needs no mark.
        for tsn in self.cumulative + 1..=self.highest() {
            if self.by_window {
                if !self.rows[self.index(tsn)].has(ACKNOWLEDGED) {
                    self.miss(tsn, true, true, channels, out);
                }
                continue;
            }
            let row = self.rows[self.index(tsn)];
            if row.is_outstanding() {
                if row.may_repeat() && row.expires > now {
                    self.mark(tsn, MARKED);
                } else {
                    self.abandon(tsn, channels, out);
                }
            }
        }
    }

    /// Takes the first marked chunk that fits into `room`.
    pub(super) fn take_marked(&mut self, room: u32) -> Option<DataChunk> {
        if self.marked == 0 {
            return None;
        }
        let mut first = true;
        for tsn in self.marked_from.max(self.cumulative + 1)..=self.highest() {
            let index = self.index(tsn);
            let row = &self.rows[index];
            if !row.has(MARKED) {
                continue;
            }
            if first {
                self.marked_from = tsn;
                first = false;
            }
            if row.chunk.bytes() <= room {
                return Some(self.repeat(index));
            }
        }
        None
    }

    /// Takes a marked chunk.
    pub(super) fn take(&mut self, tsn: u32) -> DataChunk {
        self.repeat(self.index(tsn))
    }

    /// The first marked chunk that may be repeated; gives up those that may not.
    pub(super) fn first_marked(
        &mut self,
        now: SimTime,
        channels: &mut [Channel],
        out: &mut Outbox,
    ) -> Option<DataChunk> {
        self.marked_from = self.marked_from.max(self.cumulative + 1);
        while self.marked > 0 && self.marked_from <= self.highest() {
            let row = self.rows[self.index(self.marked_from)];
            if row.has(MARKED) {
                if row.may_repeat() && row.expires > now {
                    return Some(row.chunk);
                }
                self.abandon(row.chunk.tsn, channels, out);
            }
            self.marked_from += 1;
        }
        None
    }

    /// Takes the chunks of a fast retransmission that fit into the packet. What was marked for it
    /// and does not fit goes as the window allows.
    pub(super) fn take_fast(&mut self, packet_bytes: u32, out: &mut Outbox) {
        for tsn in self.marked_from.max(self.cumulative + 1)..=self.highest() {
            let index = self.index(tsn);
            let row = &mut self.rows[index];
            if !row.has(FAST) {
                continue;
            }
            row.state &= !FAST;
            self.fast -= 1;
            if row.chunk.bytes() <= out.room(packet_bytes) {
                let chunk = self.repeat(index);
                out.push(Chunk::Data(chunk));
            } else {
                self.mark(tsn, MARKED);
            }
        }
    }

    /// The chunks that three SACKs have missed and that were sent once, as many as fit into a packet.
    pub(super) fn take_missed(&mut self, now: SimTime, packet_bytes: u32, channels: &mut [Channel], out: &mut Outbox) {
        for tsn in self.cumulative + 1..=self.highest() {
            let index = self.index(tsn);
            let row = self.rows[index];
            if !row.is_outstanding() || row.sends != 1 || row.misses < MISSES {
                continue;
            }
            if !row.may_repeat() || row.expires <= now {
                self.abandon(tsn, channels, out);
                continue;
            }
            if row.chunk.bytes() > out.room(packet_bytes) {
                return;
            }
            self.rows[index].sends += 1;
            out.push(Chunk::Data(row.chunk));
        }
    }

    fn row(&self, tsn: u32) -> Option<&SentChunk> {
        self.rows.get(tsn.checked_sub(self.cumulative + 1)? as usize)
    }

    const fn index(&self, tsn: u32) -> usize {
        (tsn - self.cumulative - 1) as usize
    }

    fn counted(&self, row: &SentChunk) -> u32 {
        if self.by_window { row.chunk.bytes() } else { u32::from(row.chunk.len) }
    }

    fn enter_flight(&mut self, index: usize) {
        if !self.rows[index].has(IN_FLIGHT) {
            self.rows[index].state |= IN_FLIGHT;
            self.flight += self.counted(&self.rows[index]);
        }
    }

    fn leave_flight(&mut self, index: usize) {
        if self.rows[index].has(IN_FLIGHT) {
            self.rows[index].state &= !IN_FLIGHT;
            self.flight -= self.counted(&self.rows[index]);
        }
    }

    fn mark(&mut self, tsn: u32, how: u8) {
        let index = self.index(tsn);
        if self.rows[index].has(MARKED | FAST) {
            return;
        }
        self.rows[index].state |= how;
        *(if how == MARKED { &mut self.marked } else { &mut self.fast }) += 1;
        self.marked_from = if self.marked + self.fast == 1 { tsn } else { self.marked_from.min(tsn) };
    }

    fn unmark(&mut self, index: usize) {
        let row = &mut self.rows[index];
        self.marked -= u32::from(row.has(MARKED));
        self.fast -= u32::from(row.has(FAST));
        row.state &= !(MARKED | FAST);
    }

    fn repeat(&mut self, index: usize) -> DataChunk {
        self.unmark(index);
        let row = &mut self.rows[index];
        row.sends += 1;
        let chunk = row.chunk;
        if self.by_window {
            row.misses = 0;
            self.enter_flight(index);
        }
        chunk
    }

    fn acknowledge_row(&mut self, index: usize, bytes: &mut u32, channels: &mut [Channel], out: &mut Outbox) -> bool {
        let row = self.rows[index];
        if row.has(ACKNOWLEDGED) {
            return false;
        }
        if self.by_window || !row.has(ABANDONED) {
            *bytes += self.counted(&row);
        }
        self.leave_flight(index);
        self.unmark(index);
        self.rows[index].state |= ACKNOWLEDGED;
        if self.counts_unacknowledged && !row.has(ABANDONED) {
            let stream = row.chunk.stream;
            channels[usize::from(stream)].release(stream, u64::from(row.chunk.len), out);
        }
        true
    }

    /// A chunk is reported missing, or with `at_once` taken for lost; says whether it is lost.
    fn miss(&mut self, tsn: u32, at_once: bool, in_recovery: bool, channels: &mut [Channel], out: &mut Outbox) -> bool {
        let index = self.index(tsn);
        let row = &mut self.rows[index];
        row.misses = row.misses.saturating_add(1);
        if at_once || row.misses >= self.leaves_flight_after {
            self.leave_flight(index);
        }
        let row = &self.rows[index];
        if row.has(MARKED | FAST | ABANDONED) || (row.misses < MISSES && !at_once) {
            return false;
        }
        if row.may_repeat() {
            self.mark(tsn, if in_recovery { MARKED } else { FAST });
        } else {
            self.abandon(tsn, channels, out);
        }
        true
    }
}
