//! The access link of a node: the queue of its uplink, and its two directions.

use super::ends::End;
use crate::net::{FairPacket, FairQueue, LinkDrop, PacketLink, PacketLinkSpec, Queueing, Transmitter};
use crate::rng::{Domain, Streams};
use crate::units::{Bitrate, ByteCount, SimTime};
use crate::webrtc::sctp::PacketId;
use crate::world::World;

/// The access link of a node. Its delay is part of the paths.
#[derive(Debug)]
pub(super) struct Links {
    uplink: Uplink,
    down: PacketLink,
}

/// How a node's connections share its uplink.
#[derive(Debug)]
enum Uplink {
    /// First in, first out.
    Fifo(PacketLink),
    /// By turns.
    Fair(Box<FairUplink>),
}

/// ICE's checks and their answers on the access link of a node.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SignsOfLife {
    /// How many cross it each way while a burst of losses lasts, when nothing is answered.
    pub(super) each_way_per_s: f64,
    pub(super) up_bytes_per_s: f64,
    pub(super) down_bytes_per_s: f64,
}

/// Bytes of a check or an answer on the wire: halfway between the two of webrtc-rs, 140 and 92 bytes. Engines were seen
/// to send their bytes in as many packets as this makes (docs/MODELS.md, "Keep-alives").
const SIGN_BYTES: f64 = 116.0;

/// An uplink that connections use by turns.
#[derive(Debug)]
struct FairUplink {
    queue: FairQueue<Parcel>,
    // What comes behind the queue: losses and jitter.
    line: PacketLink,
    // When the node is to be woken for it.
    wake: SimTime,
    // Reused.
    dropped: Vec<FairPacket<Parcel>>,
}

/// A packet under way: the end that it is for, and its bytes without what TURN puts around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::simulation) struct Parcel {
    pub(super) end: u32,
    pub(super) packet: PacketId,
    pub(super) bytes: u32,
    /// Whether it stays in one local network, so that it meets neither losses nor jitter.
    pub(super) is_local: bool,
}

/// What became of packets that were handed to an uplink.
pub(super) enum Handed {
    /// When it begins to leave, and when it is through or why it is not.
    Left(SimTime, Result<SimTime, LinkDrop>),
    /// It waits for its turn; whether the node has to be woken, and when.
    Waits(Option<SimTime>),
}

impl Links {
    /// The link of a node; `signs` of life cross it beside what is sent here.
    pub(super) fn new(world: &World, node: u32, signs: SignsOfLife, streams: Streams) -> Self {
        let (rates, class) = (world.rates(node), world.class(node));
        let traces = world.trace_servers(node, streams);
        let buffer = |rate: Option<Bitrate>| rate.zip(class.buffer).map(|(rate, wait)| rate.bytes_in(wait));
        let spec = |rate: Option<Bitrate>, buffer: Option<ByteCount>| PacketLinkSpec {
            rate,
            buffer,
            jitter: class.jitter,
            loss: class.loss,
            ..PacketLinkSpec::default()
        };
        let line = |spec: PacketLinkSpec, direction: u64| {
            let bytes_per_s = if direction == 0 { signs.up_bytes_per_s } else { signs.down_bytes_per_s };
            PacketLink::new(spec, streams.stream(Domain::PacketLink, u64::from(node) << 1 | direction))
                .beside(signs.each_way_per_s)
                .with_signs(bytes_per_s / SIGN_BYTES, bytes_per_s)
        };
        let down = line(spec(rates.down, buffer(rates.down)), 1);
        let down = match traces.down {
            Some(trace) => down.with_trace(trace),
            None => down,
        };
        let up_buffer = buffer(rates.up);
        let uplink = match (class.queue, traces.up, rates.up) {
            (Queueing::Fair, Some(trace), _) => {
                Self::fair(Transmitter::with_trace(trace), up_buffer, line(spec(None, None), 0))
            }
            (Queueing::Fair, None, Some(rate)) => {
                Self::fair(Transmitter::at_rate(rate), up_buffer, line(spec(None, None), 0))
            }
            (_, Some(trace), _) => Uplink::Fifo(line(spec(rates.up, up_buffer), 0).with_trace(trace)),
            (_, None, rate) => Uplink::Fifo(line(spec(rate, up_buffer), 0)),
        };
        Self { uplink, down }
    }

    fn fair(transmitter: Transmitter, buffer: Option<ByteCount>, line: PacketLink) -> Uplink {
        let queue = FairQueue::new(transmitter, buffer);
        Uplink::Fair(Box::new(FairUplink { queue, line, wake: SimTime::MAX, dropped: Vec::new() }))
    }

    /// Reads a word of each cache line, so that they are at hand.
    #[inline]
    pub(super) fn touch(&self) -> u32 {
        let of_uplink = match &self.uplink {
            Uplink::Fifo(link) => link.touch(),
            Uplink::Fair(fair) => fair.wake.as_ns() as u32,
        };
        of_uplink ^ self.down.touch()
    }

    /// Hands a packet of `size` to the uplink; `from` is its sender's end.
    // Inlined, as are others below, though every rule of dissemination has its own driver that calls them.
    #[inline(always)]
    pub(super) fn send(
        &mut self,
        now: SimTime,
        from: &End,
        size: ByteCount,
        parcel: Parcel,
        dropped: &mut Vec<FairPacket<Parcel>>,
    ) -> Handed {
        match &mut self.uplink {
            Uplink::Fifo(link) => Handed::Left(link.begin(now), pass(link, now, size, parcel.is_local)),
            Uplink::Fair(fair) => {
                fair.queue.enqueue(now, FairPacket { flow: from.place, size, tag: parcel }, &mut fair.dropped);
                dropped.append(&mut fair.dropped);
                Handed::Waits(fair.next_wake())
            }
        }
    }

    /// The next packet that has left a queue of turns by now: when it began to leave, what it is, and when it is
    /// through or why it is not.
    pub(super) fn depart(&mut self, now: SimTime) -> Option<(SimTime, Parcel, Result<SimTime, LinkDrop>)> {
        let Uplink::Fair(fair) = &mut self.uplink else { return None };
        let begun = fair.queue.sending_since()?;
        let (left, packet) = fair.queue.depart(now)?;
        let through = pass(&mut fair.line, left, packet.size, packet.tag.is_local);
        Some((begun, packet.tag, through))
    }

    /// When the node is to be woken for its uplink, if it is not yet.
    pub(super) fn next_wake(&mut self, now: SimTime) -> Option<SimTime> {
        let Uplink::Fair(fair) = &mut self.uplink else { return None };
        if fair.wake <= now {
            fair.wake = SimTime::MAX;
        }
        fair.next_wake()
    }

    /// A packet is at the downlink: when it is through.
    pub(super) fn receive(&mut self, now: SimTime, size: ByteCount, is_local: bool) -> Result<SimTime, LinkDrop> {
        pass(&mut self.down, now, size, is_local)
    }
}

impl FairUplink {
    fn next_wake(&mut self) -> Option<SimTime> {
        let next = self.queue.next_departure().filter(|&next| next < self.wake)?;
        self.wake = next;
        Some(next)
    }
}

// Within a local network a packet waits for the link and meets neither its losses nor its jitter.
fn pass(link: &mut PacketLink, now: SimTime, size: ByteCount, is_local: bool) -> Result<SimTime, LinkDrop> {
    if is_local { link.serialise(now, size) } else { link.send(now, size) }
}
