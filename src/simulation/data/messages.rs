//! Messages hop by hop.

pub(in crate::simulation) mod event;
pub(in crate::simulation) mod flow;
pub(in crate::simulation) mod lane;
pub(in crate::simulation) mod layout;
pub(in crate::simulation) mod message;
pub(in crate::simulation) mod pump;
pub(in crate::simulation) mod reception;
pub(in crate::simulation) mod respond;
pub(in crate::simulation) mod send;
pub(in crate::simulation) mod sender;
pub(in crate::simulation) mod turn;
