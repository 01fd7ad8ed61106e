//! Which grain an experiment has.

use super::experiment::{Grain, Settings};
use super::read::Reader;
use super::tree::path;
use crate::webrtc::HeaderOverhead;

/// With more peers than this, messages are followed.
const PEERS_MAX: u32 = 64;
/// With more copies a replication than this, too: about a second of one core.
const COPIES_MAX: f64 = 500_000.0;

/// The grain of an experiment that does not name one: packets if all of its combinations are small, for what
/// is compared must be computed alike.
pub(super) fn by_scale(settings: &[Settings]) -> Grain {
    let is_small = |settings: &Settings| {
        let copies = copies(settings);
        settings.population.peers.get() <= PEERS_MAX
            && copies <= COPIES_MAX
            && settings.webrtc.overhead == HeaderOverhead::Full
    };
    let any_message = settings.iter().any(|settings| copies(settings) > 0.0);
    if any_message && settings.iter().all(is_small) { Grain::Packet } else { Grain::Message }
}

/// Packets without headers do not exist.
pub(super) fn check(reader: &mut Reader<'_, '_>, settings: &Settings) {
    if settings.run.grain == Grain::Packet && settings.webrtc.overhead == HeaderOverhead::None {
        let message = "packets have headers: `grain = \"packet\"` needs `[webrtc] overhead = \"full\"`";
        reader.problem(&path(["run", "grain"]), message, "`message`, or leave out webrtc.overhead");
    }
}

// That one replication wants.
fn copies(settings: &Settings) -> f64 {
    let peers = settings.population.peers.get();
    let messages_per_s: f64 = settings.workloads.iter().map(|workload| workload.messages_per_s(peers)).sum();
    messages_per_s * f64::from(peers - 1) * settings.run.duration.as_secs_f64()
}
