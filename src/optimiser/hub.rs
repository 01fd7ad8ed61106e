//! Which peers become hubs, and who is served by which.
//!
//! | problem | least | type |
//! |---|---|---|
//! | p-median | sum of the distances to the nearest hub | [`PMedian`] |
//! | single-allocation hub location (USApHMP, CSAHLP) | cost of all flows through the hubs of both ends | [`HubLocation`] |
//!
//! Clients and candidate sites are rows and columns of a [`Matrix`]; they may be the same peers, or not.

mod answer;
mod hub_location;
mod matrix;
mod p_median;
mod work;

pub use answer::{Answer, HubError};
pub use hub_location::{HubLocation, UnitCosts};
pub use matrix::{Matrix, UNREACHABLE};
pub use p_median::PMedian;
pub use work::Effort;
