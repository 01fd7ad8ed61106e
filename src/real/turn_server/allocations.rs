//! The allocations of a server, by relayed port, by client and by the time they expire.
//!
//! A port is never used twice before all others were used, so that a late datagram does not reach a
//! stranger (RFC 8656 section 7.2 asks for as much). Ports are dealt in order: nobody guesses them here.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddrV4;
use std::ops::RangeInclusive;

use super::allocation::Allocation;
use super::wire::TransactionId;
use crate::units::SimTime;

/// All allocations of one server.
pub(super) struct Allocations {
    first_port: u16,
    /// By relayed port, from `first_port` on; as long as ports were ever dealt.
    slots: Vec<Option<Box<Allocation>>>,
    by_client: BTreeMap<SocketAddrV4, u16>,
    by_expiry: BTreeSet<(SimTime, u16)>,
    /// Ports that were never dealt.
    fresh: RangeInclusive<u16>,
    /// Ports that were given back, the longest unused first.
    returned: VecDeque<u16>,
    /// The port that the server itself listens on.
    reserved: u16,
}

impl Allocations {
    /// No allocations yet; `reserved` is never dealt.
    pub(super) fn new(ports: RangeInclusive<u16>, reserved: u16) -> Self {
        Self {
            first_port: *ports.start(),
            slots: Vec::new(),
            by_client: BTreeMap::new(),
            by_expiry: BTreeSet::new(),
            fresh: ports,
            returned: VecDeque::new(),
            reserved,
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.by_client.len()
    }

    /// The allocation of a client.
    #[inline]
    pub(super) fn of_client(&mut self, client: SocketAddrV4) -> Option<&mut Allocation> {
        let port = *self.by_client.get(&client)?;
        self.at_port(port)
    }

    /// The allocation of a relayed port.
    #[inline]
    pub(super) fn at_port(&mut self, port: u16) -> Option<&mut Allocation> {
        let slot = port.checked_sub(self.first_port)?;
        self.slots.get_mut(usize::from(slot))?.as_deref_mut()
    }

    /// Adds the allocation of a client that has none, and returns its port; nothing if all ports are taken.
    pub(super) fn open(&mut self, client: SocketAddrV4, request: TransactionId, expires: SimTime) -> Option<u16> {
        let reserved = self.reserved;
        let port = self.fresh.find(|&port| port != reserved).or_else(|| self.returned.pop_front())?;
        let slot = usize::from(port - self.first_port);
        if slot >= self.slots.len() {
            self.slots.resize_with(slot + 1, || None);
        }
        self.slots[slot] = Some(Box::new(Allocation::new(client, port, request, expires)));
        let before = self.by_client.insert(client, port);
        debug_assert!(before.is_none(), "a client has one allocation");
        self.by_expiry.insert((expires, port));
        Some(port)
    }

    /// Lets the allocation of a client last until `expires`.
    pub(super) fn extend(&mut self, client: SocketAddrV4, expires: SimTime) {
        if let Some(allocation) = self.of_client(client) {
            let (port, before) = (allocation.port, std::mem::replace(&mut allocation.expires, expires));
            self.by_expiry.remove(&(before, port));
            self.by_expiry.insert((expires, port));
        }
    }

    /// Ends the allocation of a client.
    pub(super) fn close(&mut self, client: SocketAddrV4) {
        if let Some(port) = self.by_client.remove(&client) {
            let slot = self.slots[usize::from(port - self.first_port)].take();
            let allocation = slot.expect("invariant: the port of a client has an allocation");
            self.by_expiry.remove(&(allocation.expires, port));
            self.returned.push_back(port);
        }
    }

    /// Ends the allocations whose time is over; returns how many.
    #[inline]
    pub(super) fn expire(&mut self, now: SimTime) -> u64 {
        let mut ended = 0;
        while let Some(&(expires, port)) = self.by_expiry.first() {
            if now < expires {
                break;
            }
            let client = self.at_port(port).map(|allocation| allocation.client);
            self.close(client.expect("invariant: what expires is there"));
            ended += 1;
        }
        ended
    }
}
