//! What a distribution is told, and its times.

use crate::overlay::Overlay;
use crate::overlay::dissemination::Traffic;
use crate::rng::Streams;
use crate::scenario::Settings;
use crate::simulation::control::connect::Connected;
use crate::units::SimTime;
use crate::world::World;

/// What is told of a replication.
#[derive(Clone, Copy, Debug)]
pub(in crate::simulation) struct Setting<'a> {
    pub(in crate::simulation) settings: &'a Settings,
    pub(in crate::simulation) world: &'a World,
    pub(in crate::simulation) overlay: &'a Overlay,
    pub(in crate::simulation) connected: &'a Connected,
    /// Share of each node's CPU budget that its connections need to stay alive.
    pub(in crate::simulation) idle_share: &'a [f32],
    /// Bits that messages send and receive at each node a second, if bulk data meets any.
    pub(in crate::simulation) traffic: Option<&'a [Traffic]>,
    pub(in crate::simulation) streams: Streams,
}

/// The times of a replication: the measured window, and its end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub(super) from: SimTime,
    pub(super) until: SimTime,
    pub(super) horizon: SimTime,
}

pub(super) fn window(settings: &Settings) -> Window {
    let run = &settings.run;
    let until = SimTime::ZERO + run.duration;
    Window { from: SimTime::ZERO + run.warmup, until, horizon: until + run.drain }
}
