//! What is to be connected: who may connect to whom, how long a hop takes, and what each peer can bear.

use std::fmt;

/// One hop from a peer to another: the delay in microseconds, whether a relay carries it, or that it never connects.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hop(u32);

const RELAYED: u32 = 1 << 31;

impl Hop {
    /// The two never connect.
    pub const NEVER: Self = Self(u32::MAX);
    /// The longest delay, in microseconds: eight minutes. So the delays of ways of many hops can be added up.
    pub const DELAY_MAX_US: u32 = 500_000_000;

    /// A direct connection with this one-way delay; longer ones count [`DELAY_MAX_US`](Self::DELAY_MAX_US).
    #[must_use]
    pub const fn direct(delay_us: u32) -> Self {
        Self(if delay_us > Self::DELAY_MAX_US { Self::DELAY_MAX_US } else { delay_us })
    }

    /// A connection through a relay.
    #[must_use]
    pub const fn relayed(delay_us: u32) -> Self {
        Self(Self::direct(delay_us).0 | RELAYED)
    }

    /// The one-way delay, or `None` if the two never connect.
    #[inline]
    #[must_use]
    pub const fn delay_us(self) -> Option<u32> {
        if self.0 == u32::MAX { None } else { Some(self.0 & !RELAYED) }
    }

    /// Whether a relay carries it.
    #[must_use]
    pub const fn is_relayed(self) -> bool {
        self.0 != u32::MAX && self.0 & RELAYED != 0
    }
}

impl fmt::Debug for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.delay_us() {
            None => f.write_str("never"),
            Some(delay_us) => write!(f, "{delay_us} us{}", if self.is_relayed() { " relayed" } else { "" }),
        }
    }
}

/// Dimensions of network coordinates; those that are not used are zero.
pub const DIMENSIONS: usize = 5;

/// The hops among all peers.
#[derive(Clone, Debug, PartialEq)]
pub enum Delays {
    /// From each peer (row) to each: as measured.
    Matrix {
        /// How many peers there are.
        peers: u32,
        /// Row by row.
        hops: Vec<Hop>,
    },
    /// Peers of one group see all others alike, and are seen alike.
    Groups {
        /// Of each peer its group.
        group_of: Vec<u32>,
        /// How many groups there are.
        groups: u32,
        /// From each group (row) to each; two of one group too.
        hops: Vec<Hop>,
    },
    /// Network coordinates with heights (Vivaldi: Dabek, Cox, Kaashoek and Morris, SIGCOMM 2004): the distance of two
    /// points and what either access link adds. Everybody connects directly.
    Coordinates {
        /// Of each peer its point, in microseconds.
        points: Vec<[i32; DIMENSIONS]>,
        /// Of each peer what its access link adds, in microseconds.
        heights_us: Vec<u32>,
    },
}

impl Delays {
    /// How many peers there are.
    #[must_use]
    pub fn peers(&self) -> u32 {
        let count = match self {
            Self::Matrix { peers, .. } => return *peers,
            Self::Groups { group_of, .. } => group_of.len(),
            Self::Coordinates { points, .. } => points.len(),
        };
        u32::try_from(count).expect("invariant: checked when the instance was made")
    }

    /// The delays among some of the peers, in this order.
    pub(super) fn among(&self, peers: &[u32]) -> Self {
        match self {
            Self::Matrix { .. } => {
                let row = |&from: &u32| peers.iter().map(move |&to| self.hop(from, to));
                Self::Matrix { peers: peers.len() as u32, hops: peers.iter().flat_map(row).collect() }
            }
            Self::Groups { group_of, groups, hops } => {
                let group_of = peers.iter().map(|&peer| group_of[peer as usize]).collect();
                Self::Groups { group_of, groups: *groups, hops: hops.clone() }
            }
            Self::Coordinates { points, heights_us } => Self::Coordinates {
                points: peers.iter().map(|&peer| points[peer as usize]).collect(),
                heights_us: peers.iter().map(|&peer| heights_us[peer as usize]).collect(),
            },
        }
    }

    /// The hop from one peer to another.
    #[inline]
    #[must_use]
    pub fn hop(&self, from: u32, to: u32) -> Hop {
        let (from, to) = (from as usize, to as usize);
        match self {
            Self::Matrix { peers, hops } => hops[from * *peers as usize + to],
            Self::Groups { group_of, groups, hops } => {
                hops[group_of[from] as usize * *groups as usize + group_of[to] as usize]
            }
            Self::Coordinates { points, heights_us } => {
                let square = |axis: usize| {
                    let apart = f64::from(points[from][axis]) - f64::from(points[to][axis]);
                    apart * apart
                };
                let squares: f64 = (0..DIMENSIONS).map(square).sum();
                // The square root is exactly rounded on every machine (IEEE 754).
                Hop::direct((squares.sqrt() as u32).saturating_add(heights_us[from]).saturating_add(heights_us[to]))
            }
        }
    }
}

/// What one peer can bear. `None` is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Peer {
    /// Uplink, in bits per second.
    pub up_bps: Option<u64>,
    /// Downlink, in bits per second.
    pub down_bps: Option<u64>,
    /// Messages that its CPU sends, per second.
    pub sends_per_s: Option<u64>,
    /// Connections that it keeps at most.
    pub connections_max: Option<u32>,
}

/// What everybody is to receive: a stream of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream {
    /// On the wire, in bits per second; not zero.
    pub rate_bps: u64,
    /// Messages per second; not zero.
    pub messages_per_s: u64,
}

impl Stream {
    /// To how many others a peer can pass the stream on while it receives it over one connection; the source, which has no
    /// such connection, to one more where connections bind.
    #[must_use]
    pub fn fan_out(self, peer: Peer, is_source: bool) -> u32 {
        let clamp = |copies: u64| u32::try_from(copies).unwrap_or(u32::MAX);
        let by_uplink = peer.up_bps.map_or(u32::MAX, |up_bps| clamp(up_bps / self.rate_bps.max(1)));
        let by_cpu = peer.sends_per_s.map_or(u32::MAX, |sends| clamp(sends / self.messages_per_s.max(1)));
        let by_connections = peer.connections_max.map_or(u32::MAX, |most| most.saturating_sub(u32::from(!is_source)));
        by_uplink.min(by_cpu).min(by_connections)
    }

    /// How long a peer is busy with sending one copy, in microseconds: what its uplink takes.
    #[must_use]
    pub fn send_us(self, peer: Peer) -> u32 {
        let Some(up_bps) = peer.up_bps else { return 0 };
        let bits = u128::from(self.rate_bps / self.messages_per_s.max(1));
        let time_us = bits * 1_000_000 / u128::from(up_bps.max(1));
        u32::try_from(time_us).unwrap_or(u32::MAX).min(Hop::DELAY_MAX_US)
    }
}

/// Peers, and the hops among them.
#[derive(Clone, Debug, PartialEq)]
pub struct Instance {
    peers: Vec<Peer>,
    delays: Delays,
    relay_usd_per_gb: f64,
}

/// Why arrays are no instance.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum InstanceError {
    /// The arrays do not fit together.
    #[error("{what}: {found} values, and there should be {wanted}")]
    Shape {
        /// Which array.
        what: &'static str,
        /// How many values it has.
        found: usize,
        /// How many it should have.
        wanted: usize,
    },
    /// There is nobody, or there are too many.
    #[error("an instance has between 1 and 16,777,216 peers, not {0}")]
    Peers(usize),
    /// A peer is in a group that is not there.
    #[error("peer {peer} is in group {group}, and there are {groups}")]
    Group {
        /// The peer.
        peer: usize,
        /// The group that it names.
        group: u32,
        /// How many there are.
        groups: u32,
    },
    /// A price that is none.
    #[error("a relay's price is a finite number of US dollars per GB, not {0}")]
    Price(f64),
}

/// Most peers.
const PEERS_MAX: usize = 1 << 24;

impl Instance {
    /// The instance of these peers and hops; `relay_usd_per_gb` is what relays cost.
    ///
    /// # Errors
    /// When the arrays do not fit together.
    pub fn new(peers: Vec<Peer>, delays: Delays, relay_usd_per_gb: f64) -> Result<Self, InstanceError> {
        let count = peers.len();
        if count == 0 || count > PEERS_MAX {
            return Err(InstanceError::Peers(count));
        }
        let shape = |what, found, wanted| {
            if found == wanted { Ok(()) } else { Err(InstanceError::Shape { what, found, wanted }) }
        };
        match &delays {
            Delays::Matrix { peers, hops } => {
                shape("peers of the matrix", *peers as usize, count)?;
                shape("hops of the matrix", hops.len(), count * count)?;
            }
            Delays::Groups { group_of, groups, hops } => {
                shape("groups of peers", group_of.len(), count)?;
                shape("hops between groups", hops.len(), *groups as usize * *groups as usize)?;
                if let Some(peer) = group_of.iter().position(|group| group >= groups) {
                    return Err(InstanceError::Group { peer, group: group_of[peer], groups: *groups });
                }
            }
            Delays::Coordinates { points, heights_us } => {
                shape("points", points.len(), count)?;
                shape("heights", heights_us.len(), count)?;
            }
        }
        if !relay_usd_per_gb.is_finite() || relay_usd_per_gb < 0.0 {
            return Err(InstanceError::Price(relay_usd_per_gb));
        }
        Ok(Self { peers, delays, relay_usd_per_gb })
    }

    /// What each peer can bear.
    #[must_use]
    pub fn peers(&self) -> &[Peer] {
        &self.peers
    }

    /// The hops among them.
    #[must_use]
    pub fn delays(&self) -> &Delays {
        &self.delays
    }

    /// Peers and hops, taken apart.
    pub(super) fn into_parts(self) -> (Vec<Peer>, Delays) {
        (self.peers, self.delays)
    }

    /// What relays cost, in US dollars per GB.
    #[must_use]
    pub fn relay_usd_per_gb(&self) -> f64 {
        self.relay_usd_per_gb
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hops_know_their_delay_and_their_relay() {
        assert_eq!(Hop::NEVER.delay_us(), None);
        assert_eq!(Hop::relayed(7).delay_us(), Some(7));
        assert!(Hop::relayed(0).is_relayed() && !Hop::direct(7).is_relayed() && !Hop::NEVER.is_relayed());
        assert_eq!(Hop::relayed(u32::MAX).delay_us(), Some(Hop::DELAY_MAX_US));
    }

    #[test]
    fn the_scarcest_resource_sets_the_fan_out() {
        let stream = Stream { rate_bps: 1_000_000, messages_per_s: 100 };
        let peer = Peer { up_bps: Some(5_500_000), sends_per_s: Some(10_000), ..Peer::default() };
        assert_eq!(stream.fan_out(peer, false), 5);
        assert_eq!(stream.fan_out(Peer { connections_max: Some(4), ..peer }, false), 3);
        assert_eq!(stream.fan_out(Peer { connections_max: Some(4), ..peer }, true), 4);
        assert_eq!(stream.fan_out(Peer { sends_per_s: Some(250), ..peer }, false), 2);
        assert_eq!(stream.fan_out(Peer::default(), false), u32::MAX);
        // 10,000 bits at 5.5 Mbit/s.
        assert_eq!(stream.send_us(peer), 1_818);
    }

    #[test]
    fn arrays_that_do_not_fit_together_are_refused() {
        let two = vec![Peer::default(); 2];
        let matrix = |hops: usize| Delays::Matrix { peers: 2, hops: vec![Hop::direct(1); hops] };
        assert!(Instance::new(two.clone(), matrix(4), 0.4).is_ok());
        let error = Instance::new(two.clone(), matrix(3), 0.4).expect_err("too few");
        assert_eq!(error.to_string(), "hops of the matrix: 3 values, and there should be 4");
        let groups = Delays::Groups { group_of: vec![0, 1], groups: 1, hops: vec![Hop::NEVER] };
        assert_eq!(
            Instance::new(two.clone(), groups, 0.4).expect_err("no such group").to_string(),
            "peer 1 is in group 1, and there are 1"
        );
        assert!(Instance::new(two, matrix(4), f64::NAN).is_err());
        assert!(Instance::new(Vec::new(), matrix(4), 0.0).is_err());
    }
}
