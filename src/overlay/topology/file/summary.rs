//! What was read from a file with an overlay, in one line, and what of it may not be meant.

use super::{Plan, PlanFile};
use crate::net::data_file::count;

/// So many nodes are named.
const MOST_NAMED: usize = 6;

impl PlanFile {
    /// What was read, in one line.
    #[must_use]
    pub fn summary(&self) -> String {
        let content = self.plan.content();
        let mut parts = vec![count(content.named.len(), "peer")];
        if content.servers > 0 {
            parts.push(count(content.servers as usize, "server"));
        }
        parts.push(count(content.pairs.len(), "pair"));
        if !content.blocks.is_empty() {
            parts.push(count(content.blocks.len(), "full mesh").replace("meshs", "meshes"));
        }
        if !content.standby.is_empty() {
            parts.push(count(content.standby.len(), "standby connection"));
        }
        format!("{}: {}", self.file.display(), parts.join(", "))
    }

    /// What may not be meant, for a population of so many peers.
    #[must_use]
    pub fn warnings(&self, peers: u32) -> Vec<String> {
        let mut warnings = Vec::new();
        let mut warn = |words: String| warnings.push(format!("{}: {words}", self.file.display()));
        let alone = self.plan.unconnected(peers);
        if let Some(first) = alone.get(..MOST_NAMED.min(alone.len())).filter(|first| !first.is_empty()) {
            let names: Vec<String> = first.iter().map(u32::to_string).collect();
            let dots = if alone.len() > first.len() { ", ..." } else { "" };
            warn(format!(
                "{} of {peers} peers have no connection and receive nothing: {}{dots}",
                alone.len(),
                names.join(", ")
            ));
        }
        let parts = self.plan.content().parts;
        if parts > 1 {
            warn(format!("it falls into {parts} parts, and no message gets from one to another"));
        }
        warnings
    }
}

impl Plan {
    // The peers of a population of so many that have no connection.
    fn unconnected(&self, peers: u32) -> Vec<u32> {
        let content = self.content();
        let mut is_connected = vec![false; peers as usize];
        let ends = content.pairs.iter().flat_map(|&(a, b)| [a, b]);
        for node in ends.chain(content.blocks.iter().flatten().copied()).filter(|&node| node < content.peers) {
            if let Some(connected) = is_connected.get_mut(node as usize) {
                *connected = true;
            }
        }
        (0..peers).filter(|&peer| !is_connected[peer as usize]).collect()
    }
}
