//! Who sits behind which boxes, and with whom: local networks and carrier-grade NATs.
//!
//! The peers of a class are put in an order by a draw of each. Along it, a peer joins the local
//! network of the one before it with probability 1 - 1/m, where m is the mean number of peers in
//! one; so the sizes are geometric. The first peer of a network stands for it: it draws the boxes,
//! and its number is the network's. Networks behind a carrier's NAT join it in the same way. All
//! that share a box are in the same place: that of the first.
//!
//! A peer that is added finds its place in the order and changes at most the network it falls into.

use rand::RngExt;

use crate::net::{ChainId, NAT_CHAINS, Nat, NatMix, Place};
use crate::rng::{Domain, PairKey, Streams};
use crate::units::Probability;

/// Where a peer sits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seat {
    /// The first peer of its local network.
    pub(super) lan: u32,
    /// The first peer behind its carrier-grade NAT; itself where it has none.
    pub(super) carrier: u32,
    /// Its boxes.
    pub(super) chain: ChainId,
    /// Whether they hairpin.
    pub(super) hairpin: bool,
    /// Whether multicast works in its local network.
    pub(super) multicast: bool,
    /// Whether it has IPv6 as well.
    pub(super) ipv6: bool,
    /// Whether another peer shares its local network or its carrier-grade NAT.
    pub(super) company: bool,
}

/// Draws the seats of all peers; moves those that share a box to one place.
pub(super) fn seats(mixes: &[NatMix], class_of: &[u16], place_of: &mut [Place], streams: Streams) -> Vec<Seat> {
    let draws = Draws::new(streams);
    let mut seats: Vec<Seat> = (0..).zip(class_of).map(|(peer, _)| Seat::alone(peer)).collect();
    let mut members: Vec<Vec<u32>> = vec![Vec::new(); mixes.len()];
    for (peer, &class) in (0..).zip(class_of) {
        members[usize::from(class)].push(peer);
    }
    for (mix, mut members) in mixes.iter().zip(members) {
        if mix.peers_per_lan > 1.0 || mix.peers_per_carrier_nat > 1.0 {
            members.sort_unstable_by_key(|&peer| (draws.of_lan(peer, Draw::Order), peer));
        }
        seat_class(mix, &members, &draws, &mut seats);
    }
    for (peer, seat) in seats.iter().enumerate() {
        // The first peer behind a carrier's NAT stays where it is, so the order does not matter.
        place_of[peer] = place_of[seat.carrier as usize];
    }
    mark_company(&mut seats);
    seats
}

impl Seat {
    /// The seat of a node on a public address.
    pub(super) const fn alone(node: u32) -> Self {
        Self {
            lan: node,
            carrier: node,
            chain: ChainId::PUBLIC,
            hairpin: false,
            multicast: true,
            ipv6: false,
            company: false,
        }
    }
}

fn seat_class(mix: &NatMix, members: &[u32], draws: &Draws, seats: &mut [Seat]) {
    let joins_lan = joining(mix.peers_per_lan);
    let joins_carrier = joining(mix.peers_per_carrier_nat / mix.peers_per_lan);
    let mut before: Option<Seat> = None;
    let mut last_carrier = [None; NAT_CHAINS.len()];
    for &peer in members {
        let seat = match before {
            Some(seat) if draws.of_lan(peer, Draw::Join) < joins_lan => seat,
            _ => {
                let mut seat = draws.lan(mix, peer);
                if seat.chain.chain().carrier {
                    let last: &mut Option<u32> = &mut last_carrier[seat.chain.index()];
                    seat.carrier = match *last {
                        Some(first) if draws.carrier.directed(peer, 0) < joins_carrier => first,
                        _ => peer,
                    };
                    *last = Some(seat.carrier);
                }
                seat.hairpin = draws.of_lan(seat.carrier, Draw::Hairpin) < mix.hairpin.threshold();
                seat
            }
        };
        seats[peer as usize] = seat;
        before = Some(seat);
    }
}

// The threshold below which one joins the group of the one before it, so that groups have `mean`
// members.
fn joining(mean: f64) -> u64 {
    Probability::new(1.0 - 1.0 / mean).map_or(0, Probability::threshold)
}

// Whoever is not the first of its group has company, and so has the first.
fn mark_company(seats: &mut [Seat]) {
    let joined = seats.iter().enumerate().map(|(peer, seat)| (peer, seat.carrier as usize));
    let joined: Vec<_> = joined.filter(|(peer, first)| peer != first).collect();
    for (peer, first) in joined {
        seats[peer].company = true;
        seats[first].company = true;
    }
}

#[derive(Clone, Copy)]
enum Draw {
    Order,
    Join,
    Hairpin,
    Multicast,
}

struct Draws {
    streams: Streams,
    lan: PairKey,
    carrier: PairKey,
    ipv6: PairKey,
    // By chain.
    passes_udp: [bool; NAT_CHAINS.len()],
}

impl Draws {
    fn new(streams: Streams) -> Self {
        let key = |domain| streams.pair_key(domain);
        Self {
            streams,
            lan: key(Domain::PeerLan),
            carrier: key(Domain::PeerCarrier),
            ipv6: key(Domain::PeerIpv6),
            passes_udp: std::array::from_fn(|chain| NAT_CHAINS[chain].nat() != Nat::UdpBlocked),
        }
    }

    fn of_lan(&self, peer: u32, what: Draw) -> u64 {
        self.lan.directed(peer, what as u32)
    }

    // The local network whose first peer is `peer`, before it has found its carrier.
    fn lan(&self, mix: &NatMix, peer: u32) -> Seat {
        let point: f64 = self.streams.stream(Domain::PeerNat, u64::from(peer)).random();
        let chain = mix.chain_at(point);
        Seat {
            chain,
            multicast: self.of_lan(peer, Draw::Multicast) < mix.multicast.threshold(),
            ipv6: self.passes_udp[chain.index()] && self.ipv6.directed(peer, 0) < mix.ipv6.threshold(),
            ..Seat::alone(peer)
        }
    }
}
