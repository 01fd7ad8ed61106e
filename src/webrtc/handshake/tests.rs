//! Two ends joined by a fixed delay.

mod ladders;
mod losses;
mod rig;
