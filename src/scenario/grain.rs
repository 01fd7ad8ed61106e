//! Which grain a cell has.
//!
//! The choice follows from the cell's own population, workloads and network. Neither its topology nor another value on
//! an axis changes it, so all topologies of a group meet the same model, and a sweep answers each of its cells like a
//! scenario of that cell alone.

mod cost;

use std::sync::Arc;

use self::cost::PacketCost;
use super::read::Reader;
use super::settings::{Grain, Settings};
use super::tree::{join, path};
use crate::overlay::workload::Workload;
use crate::webrtc::HeaderOverhead;

/// The grain of a cell that does not name one: packets if something in it acts on packets only, or if following them
/// costs no more than [`PacketCost::fits`] allows. Messages beside bulk data are followed as messages, for packets do
/// not meet it.
pub(super) fn by_cost(settings: &Settings) -> Grain {
    if must_be_packets(settings) {
        return Grain::Packet;
    }
    let is_possible = copies(settings) > 0.0
        && !has_messages_beside_bulk(settings)
        && settings.webrtc.overhead == HeaderOverhead::Full;
    if is_possible && PacketCost::of(settings).fits() { Grain::Packet } else { Grain::Message }
}

/// Whether messages and contents in pieces meet on links.
pub(super) fn has_messages_beside_bulk(settings: &Settings) -> bool {
    copies(settings) > 0.0 && settings.workloads.iter().any(|workload| workload.pieces().is_some())
}

/// What does not go with the grain: `named` if the scenario names it. What links do to packets only is left out by
/// messages, and the answer says so; what a workload asks of packets is refused.
pub(super) fn check(reader: &mut Reader<'_, '_>, settings: &Settings, named: Option<Grain>) {
    let without_headers = settings.webrtc.overhead == HeaderOverhead::None;
    if without_headers && (named == Some(Grain::Packet) || (named.is_none() && must_be_packets(settings))) {
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
    for (nth, workload) in settings.workloads.iter().enumerate() {
        let place = join(&path(["workload"]), nth);
        workload.service().packet_keys().iter().for_each(|key| acts_on_packets(&join(&place, key), key));
        if workload.live().is_some() {
            acts_on_packets(&join(&place, "kind"), "live");
        }
    }
}

// Whether a workload asks for what only packets have.
fn must_be_packets(settings: &Settings) -> bool {
    let by_workload =
        |workload: &Arc<dyn Workload>| workload.live().is_some() || !workload.service().packet_keys().is_empty();
    settings.workloads.iter().any(by_workload)
}

// Copies that one replication wants.
fn copies(settings: &Settings) -> f64 {
    let peers = settings.population.peers.get();
    let copies = |workload: &Arc<dyn Workload>| workload.estimate(peers, settings.run.duration).copies();
    settings.workloads.iter().map(copies).sum()
}
