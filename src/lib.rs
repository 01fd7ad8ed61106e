//! peerscape simulates WebRTC data-channel overlays: which topology connects a population of
//! browsers, phones and servers best, from tens of peers to a million.

pub mod engine;
pub mod metrics;
pub mod net;
pub mod overlay;
pub mod presets;
#[cfg(feature = "real")]
pub mod real;
pub mod report;
pub mod rng;
pub mod scenario;
pub mod simulation;
pub mod sweep;
pub mod units;
pub mod webrtc;
pub mod world;
