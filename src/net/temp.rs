//! temp
#![allow(missing_docs)]
use crate::rng::Stream;
use crate::units::*;
use std::net::{Ipv4Addr, SocketAddrV4};
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport { Udp, Tcp }
#[derive(Clone, Copy, Debug)]
pub struct Header { pub transport: Transport, pub source: SocketAddrV4, pub destination: SocketAddrV4 }
#[derive(Clone, Copy, Debug)]
pub struct HostId(u32);
impl HostId { pub fn index(self) -> usize { self.0 as usize } }
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DropReason { NoRoute }
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkDrop { Lost, BufferFull }
#[derive(Clone, Debug)]
pub enum MiddleboxSpec { UdpBlocked, Nat(NatSpec) }
#[derive(Clone, Debug)]
pub struct NatSpec;
impl NatSpec { pub fn new(_m: crate::net::Mapping, _f: crate::net::Filtering) -> Self { Self } }
#[derive(Clone, Copy, Debug, Default)]
pub enum LossSpec { #[default] None, Bernoulli(Probability) }
impl LossSpec { pub fn bernoulli(p: Probability) -> Self { Self::Bernoulli(p) } }
#[derive(Clone, Copy, Debug)]
pub struct Transit(Header);
#[derive(Clone, Copy, Debug)]
pub struct RealmId(u32);
#[derive(Default)]
pub struct Internet(u32);
impl Internet {
    pub const PUBLIC: RealmId = RealmId(0);
    pub fn new() -> Self { Self(0) }
    pub fn add_realm(&mut self, p: RealmId, _s: &MiddleboxSpec, _r: Stream) -> RealmId { p }
    pub fn add_host(&mut self, _r: RealmId) -> HostId { self.0 += 1; HostId(self.0 - 1) }
    pub fn address(&self, h: HostId) -> Ipv4Addr { Ipv4Addr::from(0xC6120001 + h.0) }
    pub fn send(&mut self, _n: SimTime, _f: HostId, h: Header) -> Result<Transit, DropReason> { Ok(Transit(h)) }
    pub fn heads_for(&self, t: &Transit) -> Option<HostId> { let i = u32::from(*t.0.destination.ip()).wrapping_sub(0xC6120001); (i < self.0).then_some(HostId(i)) }
    pub fn deliver(&mut self, _n: SimTime, t: Transit) -> Result<(HostId, Header), DropReason> { self.heads_for(&t).map(|h| (h, t.0)).ok_or(DropReason::NoRoute) }
}
#[derive(Clone, Copy, Debug, Default)]
pub struct PacketLinkSpec { pub delay: SimDuration, pub rate: Option<Bitrate>, pub buffer: Option<ByteCount>, pub jitter: SimDuration, pub loss: LossSpec }
pub struct PacketLink(PacketLinkSpec, Stream, u64);
impl PacketLink {
    pub fn new(s: PacketLinkSpec, r: Stream) -> Self { Self(s, r, 0) }
    pub fn send(&mut self, now: SimTime, size: ByteCount) -> Result<SimTime, LinkDrop> {
        use rand::RngExt;
        let mut t = now.as_ns();
        if let Some(rate) = self.0.rate {
            if let Some(b) = self.0.buffer && self.2.saturating_sub(t) > rate.serialisation_time(b).as_ns() { return Err(LinkDrop::BufferFull); }
            self.2 = self.2.max(t) + rate.serialisation_time(size).as_ns(); t = self.2;
        }
        if let LossSpec::Bernoulli(p) = self.0.loss && self.1.random::<f64>() < p.get() { return Err(LinkDrop::Lost); }
        Ok(SimTime::from_ns(t) + self.0.delay)
    }
}
