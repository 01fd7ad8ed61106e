//! A link that its flows share fairly: deficit round robin.
//!
//! Shreedhar and Varghese, "Efficient Fair Queuing Using Deficit Round-Robin", IEEE/ACM Transactions on
//! Networking 4(3), 1996: flows that wait take turns; each turn a flow may send a quantum of bytes, and
//! what it does not use because its next packet is larger it keeps for the next turn. Where the buffer is
//! full the flow with the most bytes loses its oldest packet, as FQ-CoDel does (RFC 8290, section 4.1), so a
//! flow cannot crowd the others out. There is no flow for new ones ahead of the turns, and no CoDel.
//!
//! A value that is told the time: hand packets over, ask when the next one leaves, take it then.

use std::collections::VecDeque;

use super::transmitter::Transmitter;
use crate::units::{ByteCount, SimTime};

/// Bytes of a turn of weight one: an Ethernet frame, the default of RFC 8290, section 5.2.3.
pub const QUANTUM_BYTES: u64 = 1_514;

/// Flows that share a transmitter. `T` is the owner's word for a packet.
#[derive(Clone, Debug)]
pub struct FairQueue<T> {
    transmitter: Transmitter,
    buffer: Option<ByteCount>,
    flows: Vec<Flow<T>>,
    // Flows with packets that wait, the one whose turn it is first.
    turns: VecDeque<u32>,
    sending: Option<(SimTime, FairPacket<T>)>,
    sending_since: SimTime,
    // Of what waits and what is being sent.
    bytes: u64,
}

/// A packet that leaves a fair queue, or is dropped from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FairPacket<T> {
    /// Its flow.
    pub flow: u32,
    /// Its bytes.
    pub size: ByteCount,
    /// The owner's word for it.
    pub tag: T,
}

#[derive(Clone, Debug)]
struct Flow<T> {
    packets: VecDeque<Waiting<T>>,
    bytes: u64,
    // What it may still send in this turn, or has kept from the last.
    deficit: u64,
    weight: u32,
    in_turn: bool,
}

#[derive(Clone, Copy, Debug)]
struct Waiting<T> {
    since: SimTime,
    size: u64,
    tag: T,
}

impl<T: Copy> FairQueue<T> {
    /// A queue ahead of `transmitter` that takes up to `buffer` bytes, those of the packet that is being
    /// sent among them; without end if none.
    #[must_use]
    pub const fn new(transmitter: Transmitter, buffer: Option<ByteCount>) -> Self {
        Self {
            transmitter,
            buffer,
            flows: Vec::new(),
            turns: VecDeque::new(),
            sending: None,
            sending_since: SimTime::ZERO,
            bytes: 0,
        }
    }

    /// Gives a flow this weight, at least 1; a flow has 1 until it is given one. Flows are rows, so they
    /// should be numbered from zero on.
    pub fn set_weight(&mut self, flow: u32, weight: u32) {
        self.flow(flow).weight = weight.max(1);
    }

    /// Hands a packet over, at a time not before any that was given before. Adds to `dropped` what has to
    /// make room for it, perhaps itself: packets of the flow with the most bytes, the oldest first.
    pub fn enqueue(&mut self, now: SimTime, packet: FairPacket<T>, dropped: &mut Vec<FairPacket<T>>) {
        let (number, size) = (packet.flow, packet.size.get());
        let flow = self.flow(number);
        if flow.packets.is_empty() {
            (flow.deficit, flow.in_turn) = (0, false);
        }
        flow.packets.push_back(Waiting { since: now, size, tag: packet.tag });
        flow.bytes += size;
        if flow.packets.len() == 1 {
            self.turns.push_back(number);
        }
        self.bytes += size;
        if self.sending.is_none() {
            self.send_next();
        }
        while self.buffer.is_some_and(|most| self.bytes > most.get()) {
            let Some(packet) = self.drop_from_longest() else { break };
            dropped.push(packet);
        }
    }

    /// When the next packet has left; none if nothing is being sent.
    #[must_use]
    pub fn next_departure(&self) -> Option<SimTime> {
        self.sending.map(|(at, _)| at)
    }

    /// When the packet that is being sent began to leave; none if nothing is being sent.
    #[must_use]
    pub fn sending_since(&self) -> Option<SimTime> {
        self.sending.map(|_| self.sending_since)
    }

    /// Takes the next packet that has left by `now`, with the time at which it did.
    pub fn depart(&mut self, now: SimTime) -> Option<(SimTime, FairPacket<T>)> {
        let departed = self.sending.take_if(|(at, _)| *at <= now)?;
        self.bytes -= departed.1.size.get();
        self.send_next();
        Some(departed)
    }

    /// How many bytes wait or are being sent; what is being sent counts whole.
    #[must_use]
    pub const fn waiting(&self) -> ByteCount {
        ByteCount::new(self.bytes)
    }

    // How many of them are of this flow and not being sent.
    #[cfg(test)]
    fn waiting_of(&self, flow: u32) -> ByteCount {
        ByteCount::new(self.flows.get(flow as usize).map_or(0, |flow| flow.bytes))
    }

    fn flow(&mut self, flow: u32) -> &mut Flow<T> {
        let index = flow as usize;
        if index >= self.flows.len() {
            self.flows.resize_with(index + 1, Flow::default);
        }
        &mut self.flows[index]
    }

    fn send_next(&mut self) {
        if let Some((flow, packet)) = self.take_turn() {
            let size = ByteCount::new(packet.size);
            self.sending_since = self.transmitter.begin(packet.since);
            let leaves = self.transmitter.send(packet.since, size);
            self.sending = Some((leaves, FairPacket { flow, size, tag: packet.tag }));
        }
    }

    /// The packet whose turn it is.
    fn take_turn(&mut self) -> Option<(u32, Waiting<T>)> {
        loop {
            let number = *self.turns.front()?;
            let flow = &mut self.flows[number as usize];
            if !flow.in_turn {
                flow.in_turn = true;
                flow.deficit += QUANTUM_BYTES * u64::from(flow.weight);
            }
            match flow.packets.front() {
                Some(head) if head.size <= flow.deficit => {
                    flow.deficit -= head.size;
                    let packet = self.take_oldest(number)?;
                    return Some((number, packet));
                }
                _ => {
                    flow.in_turn = false;
                    self.turns.rotate_left(1);
                }
            }
        }
    }

    fn drop_from_longest(&mut self) -> Option<FairPacket<T>> {
        // The first of equals in the order of turns.
        let mut longest: Option<(u64, u32)> = None;
        for &flow in &self.turns {
            let bytes = self.flows[flow as usize].bytes;
            if longest.is_none_or(|(most, _)| bytes > most) {
                longest = Some((bytes, flow));
            }
        }
        let (_, flow) = longest?;
        let packet = self.take_oldest(flow)?;
        self.bytes -= packet.size;
        Some(FairPacket { flow, size: ByteCount::new(packet.size), tag: packet.tag })
    }

    /// Takes the oldest packet of a flow, which leaves the turns if it was the last.
    fn take_oldest(&mut self, number: u32) -> Option<Waiting<T>> {
        let flow = &mut self.flows[number as usize];
        let packet = flow.packets.pop_front()?;
        flow.bytes -= packet.size;
        if flow.packets.is_empty() {
            // It takes nothing along (Shreedhar and Varghese).
            (flow.deficit, flow.in_turn) = (0, false);
            if self.turns.front() == Some(&number) {
                self.turns.pop_front();
            } else {
                self.turns.retain(|&other| other != number);
            }
        }
        Some(packet)
    }
}

impl<T> Default for Flow<T> {
    fn default() -> Self {
        Self { packets: VecDeque::new(), bytes: 0, deficit: 0, weight: 1, in_turn: false }
    }
}

#[cfg(test)]
mod tests;
