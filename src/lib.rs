//! peerscape simulates WebRTC data-channel overlays: which topology connects a population of
//! browsers, phones and servers best, from tens of peers to a million.

pub mod engine;
pub mod rng;
pub mod units;
