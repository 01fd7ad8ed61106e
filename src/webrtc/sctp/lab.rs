//! The laboratory: two ends over two packet links, a bulk transfer on one channel and an echo on
//! another.
//!
//! The sender keeps so many bytes buffered, as an application does that watches `bufferedAmount`, and
//! looks every millisecond whether there is room. The echo is a small message at intervals that the
//! other end sends back. See `run` for the loop.

mod run;

use std::sync::Arc;

use super::super::{DeviceSpec, EngineSpec, Wire};
use super::channel::{ChannelSpec, Reliability};
use super::chunk::{Chunk, DataChunk};
use super::profile::AssociationProfile;
use crate::engine::{Engine, EngineError, RunLimits};
use crate::net::PacketLinkSpec;
use crate::rng::Seed;
use crate::units::{ByteCount, SimDuration, SimTime};

/// Two ends and what lies between them; end 0 sends the bulk and the echo.
#[derive(Clone, Debug)]
pub struct LabSpec {
    /// The stacks of the two ends.
    pub profiles: [Arc<AssociationProfile>; 2],
    /// What DTLS adds to a packet.
    pub record_bytes: u32,
    /// The link of each end towards the other.
    pub links: [PacketLinkSpec; 2],
    /// What each end reads and writes its packets through; none for at once.
    pub socket: Option<SocketSpec>,
    /// The bulk transfer.
    pub bulk: Option<BulkSpec>,
    /// The echo.
    pub echo: Option<EchoSpec>,
    /// How long it runs.
    pub duration: SimDuration,
    /// The width of the time bins.
    pub bin: SimDuration,
    /// The seed of losses.
    pub seed: Seed,
}

/// A kernel's receive buffer and a CPU, which packets with data keep busy.
#[derive(Clone, Copy, Debug)]
pub struct SocketSpec {
    /// What the buffer takes, as the kernel counts packets.
    pub capacity: ByteCount,
    /// CPU time of a message, at its first packet where it is sent and at its last where it comes.
    pub message: SimDuration,
    /// CPU time of a packet.
    pub packet: SimDuration,
    /// CPU time of a kilobyte (1000 bytes).
    pub kilobyte: SimDuration,
}

/// A bulk transfer.
#[derive(Clone, Copy, Debug)]
pub struct BulkSpec {
    /// Bytes of a message.
    pub message: u32,
    /// Bytes that the sender keeps buffered.
    pub outstanding: u64,
    /// Its channel.
    pub channel: ChannelSpec,
}

/// A small message that comes back.
#[derive(Clone, Copy, Debug)]
pub struct EchoSpec {
    /// Between two of them.
    pub interval: SimDuration,
    /// Its bytes.
    pub len: u32,
    /// Its channel.
    pub channel: ChannelSpec,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabRun {
    /// Bytes of bulk messages delivered in each bin.
    pub delivered: Vec<u64>,
    /// Packets that end 0 sent in each bin.
    pub sent: Vec<u32>,
    /// Bulk messages delivered.
    pub messages: u64,
    /// Bulk messages given up.
    pub abandoned: u64,
    /// Packets that each end sent.
    pub packets: [u64; 2],
    /// Their bytes on the wire.
    pub wire_bytes: [u64; 2],
    /// Packets dropped by full link buffers, lost on links, dropped by sockets.
    pub drops: [u64; 3],
    /// Echoes sent.
    pub echoes_sent: u64,
    /// Round trips of those that came back, in the order of coming back.
    pub echoes: Vec<SimDuration>,
    /// When each of them came back.
    pub echo_times: Vec<SimTime>,
    /// The longest time on end that a time-out in fast recovery held end 0's window at one packet.
    pub stuck: SimDuration,
    /// The width of a bin.
    pub bin: SimDuration,
}

/// Runs a laboratory.
///
/// # Errors
/// When the engine stops a runaway.
pub fn run(spec: &LabSpec) -> Result<LabRun, EngineError> {
    let mut engine = Engine::new(run::Lab::new(spec), RunLimits::default());
    let (lab, scheduler) = engine.parts_mut();
    lab.begin(scheduler);
    engine.run_until(SimTime::ZERO + spec.duration)?;
    Ok(engine.into_model().finish())
}

impl SocketSpec {
    /// The socket and the CPU of an engine on a device, for a transfer in messages that cross a link as `wire`.
    #[must_use]
    pub fn of(engine: &EngineSpec, device: &DeviceSpec, wire: Wire) -> Self {
        Self {
            capacity: ByteCount::new(engine.socket_bytes().unwrap_or(u64::MAX)),
            message: device.service_time(engine.cpu_per_message + engine.encryption.cost(wire)),
            packet: device.service_time(engine.cpu_per_packet),
            kilobyte: device.service_time(engine.cpu_per_kilobyte),
        }
    }

    /// How long a packet keeps the CPU busy, read or written.
    fn cost(&self, chunks: &[Chunk], bytes: u64, is_read: bool) -> SimDuration {
        let mut data = chunks.iter().filter_map(|chunk| if let Chunk::Data(data) = chunk { Some(data) } else { None });
        let of_message = |data: &DataChunk| if is_read { data.flags.ends() } else { data.flags.begins() };
        if data.clone().next().is_none() {
            return SimDuration::ZERO;
        }
        let messages = data.by_ref().filter(|data| of_message(data)).count() as u64;
        self.message * messages + self.packet + SimDuration::from_ns(self.kilobyte.as_ns() * bytes / 1_000)
    }
}

impl BulkSpec {
    /// Ordered, reliable messages of `message` bytes, of which one MiB is kept buffered.
    #[must_use]
    pub fn reliable(message: u32) -> Self {
        Self { message, outstanding: 1 << 20, channel: ChannelSpec::default() }
    }
}

impl Default for EchoSpec {
    /// 64 B, 20 a second, unordered and never repeated.
    fn default() -> Self {
        let channel =
            ChannelSpec { unordered: true, reliability: Reliability::Retransmits(0), ..ChannelSpec::default() };
        Self { interval: SimDuration::from_ms(50), len: 64, channel }
    }
}

impl LabRun {
    /// Goodput of the bulk between two times, rounded to bins, in Mbit/s.
    #[must_use]
    pub fn goodput_mbit_per_s(&self, from: SimDuration, until: SimDuration) -> f64 {
        let bin = |time: SimDuration| ((time.as_ns() / self.bin.as_ns()) as usize).min(self.delivered.len());
        let bytes: u64 = self.delivered[bin(from)..bin(until)].iter().sum();
        (bytes * 8) as f64 / (until - from).as_secs_f64() / 1e6
    }

    /// A quantile of the echo's round trips in ms; none if none came back.
    #[must_use]
    pub fn echo_ms(&self, quantile: f64) -> Option<f64> {
        let mut sorted = self.echoes.clone();
        sorted.sort_unstable();
        let at = (quantile * sorted.len() as f64) as usize;
        sorted.get(at.min(sorted.len().saturating_sub(1))).map(|time| time.as_ms_f64())
    }
}
