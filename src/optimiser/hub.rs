//! Which peers become hubs, and who is served by which.
//!
//! | problem | least | type |
//! |---|---|---|
//! | p-median | sum of the distances to the nearest hub | [`PMedian`] |
//!
//! Clients and candidate sites are rows and columns of a [`Matrix`]; they may be the same peers, or not.

mod answer;
mod matrix;
mod p_median;
mod work;

pub use answer::{Answer, HubError};
pub use matrix::{Matrix, UNREACHABLE};
pub use p_median::PMedian;
pub use work::Effort;
