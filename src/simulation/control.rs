//! The control plane: who connects to whom, when that stands, and who cannot bear it. It runs first, over the whole
//! horizon, and leaves what messages look up.

pub(in crate::simulation) mod asked;
pub(in crate::simulation) mod budget;
pub(in crate::simulation) mod connect;
