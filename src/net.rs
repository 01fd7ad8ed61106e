//! What lies between two peers: access links, propagation delay, NATs.

mod capacity;
mod chains;
pub mod cities;
pub(crate) mod data_file;
mod fair_queue;
pub(crate) mod faults;
mod latency;
mod line;
mod link;
mod link_loss;
mod loss;
mod matrix;
mod middlebox;
mod mix;
mod nat;
mod packet;
mod packet_link;
mod place;
mod realm;
mod server;
mod sharing;
mod signs;
mod transmitter;

pub use capacity::{CapacityError, CapacityFile, CapacityTrace, OPPORTUNITY_BYTES, TraceServer};
pub use chains::{ChainId, NAT_CHAINS, NatChain};
pub use data_file::{ContentError, DATA_BYTES_MAX, DataFileError};
pub use fair_queue::{FairPacket, FairQueue, QUANTUM_BYTES};
pub use latency::{LatencyModel, LatencySpec, RegionMix};
pub use line::Line;
pub use link::{Link, LinkSpec, Queueing};
pub use link_loss::{GilbertElliott, LinkLoss};
pub use loss::LossSpec;
pub use matrix::{MatrixFile, MatrixTable, MatrixUnit, Measures};
pub use middlebox::{
    Blocker, Firewall, MIDDLEBOX_PRESETS, Masquerade, Middlebox, MiddleboxPreset, MiddleboxSpec, NatBox, NatSpec,
    Passage, PortAllocation, Refresh, overall_nat,
};
pub use mix::NatMix;
pub use nat::{Filtering, Mapping, Nat, PairOutcome, pair_outcome};
pub use packet::{DropReason, Header, Transport};
pub use packet_link::{LinkDrop, PacketLink, PacketLinkSpec};
pub use place::Place;
pub use realm::{HostId, Internet, RealmId, Transit};
pub use server::FifoServer;
pub use sharing::{FairShares, FlowId, FlowSpec, FluidFlows, LinkState};
pub use transmitter::Transmitter;
