//! What connecting is told.

use super::links::Messages;
use crate::net::LatencySpec;
use crate::overlay::Overlay;
use crate::rng::Streams;
use crate::scenario::Settings;
use crate::units::SimTime;
use crate::webrtc::WebrtcSpec;
use crate::webrtc::setup::Setups;
use crate::world::{PopulationSpec, World};

/// What the phase is told.
#[derive(Clone, Copy, Debug)]
pub(in crate::simulation) struct Setting<'a> {
    pub(in crate::simulation) world: &'a World,
    pub(in crate::simulation) overlay: &'a Overlay,
    pub(in crate::simulation) webrtc: &'a WebrtcSpec,
    /// Where set-ups are looked up; none if they are played through.
    pub(in crate::simulation) known: Option<&'a Setups>,
    pub(in crate::simulation) streams: Streams,
    /// The end of the replication: nobody tries to reach the signaling service after it, and nothing is
    /// negotiated anew.
    pub(in crate::simulation) horizon: SimTime,
    /// What messages ask of each node once all connections are open, where that is known.
    pub(in crate::simulation) messages: Option<&'a dyn Asked>,
}

/// What messages ask of each node, asked for where it matters.
pub(in crate::simulation) trait Asked: std::fmt::Debug {
    /// Of every node.
    fn of_nodes(&self) -> Vec<Messages>;
}

/// Where a population comes from.
#[derive(Clone, Copy, Debug)]
pub(in crate::simulation) struct Origin<'a> {
    pub(in crate::simulation) population: &'a PopulationSpec,
    pub(in crate::simulation) latency: &'a LatencySpec,
    pub(in crate::simulation) webrtc: &'a WebrtcSpec,
}

impl<'a> Origin<'a> {
    pub(in crate::simulation) fn of(Settings { population, latency, webrtc, .. }: &'a Settings) -> Self {
        Self { population, latency, webrtc }
    }
}
