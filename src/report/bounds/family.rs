//! Which families of overlays can carry a workload, and up to how many peers.

use serde::Serialize;

use super::figure::quantity;
use super::subject::Subject;
use crate::optimiser::Stream;
use crate::optimiser::bound::{Family, Feasibility, Pattern, feasibility};
use crate::simulation::Carried;

/// One family and one workload.
#[derive(Clone, Debug, Serialize)]
pub struct FamilyRow {
    /// The workload.
    pub workload: String,
    /// The family: the kind of a topology.
    pub family: &'static str,
    /// Whether it can.
    pub holds: bool,
    /// Up to how many peers of this mix it can; `None` if any number.
    pub peers_max: Option<u32>,
    /// What is scarcest.
    pub scarcest: &'static str,
    /// Who has least of it; `None` where all have it together.
    pub who: Option<String>,
    /// How much of it is asked.
    pub needed: f64,
    /// How much there is; `None` is no limit.
    pub available: Option<f64>,
    /// The unit of both.
    pub unit: &'static str,
    /// The condition.
    pub condition: &'static str,
}

impl FamilyRow {
    /// What is scarcest, in words: `uplink of peer 2 (dsl): asked 1.24 Mbit/s, has 1 Mbit/s`.
    pub(crate) fn scarcest_text(&self) -> String {
        let of = self.who.as_ref().map_or_else(String::new, |who| format!(" of {who}"));
        let has = self.available.map_or_else(|| "no limit".to_owned(), |has| quantity(has, self.unit));
        format!("{}{of}: asked {}, has {has}", self.scarcest, quantity(self.needed, self.unit))
    }
}

/// All families; `None` for a workload whose publishers are neither one nor all, or whose messages are for some.
pub(super) fn rows(subject: &Subject<'_>, carried: &Carried) -> Option<Vec<FamilyRow>> {
    let (peers, cpus) = (subject.posed.instance.peers(), subject.posed.cpus.as_slice());
    let pattern = match carried.publishers.as_slice() {
        _ if carried.reach <= 0.999_999 => return None,
        [publisher] => Pattern::OneToAll { source: publisher.peer },
        publishers if publishers.len() == peers.len() => Pattern::AllToAll,
        _ => return None,
    };
    let stream = stream_of_one(carried)?;
    let row = |family: Family| {
        let found = feasibility(family, peers, cpus, (pattern, stream));
        let Feasibility { holds, resource, peer, needed, available, peers_max, .. } = found;
        let [scarcest, unit] = resource.name_and_unit();
        FamilyRow {
            workload: subject.name(carried.nth),
            family: family.name(),
            holds,
            peers_max,
            scarcest,
            who: peer.map(|peer| subject.peer(peer)),
            needed,
            available: available.is_finite().then_some(available),
            unit,
            condition: family.condition(),
        }
    };
    Some(Family::ALL.map(row).into())
}

// What one publisher sends.
fn stream_of_one(carried: &Carried) -> Option<Stream> {
    let per_s = carried.messages_per_s / carried.publishers.len() as f64;
    let rate_bps = (per_s * carried.wire.bytes.get() as f64 * 8.0).round() as u64;
    (rate_bps > 0).then(|| Stream { rate_bps, messages_per_s: per_s.round().max(1.0) as u64 })
}
