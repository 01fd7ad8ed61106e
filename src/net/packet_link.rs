//! One direction of a link, packet by packet: a queue with tail drop, serialisation, loss,
//! propagation, jitter.

use rand::RngExt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::loss::{LossSpec, Losses};
use super::server::FifoServer;
use crate::rng::Stream;
use crate::units::{Bitrate, ByteCount, SimDuration, SimTime};

/// One direction of a link. What is not given does not limit, delay or lose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PacketLinkSpec {
    /// One-way propagation delay.
    pub delay: SimDuration,
    /// The rate at which packets are serialised.
    pub rate: Option<Bitrate>,
    /// How many bytes may wait; a packet that finds more is dropped. Needs a rate.
    pub buffer: Option<ByteCount>,
    /// Delay on top, uniform from zero to this; packets stay in order, so one that is delayed
    /// holds up those behind it.
    pub jitter: SimDuration,
    /// Loss after the queue: what is lost has used the link.
    pub loss: LossSpec,
}

/// One direction of a link with its queue. Packets must be handed over in the order of time.
#[derive(Clone, Debug)]
pub struct PacketLink {
    spec: PacketLinkSpec,
    stream: Stream,
    server: FifoServer,
    losses: Losses,
    last_arrival: SimTime,
}

/// Why a link did not deliver a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkDrop {
    /// Its buffer was full.
    BufferFull,
    /// It was lost under way.
    Lost,
}

impl PacketLink {
    /// A link on which nothing has been sent; losses and jitter come from `stream`.
    #[must_use]
    pub fn new(spec: PacketLinkSpec, stream: Stream) -> Self {
        let losses = Losses::new(spec.loss);
        Self { spec, stream, server: FifoServer::default(), losses, last_arrival: SimTime::ZERO }
    }

    /// Sends a packet of `size`, headers included; returns when its last bit arrives.
    ///
    /// # Errors
    /// Why it does not arrive.
    #[inline]
    pub fn send(&mut self, now: SimTime, size: ByteCount) -> Result<SimTime, LinkDrop> {
        let mut time = now;
        if let Some(rate) = self.spec.rate {
            if self.spec.buffer.is_some_and(|most| self.waiting(now) + size > most) {
                return Err(LinkDrop::BufferFull);
            }
            time = SimTime::from_ns(self.server.serve(now.as_ns(), rate.serialisation_time(size).as_ns()));
        }
        if self.losses.next(&mut self.stream) {
            return Err(LinkDrop::Lost);
        }
        time += self.spec.delay;
        if self.spec.jitter > SimDuration::ZERO {
            let extra = self.stream.random_range(0..=self.spec.jitter.as_ns());
            time = (time + SimDuration::from_ns(extra)).max(self.last_arrival);
            self.last_arrival = time;
        }
        Ok(time)
    }

    /// How many bytes wait or are being serialised.
    #[inline]
    #[must_use]
    pub fn waiting(&self, now: SimTime) -> ByteCount {
        let Some(rate) = self.spec.rate else { return ByteCount::new(0) };
        let wait_ns = u128::from(self.server.wait_ns(now.as_ns()));
        ByteCount::new((wait_ns * u128::from(rate.as_bps()) / 8_000_000_000) as u64)
    }
}
