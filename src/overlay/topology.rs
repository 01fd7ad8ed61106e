//! Topologies: the rules that say which connections should exist.
//!
//! Adding one is one file beside this one and one line in [`TOPOLOGIES`]. The table drives parsing,
//! `peerscape list topologies`, the JSON schema and the conformance tests.

mod backup;
mod capacity;
mod compact;
mod context;
mod contract;
mod fewest;
mod file;
mod genet;
mod gossip_mesh;
mod gossipsub;
mod hubs;
mod hybrid;
mod hyparview;
mod links;
mod median;
mod mesh;
mod multi_tree;
mod neighbours;
mod nested;
mod optimised;
mod part;
mod random_regular;
mod ring;
mod rooms;
mod ruled;
mod shape;
mod star;
mod strain;
mod tree;
mod views;
mod webtorrent;
mod y_webrtc;

pub use context::BuildContext;
pub use contract::{Topology, TopologyEntry};
pub use file::{PLAN_VERSION, Plan, PlanDocument, PlanFile, PlanNode, PlanRole};
pub(crate) use ruled::ruled;
pub use shape::{Shape, Spread};

/// Every topology, in the order to show them.
pub static TOPOLOGIES: &[TopologyEntry] = &[
    mesh::ENTRY,
    star::ENTRY,
    tree::ENTRY,
    hybrid::ENTRY,
    multi_tree::ENTRY,
    random_regular::ENTRY,
    ring::ENTRY,
    neighbours::ENTRY,
    y_webrtc::ENTRY,
    webtorrent::ENTRY,
    genet::ENTRY,
    hyparview::ENTRY,
    gossipsub::ENTRY,
    file::ENTRY,
];
