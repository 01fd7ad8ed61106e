//! Filtering (RFC 4787, section 5): who may send to an inside address.
//!
//! A filter by address looks at whom the inside address has sent to, through any mapping. A filter
//! by address and port looks at the mapping that a packet arrives on, as state kept by flow does:
//! so kernels behave that were measured.

use std::net::SocketAddrV4;

use crate::net::nat::Filtering;
use crate::units::SimTime;

/// Whom an inside address has sent to, and until when that counts.
#[derive(Clone, Debug, Default)]
pub(super) struct Contacts {
    remotes: Vec<(SocketAddrV4, SimTime)>,
}

/// A list longer than this is cleared of expired contacts before it grows.
const TIDY_ABOVE: usize = 16;

impl Contacts {
    /// The inside address sends to `remote`, which counts until `expires`.
    pub(super) fn note(&mut self, now: SimTime, remote: SocketAddrV4, expires: SimTime) {
        if let Some(known) = self.remotes.iter_mut().find(|(known, _)| *known == remote) {
            known.1 = known.1.max(expires);
            return;
        }
        if self.remotes.len() >= TIDY_ABOVE && self.remotes.len().is_power_of_two() {
            self.remotes.retain(|(_, expires)| *expires > now);
        }
        self.remotes.push((remote, expires));
    }

    /// Whether a packet of `remote` is let in.
    pub(super) fn admits(&self, filtering: Filtering, now: SimTime, remote: SocketAddrV4) -> bool {
        let mut live = self.remotes.iter().filter(|(_, expires)| *expires > now);
        match filtering {
            Filtering::EndpointIndependent => true,
            Filtering::AddressDependent => live.any(|(known, _)| known.ip() == remote.ip()),
            Filtering::AddressAndPortDependent => live.any(|(known, _)| *known == remote),
        }
    }

    /// A packet of `remote` extends what the box remembers of it.
    pub(super) fn refresh(&mut self, remote: SocketAddrV4, expires: SimTime) {
        if let Some(known) = self.remotes.iter_mut().find(|(known, _)| *known == remote) {
            known.1 = known.1.max(expires);
        }
    }
}
