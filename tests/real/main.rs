//! The real WebRTC stack in virtual time: what it must do, and what is known of it.
#![cfg(feature = "real")]

mod budgets_and_audiences;
mod channels;
mod determinism;
mod endurance;
mod goodput;
mod loss;
mod narrow_links;
mod optimised;
mod outcomes;
mod setup;
mod shared_boxes;
mod turn_server;
