//! Populations for measuring optimisers: points in a plane or a space of five dimensions, access links and uplinks with
//! long tails.
//!
//! Places are uniform in a square of 100 ms (five dimensions: a cube of 60 ms), access links add a lognormal delay (median
//! 6 ms, sigma 0.8) at either end, uplinks are lognormal (median 10 Mbit/s, sigma 1). With a stream of 2.5 Mbit/s there is
//! some five times the fan-out that is needed (*loose*), with 7 Mbit/s less than three times (*tight*): a third of the peers
//! cannot pass it on. No peer sends to more than 12 others. These are the populations that `docs/OPTIMISERS.md` reports on.

use rand::RngExt;
use rand_distr::{Distribution, LogNormal};

use super::instance::{DIMENSIONS, Delays, Instance, Peer, Stream};
use crate::rng::{Domain, Seed, Streams};

/// Connections that a peer of a synthetic population keeps: to 12 others, and the one that it is fed by.
const CONNECTIONS_MAX: u32 = 13;

/// What a synthetic population is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Synthetic {
    /// How many peers there are; peer 0 is the source, and can serve at least one.
    pub peers: u32,
    /// Dimensions of the space: 2 or 5.
    pub dimensions: usize,
    /// Which one of its kind.
    pub seed: u64,
}

/// A stream that leaves some five times the fan-out that is needed.
pub const LOOSE: Stream = Stream { rate_bps: 2_500_000, messages_per_s: 100 };
/// A stream that a third of the peers cannot pass on.
pub const TIGHT: Stream = Stream { rate_bps: 7_000_000, messages_per_s: 100 };

impl Synthetic {
    /// The instance; a matrix up to 5,000 peers, network coordinates above.
    ///
    /// # Panics
    /// Without a peer, or with more dimensions than five.
    #[must_use]
    pub fn instance(self) -> Instance {
        assert!(self.peers > 0 && (1..=DIMENSIONS).contains(&self.dimensions), "{self:?}");
        let side_us = if self.dimensions == 2 { 100_000 } else { 60_000 };
        let mut stream = Streams::new(Seed(self.seed)).stream(Domain::Synthetic, u64::from(self.peers));
        let access = LogNormal::new(libm::log(6_000.0), 0.8).expect("invariant: a valid distribution");
        let uplink = LogNormal::new(libm::log(10e6), 1.0).expect("invariant: a valid distribution");
        let (mut points, mut heights_us, mut peers) = (Vec::new(), Vec::new(), Vec::new());
        for peer in 0..self.peers {
            let mut point = [0; DIMENSIONS];
            point[..self.dimensions].iter_mut().for_each(|axis| *axis = stream.random_range(0..side_us));
            points.push(point);
            heights_us.push(access.sample(&mut stream) as u32);
            let up_bps = uplink.sample(&mut stream) as u64;
            // The source must reach somebody.
            let up_bps = if peer == 0 { up_bps.max(TIGHT.rate_bps) } else { up_bps };
            peers.push(Peer { up_bps: Some(up_bps), connections_max: Some(CONNECTIONS_MAX), ..Peer::default() });
        }
        let coordinates = Delays::Coordinates { points, heights_us };
        let delays = if self.peers <= 5_000 { matrix(&coordinates) } else { coordinates };
        Instance::new(peers, delays, 0.4).expect("invariant: the arrays fit together")
    }
}

fn matrix(delays: &Delays) -> Delays {
    let peers = delays.peers();
    let hops = (0..peers).flat_map(|from| (0..peers).map(move |to| delays.hop(from, to))).collect();
    Delays::Matrix { peers, hops }
}
