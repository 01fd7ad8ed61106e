//! Messages that do not arrive, and what became of their packets.
//!
//! A message that is sent but once is gone with the first of its packets. One with a lifetime may be repeated: it is
//! gone when its sender gives it up, by what happened to it last, or for want of a turn where nothing did. Reliable
//! messages are never gone.

use std::collections::BTreeMap;

use super::Packets;
use super::ends::far;
use super::message::PacketMessage;
use crate::overlay::dissemination::Dissemination;
use crate::simulation::account::fate::Fate;
use crate::webrtc::sctp::{Chunk, PacketId};

/// What happened to messages of which a packet was dropped, by their sender's end.
#[derive(Debug, Default)]
pub(super) struct Missing {
    recent: BTreeMap<(u32, u64), Fate>,
    // Older ones, forgotten when there are as many recent ones again.
    older: BTreeMap<(u32, u64), Fate>,
    // Given up, and not yet told of.
    abandoned: Vec<(u32, u64)>,
}

/// So many messages are remembered twice over: more than can be under way at a time.
const REMEMBERED: usize = 1 << 16;

impl Missing {
    /// Notes what happened to a message; whether nothing had before.
    fn note(&mut self, message: (u32, u64), fate: Fate) -> bool {
        let is_new = self.fate(message).is_none();
        self.recent.insert(message, fate);
        if self.recent.len() >= REMEMBERED {
            self.older = std::mem::take(&mut self.recent);
        }
        is_new
    }

    fn fate(&self, message: (u32, u64)) -> Option<Fate> {
        self.recent.get(&message).or_else(|| self.older.get(&message)).copied()
    }

    /// Whether something was given up that has not been told of.
    pub(super) fn has_abandoned(&self) -> bool {
        !self.abandoned.is_empty()
    }

    /// An end has given a message up.
    pub(super) fn abandoned(&mut self, end: u32, message: u64) {
        self.abandoned.push((end, message));
    }
}

impl<D: Dissemination> Packets<D> {
    /// A packet for an end is dropped or lost, and what it brings with it.
    #[cold]
    pub(super) fn drop_packet(&mut self, end: u32, packet: PacketId, fate: Fate) {
        let sender = far(end);
        let mut gone = std::mem::take(&mut self.gone);
        gone.extend(self.store.get(packet).iter().filter_map(|chunk| match chunk {
            Chunk::Data(data) => Some((data.message, data.flags.begins() && data.flags.ends())),
            _ => None,
        }));
        self.store.free(packet);
        for (word, is_whole) in gone.drain(..) {
            let message = PacketMessage::of_word(word);
            if self.ends.repeats(sender, message.flow) {
                continue;
            }
            // A message in one packet meets one end; what has several may lose more than one.
            let is_sent_once = self.ends.is_sent_once(sender, message.flow);
            let is_first = (is_sent_once && is_whole) || self.missing.note((sender, word), fate);
            if is_sent_once && is_first {
                self.fail(fate, [sender, end].map(|end| self.ends.row(end).node), message);
            }
        }
        self.gone = gone;
    }

    /// Tells of messages with a lifetime that have been given up.
    #[cold]
    pub(super) fn give_up(&mut self) {
        while let Some((end, word)) = self.missing.abandoned.pop() {
            let message = PacketMessage::of_word(word);
            if !self.ends.is_sent_once(end, message.flow) {
                let fate = self.missing.fate((end, word)).unwrap_or(Fate::Throttled);
                self.fail(fate, [end, far(end)].map(|end| self.ends.row(end).node), message);
            }
        }
    }

    /// A copy between two nodes has failed.
    #[cold]
    pub(super) fn fail(&mut self, fate: Fate, [from, to]: [u32; 2], message: PacketMessage) {
        self.app.fail(fate, [from, to], (message.flow, message.number));
    }

    /// Tells of messages that have arrived and wait for their turn, at the end of a replication.
    pub(super) fn tell_blocked(&mut self) {
        for end in 0..self.ends.rows().len() as u32 {
            let blocked = self.ends.row(end).held_back();
            for word in blocked {
                let nodes = [far(end), end].map(|end| self.ends.row(end).node);
                self.fail(Fate::Blocked, nodes, PacketMessage::of_word(word));
            }
        }
    }
}
