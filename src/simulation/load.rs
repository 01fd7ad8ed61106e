//! What messages ask of access links on average: what bulk data finds there beside it.

use super::{Prepared, spread};
use crate::overlay::audience::ALL;
use crate::overlay::workload::Flow;
use crate::scenario::{Grain, Settings};

/// The mean rate of messages over a node's links, in bit/s.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Load {
    pub(super) up_bps: f64,
    pub(super) down_bps: f64,
}

/// Of every node, once all connections are open: `degrees` are those that ever are. Nothing at packet grain, where bulk data
/// and messages do not meet.
pub(super) fn loads(settings: &Settings, prepared: &Prepared, degrees: &[u32]) -> Vec<Load> {
    let Prepared { overlay, flows, audiences, .. } = prepared;
    if settings.run.grain == Grain::Packet {
        return vec![Load::default(); degrees.len()];
    }
    let bps = |flow: &Flow| 8.0 * settings.webrtc.wire(flow.size).bytes.get() as f64 / flow.period.as_secs_f64();
    let mut own_bps = vec![0.0; degrees.len()];
    let to_all = flows.iter().filter(|flow| flow.audience == ALL);
    to_all.for_each(|flow| own_bps[flow.source as usize] += bps(flow));
    let all_bps: f64 = own_bps.iter().sum();
    let up_bps = spread::sent(overlay, &own_bps, degrees);
    let load = |(up_bps, own_bps)| Load { up_bps, down_bps: all_bps - own_bps };
    let mut loads: Vec<Load> = up_bps.into_iter().zip(&own_bps).map(load).collect();
    for flow in flows.iter().filter(|flow| flow.audience != ALL) {
        audiences.for_each_sender(overlay, flow.audience, flow.source, |node, copies| {
            let load = &mut loads[node as usize];
            load.up_bps += f64::from(copies) * bps(flow);
            load.down_bps += if node == flow.source { 0.0 } else { bps(flow) };
        });
    }
    loads
}
