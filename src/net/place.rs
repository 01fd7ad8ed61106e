//! Where a node is.

/// Index of a place: of a city in [`CITIES`](super::cities::CITIES), or of a row of a latency matrix.
pub type Place = u16;
