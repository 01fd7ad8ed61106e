//! How a class of peers is spread over chains of boxes, and which boxes its peers share.

mod file;
mod presets;

use super::chains::{ChainId, NAT_CHAINS};
use crate::units::Probability;

/// How often each chain of boxes occurs in a class of peers, and who shares one.
///
/// The shares add up to 100 %; they are of peers as of boxes, for who shares a box is drawn without
/// regard to what it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NatMix {
    /// The shares of chains, in the order of [`NAT_CHAINS`].
    pub shares: [Probability; NAT_CHAINS.len()],
    /// Mean number of the class's peers in one local network, behind the same boxes.
    pub peers_per_lan: f64,
    /// Mean number of the class's peers behind one carrier-grade NAT, for chains that end in one.
    pub peers_per_carrier_nat: f64,
    /// Share of boxes that turn packets to their own outside address around.
    pub hairpin: Probability,
    /// Share of local networks on which multicast works, and with it mDNS.
    pub multicast: Probability,
    /// Share of local networks that have IPv6 as well, where UDP gets out.
    pub ipv6: Probability,
}

impl NatMix {
    /// Most peers that a mean may put behind one box.
    pub const MOST_PEERS_PER_BOX: f64 = 100_000.0;

    /// Hairpinning was found in 24 % of NATs (Ford, Srisuresh and Kegel, USENIX ATC 2005).
    const HAIRPIN: f64 = 0.24;

    /// A mix in which this chain stands in front of everyone, alone.
    ///
    /// # Panics
    /// When there is no such chain.
    #[must_use]
    pub fn only(key: &str) -> Self {
        Self::default().with(key, Probability::ONE)
    }

    /// The mix with another share of one chain.
    ///
    /// # Panics
    /// When there is no such chain.
    #[must_use]
    pub fn with(mut self, key: &str, share: Probability) -> Self {
        let chain = ChainId::named(key).unwrap_or_else(|| panic!("no chain is called {key}"));
        self.shares[chain.index()] = share;
        self
    }

    /// Each chain with its share.
    pub fn shares(&self) -> impl DoubleEndedIterator<Item = (ChainId, Probability)> + use<> {
        ChainId::all().zip(self.shares)
    }

    /// The share of one chain.
    #[must_use]
    pub const fn share(&self, chain: ChainId) -> Probability {
        self.shares[chain.index()]
    }

    /// The sum of the shares; a valid mix adds up to 1.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.shares.iter().map(|share| share.get()).sum()
    }

    /// The chain at `point` of the whole, from 0 to 1.
    #[must_use]
    pub fn chain_at(&self, point: f64) -> ChainId {
        let mut left = point;
        let drawn = self.shares().find(|(_, share)| {
            left -= share.get();
            left < 0.0
        });
        // Rounding may leave a hair: it belongs to the last chain that occurs.
        let last = || self.shares().rfind(|(_, share)| share.get() > 0.0);
        drawn.or_else(last).map_or(ChainId::PUBLIC, |(chain, _)| chain)
    }
}

impl Default for NatMix {
    /// No share of anything, and every peer on its own.
    fn default() -> Self {
        Self {
            shares: [Probability::ZERO; NAT_CHAINS.len()],
            peers_per_lan: 1.0,
            peers_per_carrier_nat: 1.0,
            hairpin: share(Self::HAIRPIN),
            multicast: Probability::ONE,
            ipv6: Probability::ZERO,
        }
    }
}

fn share(value: f64) -> Probability {
    Probability::new(value).expect("invariant: constants within 100 %")
}
