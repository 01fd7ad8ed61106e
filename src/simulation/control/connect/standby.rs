//! Standby connections, which are set up as all are and which no message takes.

use std::borrow::Cow;

use super::attempt::IN_BLOCK;
use super::{Connected, Connecting};
use crate::webrtc::turn::RelayCode;

impl Connected {
    /// How many open connections of each node carry messages: all but those on standby.
    pub(in crate::simulation) fn carrying(&self) -> Cow<'_, [u32]> {
        if self.standby.is_empty() {
            return Cow::Borrowed(&self.degrees);
        }
        self.degrees.iter().zip(&self.standby).map(|(degree, standby)| degree - standby).collect()
    }

    /// The same of one node.
    pub(in crate::simulation) fn carrying_at(&self, node: u32) -> u32 {
        self.degrees[node as usize] - self.standby.get(node as usize).copied().unwrap_or(0)
    }
}

impl Connecting<'_> {
    /// Whether a set-up is that of a standby connection, by its offerer's slot.
    pub(super) fn is_on_standby(&self, slot: u32) -> bool {
        slot != IN_BLOCK && slot as usize >= self.overlay.slots()
    }

    /// A connection runs over these allocations; what no message takes need not be looked up.
    pub(super) fn note_relay(&mut self, [a, b]: [u32; 2], slot: u32, relay: RelayCode) {
        self.deviates |= !self.is_on_standby(slot) && self.world.relay_code(a, b) != relay;
    }
}
