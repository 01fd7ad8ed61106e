//! Chunks to messages on one incoming stream: reassembly, and the order of an ordered stream.

use std::collections::VecDeque;

use super::chunk::DataChunk;
use super::outbox::{AssociationEvent, Outbox};

/// What one stream has received and not delivered.
#[derive(Clone, Debug, Default)]
pub(super) struct Incoming {
    // The next message of an ordered stream.
    next: u32,
    // In the order of their numbers.
    held: VecDeque<Held>,
}

/// A message, whole or in part.
#[derive(Clone, Copy, Debug)]
struct Held {
    message: u64,
    ssn: u32,
    len: u32,
    chunks: u32,
    // Of its first and its last chunk; zero while they have not come.
    begin: u32,
    end: u32,
    // The highest of its TSNs that has come.
    highest: u32,
}

impl Held {
    const fn is_whole(&self) -> bool {
        self.begin != 0 && self.end != 0 && self.end - self.begin + 1 == self.chunks
    }
}

impl Incoming {
    /// Takes a chunk that has not come before. Returns by how much what waits has changed.
    pub(super) fn take(&mut self, chunk: &DataChunk, out: &mut Outbox) -> i64 {
        let (unordered, len) = (chunk.flags.is_unordered(), u32::from(chunk.len));
        let whole = chunk.flags.begins() && chunk.flags.ends();
        if whole && (unordered || chunk.ssn == self.next) {
            deliver(chunk.stream, chunk.message, len, out);
            self.next = chunk.ssn + 1;
            return if unordered { 0 } else { -self.release(chunk.stream, out) };
        }
        let at = self.place(chunk.ssn);
        if self.held.get(at).is_none_or(|held| held.ssn != chunk.ssn) {
            let held = Held { message: chunk.message, ssn: chunk.ssn, len: 0, chunks: 0, begin: 0, end: 0, highest: 0 };
            self.held.insert(at, held);
        }
        let held = &mut self.held[at];
        held.len += len;
        held.chunks += 1;
        held.highest = held.highest.max(chunk.tsn);
        if chunk.flags.begins() {
            held.begin = chunk.tsn;
        }
        if chunk.flags.ends() {
            held.end = chunk.tsn;
        }
        if !held.is_whole() {
            return i64::from(len);
        }
        if unordered {
            let held = *held;
            self.held.remove(at);
            deliver(chunk.stream, held.message, held.len, out);
            return i64::from(len) - i64::from(held.len);
        }
        i64::from(len) - self.release(chunk.stream, out)
    }

    /// Everything up to message `ssn` is skipped on this ordered stream.
    pub(super) fn skip(&mut self, stream: u16, ssn: u32, out: &mut Outbox) -> i64 {
        let mut freed = 0;
        while self.held.front().is_some_and(|held| held.ssn <= ssn) {
            // A message that is whole but was held back is delivered all the same.
            let held = self.held.pop_front().expect("invariant: there is a front");
            freed += i64::from(held.len);
            if held.is_whole() {
                deliver(stream, held.message, held.len, out);
            }
        }
        self.next = self.next.max(ssn + 1);
        -freed - self.release(stream, out)
    }

    /// All up to `cumulative` is skipped: forgets unordered messages that cannot become whole.
    pub(super) fn forget(&mut self, cumulative: u32) -> i64 {
        let mut freed = 0;
        self.held.retain(|held| {
            let lost = held.highest <= cumulative && !held.is_whole();
            freed += if lost { i64::from(held.len) } else { 0 };
            !lost
        });
        -freed
    }

    /// The messages that are whole and wait for their turn, by their sender's words.
    pub(super) fn held_back(&self) -> impl Iterator<Item = u64> + '_ {
        self.held.iter().filter(|held| held.is_whole()).map(|held| held.message)
    }

    /// Whether nothing waits here.
    pub(super) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    fn place(&self, ssn: u32) -> usize {
        // Mostly the newest message.
        match self.held.back() {
            Some(held) if held.ssn < ssn => self.held.len(),
            Some(held) if held.ssn == ssn => self.held.len() - 1,
            _ => self.held.partition_point(|held| held.ssn < ssn),
        }
    }

    /// Delivers what is whole and has its turn; returns its bytes.
    fn release(&mut self, stream: u16, out: &mut Outbox) -> i64 {
        let mut freed = 0;
        while let Some(held) = self.held.front().copied().filter(|held| held.ssn == self.next && held.is_whole()) {
            self.held.pop_front();
            self.next += 1;
            freed += i64::from(held.len);
            deliver(stream, held.message, held.len, out);
        }
        freed
    }
}

fn deliver(stream: u16, message: u64, len: u32, out: &mut Outbox) {
    out.tell(AssociationEvent::Delivered { stream, message, len });
}
