//! Why the figures of a replication that follows messages may be far off: what it leaves out and this cell has.
//!
//! A doubt is not a finding: the topology may well work. It says that the model which answered is outside of what it
//! was checked for (docs/VALIDATION.md, "Two grains"), so that packets should be asked.

use super::association::Held;
use crate::metrics::Finding;
use crate::scenario::{Grain, Settings};
use crate::world::PacketKey;

/// The doubts about a replication; none where packets were followed.
pub(super) fn doubts(settings: &Settings, held: Held) -> Vec<Finding> {
    match settings.run.grain {
        Grain::Message => of_links(settings).into_iter().chain(of_windows(held)).collect(),
        Grain::Packet => Vec::new(),
    }
}

/// With more of its copies held back than this, a replication is limited by windows.
const HELD_SHARE_MAX: f64 = 0.05;

fn of_windows(held: Held) -> Option<Finding> {
    let share = held.back as f64 / held.of.max(1) as f64;
    let text = format!(
        "{:.0} % of the copies on connections under load wait for the congestion window, which messages know roughly only",
        100.0 * share
    );
    (share > HELD_SHARE_MAX).then_some(Finding { kind: "window", text })
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
