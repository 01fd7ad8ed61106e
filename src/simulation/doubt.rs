//! Why the figures of a replication that follows messages may be far off: what it leaves out and this cell has.
//!
//! A doubt is not a finding: the topology may well work. It says that the model which answered is outside of what it
//! was checked for (docs/VALIDATION.md, "Two grains"), so that packets should be asked.

use crate::metrics::Finding;
use crate::scenario::{Grain, Settings};
use crate::world::PacketKey;

/// The doubts about a replication; none where packets were followed.
pub(super) fn doubts(settings: &Settings) -> Vec<Finding> {
    match settings.run.grain {
        Grain::Message => of_links(settings),
        Grain::Packet => Vec::new(),
    }
}

// Each key of a class that hops of messages do not know, once.
fn of_links(settings: &Settings) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    for PacketKey { name, key, .. } in settings.population.packet_keys() {
        let (kind, what) = match key {
            ["link", "jitter"] => ("jitter", "jitter"),
            ["link", "loss"] => ("bursts", "losses in bursts"),
            ["link", "queue"] => ("fair-queueing", "fair queueing"),
            _ => ("capacity", "capacity traces"),
        };
        if found.iter().all(|doubt| doubt.kind != kind) {
            let text = format!("{what} of class `{name}`: messages do not meet that, only packets do");
            found.push(Finding { kind, text });
        }
    }
    found
}
