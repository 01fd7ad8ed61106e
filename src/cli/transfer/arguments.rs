//! What `transfer` is asked for, and what of it cannot be.

use clap::{Args, ValueEnum};
use peerscape::presets::{HasPresets, OrPreset};
use peerscape::units::{Bitrate, ByteCount, Probability, SimDuration};
use peerscape::webrtc::sctp::lab::SocketSpec;
use peerscape::webrtc::sctp::{AssociationProfile, SctpSpec};
use peerscape::webrtc::{DeviceSpec, EngineSpec, HeaderOverhead, SetupProfile};

use crate::cli::network::between;

/// The arguments of `transfer`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Which implementation sends
    #[arg(long, value_enum, value_name = "NAME", default_value_t)]
    pub(super) profile: SctpSpec,
    /// Which implementation receives [default: as the sending one]
    #[arg(long, value_enum, value_name = "NAME", hide_possible_values = true)]
    pub(super) to: Option<SctpSpec>,
    /// The engine of both ends: its SCTP, what messages and packets cost their CPUs, and its sockets [default: none
    /// of these costs]
    #[arg(long, value_name = "NAME", value_parser = preset::<EngineSpec>, conflicts_with_all = ["profile", "to"])]
    pub(super) engine: Option<OrPreset<EngineSpec>>,
    /// What both engines run on [default: server]
    #[arg(long, value_name = "NAME", value_parser = preset::<DeviceSpec>, requires = "engine")]
    pub(super) device: Option<OrPreset<DeviceSpec>>,
    /// Rate of the link, each way
    #[arg(long, value_name = "RATE", default_value = "10 Mbit/s", value_parser = rate)]
    pub(super) rate: Bitrate,
    /// What may wait before the link, each way; what finds more is dropped [default: 100 ms of the rate, at least 1500 B]
    #[arg(long, value_name = "SIZE", value_parser = buffer)]
    pub(super) buffer: Option<ByteCount>,
    /// Round-trip times without any queue, separated by commas: the columns
    #[arg(long, value_name = "TIMES", value_delimiter = ',', default_value = "0ms,20ms,50ms,100ms,200ms", value_parser = rtt)]
    pub(super) rtt: Vec<SimDuration>,
    /// Losses of a packet on the path, each way, separated by commas: the rows
    #[arg(long, value_name = "SHARES", value_delimiter = ',', default_value = "0%,0.1%,1%")]
    pub(super) loss: Vec<Probability>,
    /// Bytes of a message
    #[arg(long, value_name = "SIZE", default_value = "16 KiB")]
    pub(super) message: ByteCount,
    /// Bytes that the application keeps buffered
    #[arg(long, value_name = "SIZE", default_value = "1 MiB", value_parser = outstanding)]
    pub(super) outstanding: ByteCount,
    /// Unordered, and nothing is sent again (`maxRetransmits` 0)
    #[arg(long)]
    pub(super) unreliable: bool,
    /// How long the transfer lasts
    #[arg(long, value_name = "TIME", default_value = "10 s", value_parser = duration)]
    pub(super) duration: SimDuration,
    /// What is before this is not measured
    #[arg(long, value_name = "TIME", default_value = "2 s")]
    pub(super) from: SimDuration,
    /// How many seeds, which say what is lost
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=1_000))]
    pub(super) seeds: u64,
    /// How to print the figures
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

/// How to print the figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Tables
    #[default]
    Table,
    /// One row a cell
    Csv,
}

/// The most that the grid may simulate, in all.
const SECONDS_MAX: f64 = 10_000.0;

const BYTES_MAX: f64 = 125e9;

/// A packet on the wire is no larger.
const PACKET: ByteCount = ByteCount::new(1_500);

fn rate(text: &str) -> Result<Bitrate, String> {
    between(text, Bitrate::from_bps(100_000), Bitrate::from_bps(10_000_000_000))
}

fn buffer(text: &str) -> Result<ByteCount, String> {
    between(text, PACKET, ByteCount::new(10_000_000_000))
}

fn rtt(text: &str) -> Result<SimDuration, String> {
    between(text, SimDuration::ZERO, SimDuration::from_secs(10))
}

// By name.
fn preset<T: HasPresets + Clone>(name: &str) -> Result<OrPreset<T>, String> {
    let known = || T::presets().iter().map(|preset| preset.name).collect::<Vec<_>>().join(", ");
    OrPreset::named(name).ok_or_else(|| format!("unknown {}: one of {}", T::KIND, known()))
}

// The most is what dcSCTP buffers for a channel.
fn outstanding(text: &str) -> Result<ByteCount, String> {
    between(text, ByteCount::new(1), ByteCount::new(16 << 20))
}

fn duration(text: &str) -> Result<SimDuration, String> {
    between(text, SimDuration::from_ms(100), SimDuration::from_secs(3_600))
}

impl Arguments {
    /// What cannot be, of values that are each allowed and of a grid of so many runs.
    pub(super) fn problem(&self, runs: u64) -> Option<String> {
        let [sender, receiver] = self.profiles();
        let message = self.message.get();
        let message_max = u64::from(sender.message_bytes_max.min(receiver.message_bytes_max));
        let seconds = runs as f64 * self.duration.as_secs_f64();
        let bytes = seconds * self.rate.as_bps() as f64 / 8.0;
        if message == 0 || message > message_max {
            Some(format!("--message {}: {} sends 1 B to {}", self.message, self.names(), ByteCount::new(message_max)))
        } else if message > u64::from(receiver.receive_window) {
            let window = ByteCount::new(u64::from(receiver.receive_window));
            Some(format!("--message {}: more than the receive window, {window}", self.message))
        } else if message > self.outstanding.get() {
            Some(format!(
                "--message {} is larger than --outstanding {}: none would be sent",
                self.message, self.outstanding
            ))
        } else if self.outstanding.get() / message > 1 << 20 {
            Some(format!("--outstanding {}: more than 1,048,576 messages", self.outstanding))
        } else if self.from >= self.duration {
            Some(format!("--from {} leaves nothing of --duration {}", self.from, self.duration))
        } else if seconds > SECONDS_MAX {
            Some(format!(
                "the grid takes {seconds:.0} simulated seconds, 10,000 are allowed: fewer cells or seeds, or a \
                 shorter --duration"
            ))
        } else if bytes > BYTES_MAX {
            Some(format!(
                "the grid may move {:.0} GB, 125 are allowed: a lower --rate, fewer cells or seeds, or a shorter \
                 --duration",
                bytes / 1e9
            ))
        } else {
            None
        }
    }

    /// The implementations, sender first.
    pub(super) fn profiles(&self) -> [AssociationProfile; 2] {
        match &self.engine {
            Some(engine) => [engine.value.association(), engine.value.association()],
            None => [self.sender(), self.receiver()].map(SctpSpec::profile),
        }
    }

    pub(super) fn sender(&self) -> SctpSpec {
        self.engine.as_ref().map_or(self.profile, |engine| engine.value.sctp)
    }

    pub(super) fn receiver(&self) -> SctpSpec {
        self.to.unwrap_or_else(|| self.sender())
    }

    /// Socket and CPU of each end, where an engine is given.
    pub(super) fn socket(&self) -> Option<SocketSpec> {
        let device = self.device.as_ref().map_or_else(|| OrPreset::named("server"), |device| Some(device.clone()))?;
        let record_bytes = setup_between(self.sender(), self.receiver()).dtls_record_bytes();
        let wire = HeaderOverhead::Full.wire(self.message, record_bytes);
        self.engine.as_ref().map(|engine| SocketSpec::of(&engine.value, &device.value, wire))
    }

    /// The implementations, in words.
    pub(super) fn names(&self) -> String {
        let [sender, receiver] = [self.sender(), self.receiver()].map(SctpSpec::name);
        match &self.engine {
            Some(engine) => {
                let device = self.device.as_ref().map_or("server", OrPreset::label);
                format!("{} on a {device}", engine.label())
            }
            None if sender == receiver => sender.to_owned(),
            None => format!("{sender} to {receiver}"),
        }
    }

    pub(super) fn buffer(&self) -> ByteCount {
        self.buffer.unwrap_or_else(|| ByteCount::new(self.rate.as_bps() / 80).max(PACKET))
    }
}

/// What two browsers of one kind speak, and what everybody else does.
pub(super) const fn setup_between(sender: SctpSpec, receiver: SctpSpec) -> SetupProfile {
    match (sender, receiver) {
        (SctpSpec::Chromium | SctpSpec::ChromiumInterleaving, SctpSpec::Chromium | SctpSpec::ChromiumInterleaving)
        | (SctpSpec::Firefox, SctpSpec::Firefox) => SetupProfile::Dtls13,
        _ => SetupProfile::Classic12,
    }
}
