//! What WebRTC adds to a path: set-up round trips, header overhead, the cost of an engine, its device, relays.

mod device;
mod engine;
pub mod handshake;
pub mod ice;
mod overhead;
pub mod sctp;
pub mod setup;
mod spec;
pub mod stamp;
pub mod turn;

pub use device::{DeviceSpec, OnOverload};
pub use engine::{EncryptionSpec, EngineSpec, Sockets};
pub use overhead::{HeaderOverhead, Wire};
pub use setup::SetupProfile;
pub use spec::{
    ConnectSpec, InBand, NegotiationSpec, NegotiationStyle, ReconnectSpec, SignalingOutage, SignalingSpec, WebrtcSpec,
};
pub use turn::{TurnChoice, TurnSpec};
