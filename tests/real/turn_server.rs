//! The server against the stack's own STUN and TURN client and codec.

mod clients;
mod messages;
mod noise;
mod requests;
mod rig;
mod timers;
