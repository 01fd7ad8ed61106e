//! What messages ask of links, as far as set-ups must know.

use super::connect::{Asked, Messages};
use crate::overlay::workload::Flow;
use crate::scenario::Settings;
use crate::simulation::prepared::Prepared;

/// What messages ask of each node on its links, all connections open.
#[derive(Debug)]
pub(in crate::simulation) struct AskedByMessages<'a> {
    pub(in crate::simulation) settings: &'a Settings,
    pub(in crate::simulation) prepared: &'a Prepared,
}

impl Asked for AskedByMessages<'_> {
    fn of_nodes(&self) -> Vec<Messages> {
        let Self { settings, prepared } = self;
        let overlay = &prepared.overlay;
        let degrees: Vec<u32> = (0..overlay.nodes()).map(|node| overlay.carrying_degree(node)).collect();
        let bytes = |flow: &Flow| settings.webrtc.wire(flow.size).bytes.get() as f64;
        let numbers = prepared.traffic(&degrees, |_| 1.0).into_iter();
        let both = numbers.zip(prepared.traffic(&degrees, bytes));
        both.map(|(number, bytes)| Messages { number, bytes }).collect()
    }
}
