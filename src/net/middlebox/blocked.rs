//! Networks that let only TCP out: all of it, or only that to port 443.

use super::firewall::Firewall;
use crate::net::packet::{DropReason, Header, Transport};
use crate::units::SimTime;

/// A firewall with a policy on what may leave.
#[derive(Clone, Debug)]
pub struct Blocker {
    only_port: Option<u16>,
    firewall: Firewall,
}

impl Blocker {
    /// UDP does not leave.
    pub(super) fn udp() -> Self {
        Self { only_port: None, firewall: Firewall::default() }
    }

    /// Only TCP to port 443 leaves.
    pub(super) fn all_but_tcp_443() -> Self {
        Self { only_port: Some(443), firewall: Firewall::default() }
    }

    pub(super) fn outbound(&mut self, now: SimTime, header: Header) -> Result<Header, DropReason> {
        let port = header.destination.port();
        if header.transport == Transport::Udp || self.only_port.is_some_and(|only| only != port) {
            return Err(DropReason::Blocked);
        }
        Ok(self.firewall.outbound(now, header))
    }

    pub(super) fn inbound(&mut self, now: SimTime, header: Header) -> Result<Header, DropReason> {
        match header.transport {
            Transport::Udp => Err(DropReason::Blocked),
            Transport::Tcp => self.firewall.inbound(now, header),
        }
    }
}
