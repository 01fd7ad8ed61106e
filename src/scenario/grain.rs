//! Which grain an experiment has.

use std::sync::Arc;

use super::experiment::{Grain, Settings};
use super::read::Reader;
use super::tree::{join, path};
use crate::overlay::workload::Workload;
use crate::webrtc::HeaderOverhead;
use crate::world::PacketKey;

/// With more peers than this, messages are followed.
const PEERS_MAX: u32 = 64;
/// With more copies a replication than this, too: about a second of one core.
const COPIES_MAX: f64 = 500_000.0;

/// The grain of an experiment that does not name one: packets if something in it acts on packets only, or if all of
/// its combinations are small, for what is compared must be computed alike. Messages beside bulk data are followed as
/// messages, for packets do not meet it.
pub(super) fn by_scale(settings: &[Settings]) -> Grain {
    let is_small = |settings: &Settings| {
        settings.population.peers.get() <= PEERS_MAX
            && copies(settings) <= COPIES_MAX
            && settings.webrtc.overhead == HeaderOverhead::Full
    };
    let any_message = settings.iter().any(|settings| copies(settings) > 0.0);
    let needs_packets = settings.iter().any(needs_packets);
    let any_beside_bulk = settings.iter().any(has_messages_beside_bulk);
    let is_small = any_message && !any_beside_bulk && settings.iter().all(is_small);
    if needs_packets || is_small { Grain::Packet } else { Grain::Message }
}

/// Whether messages and contents in pieces meet on links.
pub(super) fn has_messages_beside_bulk(settings: &Settings) -> bool {
    copies(settings) > 0.0 && settings.workloads.iter().any(|workload| workload.pieces().is_some())
}

/// What does not go with the grain: `named` if the scenario names it.
pub(super) fn check(reader: &mut Reader<'_, '_>, settings: &Settings, named: Option<Grain>) {
    let without_headers = settings.webrtc.overhead == HeaderOverhead::None;
    if without_headers && (named == Some(Grain::Packet) || (named.is_none() && needs_packets(settings))) {
        let message = "packets have headers: what is followed packet by packet needs `[webrtc] overhead = \"full\"`";
        reader.problem(&path(["webrtc", "overhead"]), message, "`full`, or leave it out");
    }
    if named != Some(Grain::Message) {
        return;
    }
    let mut acts_on_packets = |place: &[String], what: &str| {
        let message = format!("`{what}` acts on packets, and `grain = \"message\"` follows messages");
        reader.problem(place, message, "leave it out, or set run.grain to `packet`");
    };
    for PacketKey { class, key, .. } in settings.population.packet_keys() {
        let place = key.iter().fold(join(&path(["population", "class"]), class), |place, key| join(&place, key));
        acts_on_packets(&place, &key.join("."));
    }
    for (nth, workload) in settings.workloads.iter().enumerate() {
        let place = join(&path(["workload"]), nth);
        workload.service().packet_keys().iter().for_each(|key| acts_on_packets(&join(&place, key), key));
        if workload.live().is_some() {
            acts_on_packets(&join(&place, "kind"), "live");
        }
    }
}

fn needs_packets(settings: &Settings) -> bool {
    let by_workload =
        |workload: &Arc<dyn Workload>| workload.live().is_some() || !workload.service().packet_keys().is_empty();
    !settings.population.packet_keys().is_empty() || settings.workloads.iter().any(by_workload)
}

// Copies that one replication wants.
fn copies(settings: &Settings) -> f64 {
    let peers = settings.population.peers.get();
    let copies =
        |workload: &Arc<dyn Workload>| workload.messages(peers, settings.run.duration) * workload.receivers(peers);
    settings.workloads.iter().map(copies).sum()
}
