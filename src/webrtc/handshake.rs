//! What follows ICE in a connection's set-up: DTLS, the SCTP association, the data channel.
//!
//! A [`Transport`] is one end of it as a value, without clock and network. It is told when ICE has a
//! pair ([`start`](Transport::start)), what arrived ([`receive`](Transport::receive)) and when a
//! time has come that it asked for ([`act`](Transport::act)); what it wants is taken out with
//! [`take_out`](Transport::take_out). Its timers are those of the implementation that its
//! [`TransportProfile`] stands for, so a lost datagram costs what it costs there.
//!
//! - `dtls`: RFC 6347 (1.2, with and without cookie) and RFC 9147 (1.3), flight by flight.
//! - `sctp`: INIT, INIT ACK, COOKIE ECHO, COOKIE ACK (RFC 9260, section 5.1), or none of them with
//!   SNAP (draft-hancke-tsvwg-snap); then DCEP's OPEN and ACK (RFC 8832) as DATA.
//! - `profile`: the constants by implementation; `segment`: what travels.
//!
//! Where they simplify: a DTLS flight is repeated whole, there are no partial ACKs (RFC 9147,
//! section 7.1); a record that comes before its keys is lost; a channel is opened by one end only.

mod dtls;
mod profile;
mod sctp;
mod segment;
#[cfg(test)]
mod tests;
mod timer;
mod transport;

pub use dtls::DtlsRole;
pub use profile::{
    DtlsProfile, DtlsTimer, Early, FlightBytes, Initiates, Opens, Repeats, SctpBytes, SctpProfile, TransportCpu,
    TransportProfile,
};
pub use segment::{Flight, HandshakeMessage, Segment};
pub use timer::Backoff;
pub use transport::{Output, Transport, TransportSpec};
