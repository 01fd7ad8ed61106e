//! The models against closed forms, references and the rules that every topology must keep.

mod applications;
mod associations;
mod audiences;
mod budgets;
mod bulk;
mod chunks;
mod direct_paths;
mod full_downlinks;
mod grains;
mod hybrids;
mod live;
mod oracles;
mod overloads;
mod populations;
mod queueing;
mod queues;
mod requests;
mod rough_links;
mod support;
mod topologies;
mod turn;
mod ways;
