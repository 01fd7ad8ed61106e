//! stub
use bytes::BytesMut;
use std::net::SocketAddrV4;
/// A UDP datagram.
#[derive(Clone, Debug)]
pub struct Datagram {
    /// From.
    pub source: SocketAddrV4,
    /// To.
    pub destination: SocketAddrV4,
    /// Payload.
    pub payload: BytesMut,
}

/// counts
#[derive(Clone, Copy, Debug, Default)]
pub struct TurnCounts {}
/// s
pub struct TurnServer;
impl TurnServer {
    /// r
    pub fn receive(&mut self, _n: crate::units::SimTime, _d: Datagram, _o: &mut Vec<Datagram>) {}
    /// c
    pub fn counts(&self) -> TurnCounts {
        TurnCounts {}
    }
}
