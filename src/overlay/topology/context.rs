//! What a topology knows when it is built.

use crate::overlay::audience::ALL;
use crate::overlay::dissemination::DisseminationSpec;
use crate::overlay::workload::Flow;
use crate::units::ByteCount;
use crate::webrtc::{WebrtcSpec, Wire};
use crate::world::World;

/// What a topology knows when it is built: the population, and what it will be asked to carry.
#[derive(Clone, Copy, Debug)]
pub struct BuildContext<'a> {
    /// The peers, and the servers that the topology has asked for.
    pub world: &'a World,
    /// The peers that publish, or those that receive where they are fewer.
    pub sources: &'a [u32],
    /// Who publishes what, and how often.
    pub flows: &'a [Flow],
    /// Whom the messages of flows are for.
    pub audiences: &'a [Vec<u32>],
    /// What messages take on the wire.
    pub webrtc: &'a WebrtcSpec,
    /// The rule by which nodes pass messages on, if the scenario names one.
    pub dissemination: Option<&'a DisseminationSpec>,
}

/// All messages of a workload, on average.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Offered {
    /// How many are published a second.
    pub(super) per_s: f64,
    /// How many the busiest source publishes.
    pub(super) peak_per_s: f64,
    /// The share of all other peers that one is for.
    pub(super) reach: f64,
    /// What one takes on the wire, by weight of how often it is sent.
    pub(super) wire: Wire,
}

impl BuildContext<'_> {
    /// What the flows of each workload offer, those for somebody.
    pub(super) fn offered(&self) -> Vec<Offered> {
        self.by_workload().map(|(_, offered)| offered).collect()
    }

    /// The flows of each workload and what they offer, of workloads that have messages for somebody.
    pub(super) fn by_workload(&self) -> impl Iterator<Item = (&[Flow], Offered)> {
        let of_workloads = self.flows.chunk_by(|a, b| a.workload() == b.workload());
        of_workloads.map(|flows| (flows, self.offered_by(flows))).filter(|(_, offered)| offered.per_s > 0.0)
    }

    fn offered_by(&self, flows: &[Flow]) -> Offered {
        let others = f64::from(self.world.peers().saturating_sub(1)).max(1.0);
        let mut of_source = vec![0.0; self.world.peers() as usize];
        let (mut per_s, mut reached, mut bytes, mut packets) = (0.0, 0.0, 0.0, 0.0);
        for flow in flows {
            let rate = 1.0 / flow.period.as_secs_f64().max(1e-9);
            of_source[flow.source as usize] += rate;
            let receivers = match flow.audience {
                ALL => others,
                some => self.audiences[some as usize].len() as f64,
            };
            let wire = self.webrtc.wire(flow.size);
            per_s += rate;
            reached += rate * receivers;
            bytes += rate * receivers * wire.bytes.get() as f64;
            packets += rate * receivers * wire.packets as f64;
        }
        if reached <= 0.0 {
            return Offered::default();
        }
        let bytes = ByteCount::new((bytes / reached).ceil() as u64);
        let wire = Wire { bytes, packets: (packets / reached).ceil().max(1.0) as u64 };
        let peak_per_s = of_source.into_iter().fold(0.0, f64::max);
        Offered { per_s, peak_per_s, reach: reached / per_s / others, wire }
    }
}
