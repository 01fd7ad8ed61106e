//! The account: what was seen, and the record that is made of it.

pub(in crate::simulation) mod connectivity;
pub(in crate::simulation) mod doubt;
pub(in crate::simulation) mod experience;
pub(in crate::simulation) mod fate;
pub(in crate::simulation) mod finding;
pub(in crate::simulation) mod full;
pub(in crate::simulation) mod last_hops;
pub(in crate::simulation) mod measure;
pub(in crate::simulation) mod observed;
pub(in crate::simulation) mod outcome;
pub(in crate::simulation) mod responses;
pub(in crate::simulation) mod seen;
pub(in crate::simulation) mod shortfall;
pub(in crate::simulation) mod summed;
pub(in crate::simulation) mod trend;
pub(in crate::simulation) mod upkeep;
pub(in crate::simulation) mod ways;
