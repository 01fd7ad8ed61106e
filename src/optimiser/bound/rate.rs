//! How fast a stream can reach everybody, and all can talk to all.

use super::{Bound, Law, down_bps, least, up_bps};
use crate::optimiser::instance::Peer;

/// What binds a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateBinds {
    /// The source's uplink: every bit leaves it once.
    Source,
    /// All uplinks together: every bit is sent once for each receiver.
    Everybody,
    /// The downlink of this peer.
    Downlink(u32),
    /// Nothing: there is nobody to send to, or no link has a limit.
    Nothing,
}

const STREAM: Law = Law {
    name: "stream rate",
    source: "Kumar, Liu and Ross, \"Stochastic fluid theory for P2P streaming systems\", INFOCOM 2007",
};

/// The highest rate, in bit/s, at which a source can stream to all other peers: `min{u_s, (u_s + sum u_i) / n, min d_i}`.
///
/// # Panics
/// When the source is not a peer.
#[must_use]
pub fn stream_rate(peers: &[Peer], source: u32) -> Bound<f64, RateBinds> {
    let others = (peers.len() - 1) as f64;
    let of_source = up_bps(&peers[source as usize]);
    let mut bound = Bound { value: f64::INFINITY, binds: RateBinds::Nothing, law: STREAM };
    if others < 1.0 {
        return bound;
    }
    let of_all = peers.iter().map(up_bps).sum::<f64>() / others;
    let mut at_most = |value: f64, binds| {
        if value < bound.value {
            bound = Bound { value, binds, ..bound };
        }
    };
    at_most(of_source, RateBinds::Source);
    at_most(of_all, RateBinds::Everybody);
    let receivers = peers.iter().zip(0..).filter(|(_, peer)| *peer != source);
    if let Some((peer, down)) = least(receivers.map(|(values, peer)| (peer, down_bps(values)))) {
        at_most(down, RateBinds::Downlink(peer));
    }
    bound
}

/// What binds talk of all with all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AllToAllBinds {
    /// All uplinks together.
    Everybody,
    /// The uplink of this peer.
    Uplink(u32),
    /// The downlink of this peer.
    Downlink(u32),
    /// Nothing.
    Nothing,
}

const ALL_TO_ALL: Law = Law {
    name: "all-to-all rate",
    source: "counted: n (n - 1) copies of each peer's stream within all uplinks, one within its own",
};
const MESH: Law = Law { name: "all-to-all rate of a full mesh", source: "counted: everybody sends n - 1 copies" };
const HUB: Law = Law {
    name: "all-to-all rate of a single hub",
    source: "counted: the hub sends n - 1 streams to each of n - 1 others",
};

/// The highest rate, in bit/s, at which every peer can stream to all others, whatever the overlay.
#[must_use]
pub fn all_to_all_rate(peers: &[Peer]) -> Bound<f64, AllToAllBinds> {
    let (count, others) = counts(peers);
    let of_all = peers.iter().map(up_bps).sum::<f64>() / (count * others);
    let shared = (of_all, AllToAllBinds::Everybody);
    smallest(peers, ALL_TO_ALL, Some(shared), up_bps, |peer| down_bps(peer) / others)
}

/// The same in a full mesh.
#[must_use]
pub fn mesh_rate(peers: &[Peer]) -> Bound<f64, AllToAllBinds> {
    let (_, others) = counts(peers);
    smallest(peers, MESH, None, |peer| up_bps(peer) / others, |peer| down_bps(peer) / others)
}

/// The same where one of the peers passes everything on.
///
/// # Panics
/// When the hub is not a peer.
#[must_use]
pub fn hub_rate(peers: &[Peer], hub: u32) -> Bound<f64, AllToAllBinds> {
    let (_, others) = counts(peers);
    let of_hub = up_bps(&peers[hub as usize]) / (others * others);
    let shared = (of_hub, AllToAllBinds::Uplink(hub));
    smallest(peers, HUB, Some(shared), up_bps, |peer| down_bps(peer) / others)
}

fn counts(peers: &[Peer]) -> (f64, f64) {
    (peers.len() as f64, peers.len().saturating_sub(1) as f64)
}

// The smallest of what all share, what each uplink and what each downlink allows.
fn smallest(
    peers: &[Peer],
    law: Law,
    shared: Option<(f64, AllToAllBinds)>,
    up: impl Fn(&Peer) -> f64,
    down: impl Fn(&Peer) -> f64,
) -> Bound<f64, AllToAllBinds> {
    let mut bound = Bound { value: f64::INFINITY, binds: AllToAllBinds::Nothing, law };
    if peers.len() < 2 {
        return bound;
    }
    let of_each = |allows: &dyn Fn(&Peer) -> f64| least(peers.iter().zip(0..).map(|(peer, at)| (at, allows(peer))));
    let uplink = of_each(&up).map(|(peer, rate)| (rate, AllToAllBinds::Uplink(peer)));
    let downlink = of_each(&down).map(|(peer, rate)| (rate, AllToAllBinds::Downlink(peer)));
    for (value, binds) in [shared, uplink, downlink].into_iter().flatten() {
        if value < bound.value {
            bound = Bound { value, binds, law };
        }
    }
    bound
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peers(ups: &[u64], down: u64) -> Vec<Peer> {
        ups.iter().map(|&up| Peer { up_bps: Some(up), down_bps: Some(down), ..Peer::default() }).collect()
    }

    #[test]
    fn a_stream_is_bound_by_its_source_by_all_or_by_a_downlink() {
        let rate = |ups: &[u64], down| {
            let bound = stream_rate(&peers(ups, down), 0);
            (bound.value, bound.binds)
        };
        assert_eq!(rate(&[3, 9, 9, 9], 100), (3.0, RateBinds::Source));
        assert_eq!(rate(&[30, 3, 3, 0], 100), (12.0, RateBinds::Everybody));
        assert_eq!(rate(&[30, 30, 30, 30], 7), (7.0, RateBinds::Downlink(1)));
        assert_eq!(rate(&[5], 7), (f64::INFINITY, RateBinds::Nothing));
        assert_eq!(stream_rate(&[Peer::default(); 3], 2).binds, RateBinds::Nothing);
        assert_eq!(rate(&[0, 5], 7), (0.0, RateBinds::Source));
    }

    #[test]
    fn all_to_all_is_counted_in_copies() {
        let four = peers(&[90, 90, 90, 30], 1_000);
        assert_eq!((all_to_all_rate(&four).value, all_to_all_rate(&four).binds), (25.0, AllToAllBinds::Everybody));
        assert_eq!((mesh_rate(&four).value, mesh_rate(&four).binds), (10.0, AllToAllBinds::Uplink(3)));
        assert_eq!((hub_rate(&four, 0).value, hub_rate(&four, 0).binds), (10.0, AllToAllBinds::Uplink(0)));
        assert_eq!(all_to_all_rate(&peers(&[90, 90, 90, 3], 1_000)).binds, AllToAllBinds::Uplink(3));
        assert_eq!(all_to_all_rate(&peers(&[90, 90, 90, 30], 60)).binds, AllToAllBinds::Downlink(0));
        for none in [&[][..], &[5]] {
            assert_eq!(all_to_all_rate(&peers(none, 1)).binds, AllToAllBinds::Nothing);
        }
    }
}
