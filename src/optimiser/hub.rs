//! Which peers become hubs, and who is served by which.
//!
//! | problem | least | type |
//! |---|---|---|
//! | p-median | sum of the distances to the nearest hub | [`PMedian`] |
//! | capacitated p-median | the same, with a limit on what each hub serves | [`CapacitatedPMedian`] |
//! | k-center | largest distance to the nearest hub | [`KCenter`] |
//! | single-allocation hub location (USApHMP, CSAHLP) | cost of all flows through the hubs of both ends | [`HubLocation`] |
//! | single-allocation p-hub center | largest latency of two nodes through the hubs of both | [`HubCenter`] |
//!
//! Clients and candidate sites are rows and columns of a [`Matrix`]; they may be the same peers, or not.

mod answer;
mod capacitated;
mod hub_center;
mod hub_location;
mod k_center;
mod matrix;
mod p_median;
mod work;

pub use answer::{Answer, HubError};
pub use capacitated::CapacitatedPMedian;
pub use hub_center::HubCenter;
pub use hub_location::{HubLocation, UnitCosts};
pub use k_center::KCenter;
pub use matrix::{Matrix, UNREACHABLE};
pub use p_median::PMedian;
pub use work::Effort;
