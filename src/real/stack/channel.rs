//! Data channels: reliability and order (RFC 8831, section 6.1; RFC 8832).

use rtc::data_channel::RTCDataChannelInit;

/// How a data channel treats order and loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelSpec {
    /// Whether messages are delivered in the order they were sent.
    pub ordered: bool,
    /// How long a lost message is sent again.
    pub reliability: Reliability,
}

/// How long a lost message is sent again (RFC 3758).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reliability {
    /// Until it arrives.
    Full,
    /// This many times.
    MaxRetransmits(u16),
    /// For this many milliseconds.
    MaxPacketLifeTime(u16),
}

impl ChannelSpec {
    /// Reliable and ordered: what a browser opens unless told otherwise.
    pub const RELIABLE: Self = Self { ordered: true, reliability: Reliability::Full };
    /// Reliable without order.
    pub const RELIABLE_UNORDERED: Self = Self { ordered: false, reliability: Reliability::Full };
    /// Neither order nor retransmission.
    pub const UNRELIABLE: Self = Self { ordered: false, reliability: Reliability::MaxRetransmits(0) };

    pub(super) fn init(self) -> RTCDataChannelInit {
        let (max_retransmits, max_packet_life_time) = match self.reliability {
            Reliability::Full => (None, None),
            Reliability::MaxRetransmits(times) => (Some(times), None),
            Reliability::MaxPacketLifeTime(ms) => (None, Some(ms)),
        };
        RTCDataChannelInit { ordered: self.ordered, max_retransmits, max_packet_life_time, ..Default::default() }
    }
}

impl Default for ChannelSpec {
    fn default() -> Self {
        Self::RELIABLE
    }
}

/// The label of the channel of this index: how the accepting end knows which one opened.
pub(super) fn label(index: usize) -> String {
    index.to_string()
}

/// The index of the channel with this label.
pub(super) fn index(label: &str) -> Option<usize> {
    label.parse().ok()
}
