//! The queues of a node.

use crate::net::FifoServer;
use crate::simulation::data::loads::LinkLoad;

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

impl Servers {
    /// Messages have waited for what went beside them; that is counted by itself.
    pub(super) fn without_what_is_beside(&mut self, load: &LinkLoad) {
        let of_messages = |work_ns: u64, left: f64| if left < 1.0 { (work_ns as f64 * left) as u64 } else { work_ns };
        self.up_work = of_messages(self.up_work, load.up.left());
        self.down_work = of_messages(self.down_work, load.down.left());
    }
}
