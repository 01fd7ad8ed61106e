//! The queues of a node.

use crate::net::FifoServer;

/// The queues of one node, and the work in ns that measured messages asked of them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Servers {
    pub(super) up: FifoServer,
    pub(super) down: FifoServer,
    pub(super) cpu: FifoServer,
    pub(super) up_work: u64,
    pub(super) down_work: u64,
    pub(super) cpu_work: u64,
}
