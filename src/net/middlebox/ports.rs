//! Port allocation (RFC 4787, section 4.2): which outside port a new mapping takes.

use rand::RngExt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rng::Stream;

/// Which outside port a new mapping takes, of those that are free.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PortAllocation {
    /// The inside port; a random one where that is taken (RFC 4787, REQ-3: no overloading).
    #[default]
    Preserving,
    /// The next one.
    Sequential,
    /// A random one.
    Random,
}

/// Ports below are the system's (RFC 6335); a box uses none of them.
pub(super) const FIRST_PORT: u16 = 1_024;
const PORTS: u32 = 65_536 - FIRST_PORT as u32;

/// Chooses ports.
#[derive(Clone, Debug)]
pub(super) struct Allocator {
    allocation: PortAllocation,
    stream: Stream,
    next: u32,
}

impl Allocator {
    /// An allocator that begins anywhere.
    pub(super) fn new(allocation: PortAllocation, mut stream: Stream) -> Self {
        let next = stream.random_range(0..PORTS);
        Self { allocation, stream, next }
    }

    /// A free port for an inside address with port `inside`, if one is left.
    pub(super) fn choose(&mut self, inside: u16, is_free: &dyn Fn(u16) -> bool) -> Option<u16> {
        match self.allocation {
            PortAllocation::Preserving if inside >= FIRST_PORT && is_free(inside) => Some(inside),
            PortAllocation::Preserving | PortAllocation::Random => {
                let from = self.stream.random_range(0..PORTS);
                first_free(from, is_free)
            }
            PortAllocation::Sequential => {
                let port = first_free(self.next, is_free)?;
                self.next = (u32::from(port) - u32::from(FIRST_PORT) + 1) % PORTS;
                Some(port)
            }
        }
    }
}

// The first free port, counting up from number `from` and around.
fn first_free(from: u32, is_free: &dyn Fn(u16) -> bool) -> Option<u16> {
    let ports = (0..PORTS).map(|step| FIRST_PORT + ((from + step) % PORTS) as u16);
    ports.into_iter().find(|&port| is_free(port))
}
