//! Two ends joined by a fixed delay.
#![allow(clippy::float_cmp, reason = "these times are whole milliseconds")]

mod ladders;
mod losses;
mod rig;
