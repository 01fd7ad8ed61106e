//! How much of its access link each node is asked for: by messages, and by what connections send beside them.
//!
//! Acknowledgements and keep-alives (`upkeep.rs`) are no events of messages, but where a link is busy they decide whether
//! it keeps up: 64 bytes are answered by an acknowledgement of half their size on the wire. Where both together ask for
//! half of a link or more, messages have what is left of it: their service times are stretched by `1 / (1 - beside)`,
//! which is exact for how much a busy link carries and for its mean wait near saturation, where packets and
//! acknowledgements are equally large.

use crate::overlay::dissemination::Traffic;
use crate::scenario::Settings;
use crate::simulation::control::connect::Connected;
use crate::simulation::prepared::Prepared;
use crate::units::{Bitrate, ByteCount};

/// Load from which on queues are long.
const BUSY: f64 = 0.5;
/// Load from which on a drop or two close windows behind which messages wait.
const CROWDED: f64 = 0.85;
/// What is left to messages at the least, for rates of acknowledgements beyond that do not come about.
const LEFT_MIN: f64 = 0.1;

/// What is asked of one direction of a node's link, as a share of its rate.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::simulation) struct Asked {
    pub(in crate::simulation) messages: f64,
    pub(in crate::simulation) beside: f64,
}

/// Both directions.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::simulation) struct LinkLoad {
    pub(in crate::simulation) up: Asked,
    pub(in crate::simulation) down: Asked,
    /// Packets of messages a second that leave on a connection, at most.
    pub(in crate::simulation) on_connection: f64,
}

impl LinkLoad {
    /// Whether queues before either direction are long.
    pub(in crate::simulation) fn is_busy(&self) -> bool {
        self.up.is_busy() || self.down.is_busy()
    }
}

impl Asked {
    /// All of it.
    pub(in crate::simulation) fn all(self) -> f64 {
        self.messages + self.beside
    }

    /// Whether queues before the link are long.
    pub(in crate::simulation) fn is_busy(self) -> bool {
        self.messages > 0.0 && self.all() >= BUSY
    }

    /// Whether the link may be asked for more than it has, now and then.
    pub(in crate::simulation) fn is_crowded(self) -> bool {
        self.messages > 0.0 && self.all() >= CROWDED
    }

    /// The share of the link that messages have: all of it unless that is busy.
    pub(in crate::simulation) fn left(self) -> f64 {
        if self.is_busy() { (1.0 - self.beside).max(LEFT_MIN) } else { 1.0 }
    }
}

/// What is asked of each node over its open connections.
pub(in crate::simulation) fn loads(settings: &Settings, prepared: &Prepared, connected: &Connected) -> Vec<LinkLoad> {
    let Prepared { world, .. } = prepared;
    let (all, carrying) = (&connected.degrees, connected.carrying());
    let degrees: &[u32] = &carrying;
    let bytes = prepared.traffic(degrees, |flow| settings.webrtc.wire(flow.size).bytes.get() as f64);
    let packets = prepared.traffic(degrees, |flow| settings.webrtc.wire(flow.size).packets as f64);
    let sack = settings.webrtc.wire(ByteCount::default()).bytes.get() as f64;
    let per_s = |rate: Option<Bitrate>| rate.map_or(f64::INFINITY, |rate| rate.as_bps() as f64 / 8.0);
    let rates: Vec<[f64; 2]> =
        (0..world.nodes()).map(|node| [world.rates(node).up, world.rates(node).down].map(per_s)).collect();
    // Only what leaves is acknowledged.
    let asked: f64 = bytes.iter().map(|traffic| traffic.sent).sum();
    let leaves: f64 = bytes.iter().zip(&rates).map(|(traffic, [up, _])| traffic.sent.min(*up)).sum();
    let share = if asked > 0.0 { leaves / asked } else { 1.0 };
    let mut own = vec![0.0; degrees.len()];
    for flow in &prepared.flows {
        own[flow.source as usize] += settings.webrtc.wire(flow.size).packets as f64 / flow.period.as_secs_f64();
    }
    let passes_on = |node: u32| !(prepared.exactly_once && prepared.overlay.is_leaf(node));
    let of_node = |node: u32| {
        let at = node as usize;
        let connections = f64::from(degrees[at]);
        let signs = world.class(node).engine.keepalive_per_s.get() as f64 * f64::from(all[at]);
        let beside = |packets: f64| {
            let acknowledged = if connections >= 1.0 { sacks(packets * share, connections) * sack } else { 0.0 };
            if sack > 0.0 { acknowledged + signs } else { 0.0 }
        };
        let Traffic { sent, received } = packets[at];
        let [up, down] = rates[at];
        LinkLoad {
            up: Asked { messages: bytes[at].sent / up, beside: beside(received) / up },
            down: Asked { messages: bytes[at].received / down, beside: beside(sent) / down },
            // What is its own leaves over each connection, and what it passes on over each once.
            on_connection: own[at] + if passes_on(node) { received } else { 0.0 },
        }
    };
    (0..world.nodes()).map(of_node).collect()
}

/// How long a SACK may wait for a second packet.
const SACK_DELAY_S: f64 = 0.2;

/// SACKs a second for so many packets a second over so many connections.
pub(in crate::simulation) fn sacks(packets: f64, connections: f64) -> f64 {
    let second_in_time = 1.0 - libm::exp(-SACK_DELAY_S * packets / connections);
    packets / (1.0 + second_in_time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_have_what_is_left_of_a_busy_link() {
        let left = |messages: f64, beside: f64| Asked { messages, beside }.left();
        assert!((left(0.3, 0.1) - 1.0).abs() < 1e-9);
        assert!((left(0.6, 0.25) - 0.75).abs() < 1e-9);
        assert!((left(3.0, 2.0) - LEFT_MIN).abs() < 1e-9);
        assert!((left(0.0, 0.9) - 1.0).abs() < 1e-9, "nothing waits");
    }
}
