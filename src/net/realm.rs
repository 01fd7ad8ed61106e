//! Address realms (RFC 2663): which host sits behind which boxes, and the routes of packets.
//!
//! Realms form a tree; its root is the public Internet. A packet climbs from its sender through the
//! boxes to the realm in which its destination lives, and descends from there through the boxes in
//! front of its receiver. Addresses are dealt out densely, public ones from 198.18.0.0/15 (RFC 2544)
//! and private ones from 10.0.0.0/8 (RFC 1918); no address is dealt twice, so that a packet to a
//! private address of another realm finds nobody rather than a stranger.

use std::net::Ipv4Addr;

use super::middlebox::{Middlebox, MiddleboxSpec, Passage};
use super::packet::{DropReason, Header};
use crate::rng::Stream;
use crate::units::SimTime;

/// All realms, boxes and hosts.
#[derive(Clone, Debug)]
pub struct Internet {
    realms: Vec<Realm>,
    hosts: Vec<Host>,
    // Who has each address, by its place in its range.
    public: Vec<Owner>,
    private: Vec<Owner>,
}

/// A realm of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RealmId(u32);

/// A host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostId(u32);

impl HostId {
    /// Its number, counted from zero in the order hosts were added.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A packet that has left its sender's boxes and has not come to those of its receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transit {
    realm: RealmId,
    header: Header,
}

#[derive(Clone, Debug)]
struct Realm {
    // The realm outside and the box that leads there; none for the public Internet.
    up: Option<(RealmId, Middlebox)>,
    // Whose addresses its hosts have: its own, or those of a realm outside.
    addresses: RealmId,
    // Some host in it or behind it.
    some_host: Option<HostId>,
}

#[derive(Clone, Copy, Debug)]
struct Host {
    realm: RealmId,
    address: Ipv4Addr,
}

#[derive(Clone, Copy, Debug)]
enum Owner {
    Host(HostId),
    // The box in front of this realm.
    Box(RealmId),
}

const PUBLIC_BASE: u32 = 0xc612_0001;
const PUBLIC_MAX: usize = (1 << 17) - 2;
const PRIVATE_BASE: u32 = 0x0a00_0001;
const PRIVATE_MAX: usize = (1 << 24) - 2;

impl Internet {
    /// The public Internet.
    pub const PUBLIC: RealmId = RealmId(0);

    /// The public Internet, without hosts.
    #[must_use]
    pub fn new() -> Self {
        let public = Realm { up: None, addresses: Self::PUBLIC, some_host: None };
        Self { realms: vec![public], hosts: Vec::new(), public: Vec::new(), private: Vec::new() }
    }

    /// Adds a realm behind a box whose outside is `parent`.
    ///
    /// # Panics
    /// When addresses run out: beyond 131,070 public or 16,777,214 private ones.
    pub fn add_realm(&mut self, parent: RealmId, spec: &MiddleboxSpec, stream: Stream) -> RealmId {
        let realm = RealmId(self.realms.len() as u32);
        let parent_addresses = self.realm(parent).addresses;
        let (outside, addresses) = match spec.translates() {
            true => (self.deal(parent_addresses, Owner::Box(realm)), realm),
            false => (Ipv4Addr::UNSPECIFIED, parent_addresses),
        };
        let middlebox = Middlebox::new(spec, outside, stream);
        self.realms.push(Realm { up: Some((parent, middlebox)), addresses, some_host: None });
        realm
    }

    /// Adds a host to a realm.
    ///
    /// # Panics
    /// When addresses run out.
    pub fn add_host(&mut self, realm: RealmId) -> HostId {
        let host = HostId(self.hosts.len() as u32);
        let address = self.deal(self.realm(realm).addresses, Owner::Host(host));
        self.hosts.push(Host { realm, address });
        let mut above = Some(realm);
        while let Some(realm) = above {
            let realm = &mut self.realms[realm.0 as usize];
            realm.some_host.get_or_insert(host);
            above = realm.up.as_ref().map(|(parent, _)| *parent);
        }
        host
    }

    /// The address of a host, as the host knows it.
    #[must_use]
    pub fn address(&self, host: HostId) -> Ipv4Addr {
        self.hosts[host.index()].address
    }

    /// A host sends a packet.
    ///
    /// # Errors
    /// Why it does not get to the realm of its destination.
    pub fn send(&mut self, now: SimTime, from: HostId, header: Header) -> Result<Transit, DropReason> {
        let mut realm = self.hosts[from.index()].realm;
        let mut header = header;
        // Boxes on the way out leave the destination as it is.
        let lives_in = self.owner(*header.destination.ip()).map(|owner| self.home(owner));
        loop {
            if lives_in.is_some_and(|lives_in| self.is_at_or_below(lives_in, realm)) {
                return Ok(Transit { realm, header });
            }
            let (parent, middlebox) = self.realms[realm.0 as usize].up.as_mut().ok_or(DropReason::NoRoute)?;
            let parent = *parent;
            match middlebox.outbound(now, header)? {
                Passage::Out(translated) => (realm, header) = (parent, translated),
                Passage::Hairpin(turned) => return Ok(Transit { realm, header: turned }),
            }
        }
    }

    /// A packet comes to the boxes in front of its receiver: which host it reaches, and its
    /// addresses as that host sees them.
    ///
    /// # Errors
    /// Why it does not reach one.
    pub fn deliver(&mut self, now: SimTime, transit: Transit) -> Result<(HostId, Header), DropReason> {
        let Transit { realm: mut from, mut header } = transit;
        loop {
            let owner = self.owner(*header.destination.ip()).ok_or(DropReason::NoRoute)?;
            let lives_in = self.home(owner);
            self.descend(now, from, lives_in, header)?;
            match owner {
                Owner::Host(host) => return Ok((host, header)),
                Owner::Box(behind) => {
                    let (_, middlebox) = self.realms[behind.0 as usize].up.as_mut().ok_or(DropReason::NoRoute)?;
                    header = middlebox.inbound(now, header)?;
                    from = behind;
                }
            }
        }
    }

    /// The host that a packet heads for, or one behind the box it heads for where the box does not
    /// know; changes nothing.
    #[must_use]
    pub fn heads_for(&self, transit: &Transit) -> Option<HostId> {
        let mut header = transit.header;
        loop {
            match self.owner(*header.destination.ip())? {
                Owner::Host(host) => return Some(host),
                Owner::Box(behind) => {
                    let realm = self.realm(behind);
                    let (_, middlebox) = realm.up.as_ref()?;
                    match middlebox.inside_of(&header) {
                        Some(inside) => header.destination = inside,
                        None => return realm.some_host,
                    }
                }
            }
        }
    }

    // Passes boxes that do not translate, from a realm down to one behind it.
    fn descend(&mut self, now: SimTime, from: RealmId, to: RealmId, header: Header) -> Result<(), DropReason> {
        if from == to {
            return Ok(());
        }
        let (parent, _) = self.realm(to).up.as_ref().ok_or(DropReason::NoRoute)?;
        self.descend(now, from, *parent, header)?;
        let (_, middlebox) = self.realms[to.0 as usize].up.as_mut().ok_or(DropReason::NoRoute)?;
        middlebox.inbound(now, header).map(|_| ())
    }

    // Whether a realm is another one, or behind boxes in it that do not translate.
    fn is_at_or_below(&self, realm: RealmId, other: RealmId) -> bool {
        let mut at = realm;
        loop {
            if at == other {
                return true;
            }
            let below = self.realm(at);
            match &below.up {
                Some((parent, _)) if below.addresses != at => at = *parent,
                _ => return false,
            }
        }
    }

    // The realm in which an owner has its address.
    fn home(&self, owner: Owner) -> RealmId {
        match owner {
            Owner::Host(host) => self.hosts[host.index()].realm,
            Owner::Box(behind) => self.realm(behind).up.as_ref().map_or(Self::PUBLIC, |(parent, _)| *parent),
        }
    }

    fn owner(&self, address: Ipv4Addr) -> Option<Owner> {
        let bits = u32::from(address);
        let within = |base: u32, owners: &[Owner]| owners.get(bits.checked_sub(base)? as usize).copied();
        within(PUBLIC_BASE, &self.public).or_else(|| within(PRIVATE_BASE, &self.private))
    }

    fn deal(&mut self, addresses: RealmId, owner: Owner) -> Ipv4Addr {
        let (base, owners, most) = match addresses {
            Self::PUBLIC => (PUBLIC_BASE, &mut self.public, PUBLIC_MAX),
            _ => (PRIVATE_BASE, &mut self.private, PRIVATE_MAX),
        };
        assert!(owners.len() < most, "all {most} addresses are dealt");
        owners.push(owner);
        Ipv4Addr::from(base + owners.len() as u32 - 1)
    }

    fn realm(&self, realm: RealmId) -> &Realm {
        &self.realms[realm.0 as usize]
    }
}

impl Default for Internet {
    fn default() -> Self {
        Self::new()
    }
}
