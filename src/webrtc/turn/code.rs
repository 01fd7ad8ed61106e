//! Which TURN allocations a path runs through, in two bytes.

use super::TurnIndex;
use crate::webrtc::setup::{RelayTransport, RelayUse};

/// The allocations that packets pass, as one end of a connection sees it: its own, the far end's,
/// both, or none. A byte each: two bits say how the end speaks to its server, four which server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct RelayCode(u16);

/// An allocation on a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Via {
    /// The server.
    pub server: TurnIndex,
    /// How the end whose allocation it is speaks to the server.
    pub transport: RelayTransport,
}

impl RelayCode {
    /// The ends send to each other.
    pub const DIRECT: Self = Self(0);

    /// Through these allocations.
    #[must_use]
    pub const fn new(own: Option<Via>, far: Option<Via>) -> Self {
        Self(byte(own) | byte(far) << 8)
    }

    /// What set-up has found, as the offerer sees it; `servers` are the offerer's and the
    /// answerer's.
    #[must_use]
    pub const fn of(relay: RelayUse, servers: [TurnIndex; 2]) -> Self {
        match relay {
            RelayUse::Direct => Self::DIRECT,
            RelayUse::Offerer(transport) => Self::new(Some(Via { server: servers[0], transport }), None),
            RelayUse::Answerer(transport) => Self::new(None, Some(Via { server: servers[1], transport })),
            RelayUse::Both(offerers, answerers) => Self::new(
                Some(Via { server: servers[0], transport: offerers }),
                Some(Via { server: servers[1], transport: answerers }),
            ),
        }
    }

    /// The code as it is stored.
    #[must_use]
    pub const fn to_bits(self) -> u16 {
        self.0
    }

    /// The code that [`RelayCode::to_bits`] gave.
    #[must_use]
    pub const fn from_bits(bits: u16) -> Self {
        Self(bits)
    }

    /// Whether no allocation is on the path.
    #[inline(always)]
    #[must_use]
    pub const fn is_direct(self) -> bool {
        self.0 == 0
    }

    /// The allocation of the end that sees it so.
    #[inline]
    #[must_use]
    pub const fn own(self) -> Option<Via> {
        via(self.0 & 0xff)
    }

    /// The allocation of the other end.
    #[inline]
    #[must_use]
    pub const fn far(self) -> Option<Via> {
        via(self.0 >> 8)
    }

    /// The same as the other end sees it.
    #[inline]
    #[must_use]
    pub const fn seen_from_far_end(self) -> Self {
        Self(self.0.rotate_left(8))
    }

    /// The servers that a packet of this end passes, in their order: two only where they differ.
    #[inline]
    #[must_use]
    pub fn servers(self) -> [Option<TurnIndex>; 2] {
        let [own, far] = [self.own(), self.far()].map(|via| via.map(|via| via.server));
        match (own, far) {
            (Some(own), Some(far)) if own == far => [Some(own), None],
            (None, far) => [far, None],
            both => [both.0, both.1],
        }
    }

    /// How many allocations are on the path.
    #[must_use]
    pub const fn allocations(self) -> u32 {
        self.own().is_some() as u32 + self.far().is_some() as u32
    }

    /// The hardest way to a server on the path, if it is relayed: TLS before TCP before UDP.
    #[must_use]
    pub fn transport(self) -> Option<RelayTransport> {
        [self.own(), self.far()].into_iter().flatten().map(|via| via.transport).max()
    }
}

const fn byte(via: Option<Via>) -> u16 {
    match via {
        None => 0,
        Some(Via { server, transport }) => (transport as u16 + 1) << 4 | (server as u16 & 0xf),
    }
}

const fn via(byte: u16) -> Option<Via> {
    let transport = match byte >> 4 {
        0 => return None,
        1 => RelayTransport::Udp,
        2 => RelayTransport::Tcp,
        _ => RelayTransport::Tls,
    };
    Some(Via { server: (byte & 0xf) as TurnIndex, transport })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRANSPORTS: [RelayTransport; 3] = [RelayTransport::Udp, RelayTransport::Tcp, RelayTransport::Tls];

    fn every_via() -> Vec<Option<Via>> {
        let some =
            TRANSPORTS.into_iter().flat_map(|transport| (0..16).map(move |server| Some(Via { server, transport })));
        [None].into_iter().chain(some).collect()
    }

    #[test]
    fn two_bytes_hold_every_pair_of_allocations() {
        for own in every_via() {
            for far in every_via() {
                let code = RelayCode::new(own, far);
                assert_eq!((code.own(), code.far()), (own, far));
                assert_eq!(code.seen_from_far_end(), RelayCode::new(far, own));
                assert_eq!(RelayCode::from_bits(code.to_bits()), code);
                assert_eq!(code.is_direct(), own.is_none() && far.is_none());
                let hops = code.servers().into_iter().flatten().count();
                let distinct = own.iter().chain(&far).map(|via| via.server).collect::<std::collections::BTreeSet<_>>();
                assert_eq!(hops, distinct.len());
            }
        }
    }

    #[test]
    fn what_set_up_found_is_seen_from_the_offerer() {
        let (udp, tls) = (RelayTransport::Udp, RelayTransport::Tls);
        let of = |relay| RelayCode::of(relay, [3, 5]);
        assert_eq!(of(RelayUse::Direct), RelayCode::DIRECT);
        assert_eq!(of(RelayUse::Offerer(udp)).servers(), [Some(3), None]);
        assert_eq!(of(RelayUse::Answerer(udp)).servers(), [Some(5), None]);
        let both = of(RelayUse::Both(udp, tls));
        assert_eq!(both.servers(), [Some(3), Some(5)]);
        assert_eq!(both.seen_from_far_end().servers(), [Some(5), Some(3)]);
        assert_eq!((both.transport(), both.allocations()), (Some(tls), 2));
    }
}
