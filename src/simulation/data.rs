//! The data plane: messages, packets and contents in pieces over connections that stand.

pub(in crate::simulation) mod application;
pub(in crate::simulation) mod backlog;
pub(in crate::simulation) mod bulk;
pub(in crate::simulation) mod costs;
pub(in crate::simulation) mod fills;
pub(in crate::simulation) mod gathered;
pub(in crate::simulation) mod lines;
pub(in crate::simulation) mod loads;
pub(in crate::simulation) mod messages;
pub(in crate::simulation) mod packets;
pub(in crate::simulation) mod plan;
pub(in crate::simulation) mod programme;
pub(in crate::simulation) mod relay;
pub(in crate::simulation) mod repair;
pub(in crate::simulation) mod standing;
pub(in crate::simulation) mod timetable;
