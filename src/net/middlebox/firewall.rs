//! A stateful firewall without translation: lets out everything, and in what answers it.

use std::collections::BTreeMap;

use super::nat::NatSpec;
use crate::net::packet::{DropReason, Endpoint, Header};
use crate::units::{SimDuration, SimTime};

/// A stateful firewall: by the terms of RFC 4787 it filters by address and port, and both
/// directions keep a flow alive.
#[derive(Clone, Debug, Default)]
pub struct Firewall {
    // By inside and outside endpoint: when each ends.
    flows: BTreeMap<[Endpoint; 2], SimTime>,
    tidied_at: usize,
}

/// As conntrack keeps a UDP stream (Linux, `nf_conntrack_udp_timeout_stream`).
const LIFETIME: SimDuration = NatSpec::LIFETIME_DEFAULT;

impl Firewall {
    pub(super) fn outbound(&mut self, now: SimTime, header: Header) -> Header {
        self.tidy(now);
        let flow = [header.source, header.destination].map(|end| Endpoint::new(header.transport, end));
        self.flows.insert(flow, now + LIFETIME);
        header
    }

    pub(super) fn inbound(&mut self, now: SimTime, header: Header) -> Result<Header, DropReason> {
        let flow = [header.destination, header.source].map(|end| Endpoint::new(header.transport, end));
        let expires = self.flows.get_mut(&flow).filter(|expires| **expires > now).ok_or(DropReason::Filtered)?;
        *expires = now + LIFETIME;
        Ok(header)
    }

    // Drops expired flows whenever their number has doubled.
    fn tidy(&mut self, now: SimTime) {
        if self.flows.len() > 2 * self.tidied_at.max(32) {
            self.flows.retain(|_, expires| *expires > now);
            self.tidied_at = self.flows.len();
        }
    }
}
