//! Partial reliability (RFC 3758): giving messages up, and telling the other end.

use super::super::channel::Channel;
use super::super::chunk::{Chunk, DataChunk, Flags};
use super::super::outbox::{AssociationEvent, Outbox};
use super::{ABANDONED, ACKNOWLEDGED, IN_FLIGHT, Outstanding, SentChunk};
use crate::units::SimTime;

impl Outstanding {
    /// Gives up the message of a chunk that was cut and not sent.
    pub(in crate::webrtc::sctp) fn give_up(&mut self, tsn: u32, channels: &mut [Channel], out: &mut Outbox) {
        self.abandon(tsn, channels, out);
    }

    /// Gives up messages at the front that have expired and are known to be missing.
    pub(in crate::webrtc::sctp) fn expire(&mut self, now: SimTime, channels: &mut [Channel], out: &mut Outbox) {
        let mut tsn = self.cumulative + 1;
        while tsn <= self.highest() {
            let row = self.rows[self.index(tsn)];
            if !row.has(ABANDONED) {
                if row.has(ACKNOWLEDGED | IN_FLIGHT) || row.expires > now {
                    return;
                }
                self.abandon(tsn, channels, out);
            }
            tsn += 1;
        }
    }

    /// Whether a message has been given up since this was last asked.
    pub(in crate::webrtc::sctp) fn has_abandoned(&mut self) -> bool {
        std::mem::take(&mut self.abandoned)
    }

    /// Whether the first chunk has been given up, so that a FORWARD TSN is due.
    pub(in crate::webrtc::sctp) fn wants_forward(&self) -> bool {
        self.rows.front().is_some_and(|row| row.has(ABANDONED))
    }

    /// Writes the FORWARD TSN.
    pub(in crate::webrtc::sctp) fn forward(&self, out: &mut Outbox) {
        let skipped = self.rows.iter().take_while(|row| row.has(ABANDONED));
        let count = skipped.clone().count();
        out.push(Chunk::ForwardTsn { cumulative: self.cumulative + count as u32 });
        // A stream's last message stands for those before it.
        for (row, at) in skipped.zip(0..) {
            let ordered = !row.chunk.flags.is_unordered();
            let later = |other: &SentChunk| other.chunk.stream == row.chunk.stream;
            if ordered && !self.rows.range(at + 1..count).any(later) {
                out.push(Chunk::Skip { stream: row.chunk.stream, ssn: row.chunk.ssn });
            }
        }
    }

    /// Gives up the message that a chunk belongs to: its other chunks, and what is not sent of it.
    pub(super) fn abandon(&mut self, tsn: u32, channels: &mut [Channel], out: &mut Outbox) {
        let chunk = self.rows[self.index(tsn)].chunk;
        let (stream, ssn) = (chunk.stream, chunk.ssn);
        let channel = &mut channels[usize::from(stream)];
        if let Some(rest) = channel.discard(ssn) {
            // The receiver may have all that was sent: an end that is never sent stands for the rest,
            // so that the FORWARD TSN ends behind this message.
            let flags = Flags::new(false, true, chunk.flags.is_unordered());
            let end = DataChunk { tsn: self.highest() + 1, len: 0, flags, ..chunk };
            let mut row = self.rows[self.index(tsn)];
            row.chunk = end;
            row.state = ACKNOWLEDGED;
            self.rows.push_back(row);
            channel.release(stream, u64::from(rest), out);
        }
        out.tell(AssociationEvent::Abandoned { stream, message: chunk.message });
        self.abandoned = true;
        // The chunks of a message have TSNs in a row.
        let belongs = |row: &SentChunk| row.chunk.stream == stream && row.chunk.ssn == ssn;
        let mut index = self.index(tsn);
        while index > 0 && belongs(&self.rows[index - 1]) {
            index -= 1;
        }
        while let Some(row) = self.rows.get(index).copied().filter(belongs) {
            self.unmark(index);
            self.rows[index].state |= ABANDONED;
            if !self.by_window {
                self.leave_flight(index);
            }
            if self.counts_unacknowledged && !row.has(ACKNOWLEDGED | ABANDONED) {
                channels[usize::from(stream)].release(stream, u64::from(row.chunk.len), out);
            }
            index += 1;
        }
    }
}
