//! Quantities with their units: simulated time, data, rates, probabilities, money.
//!
//! Every type parses from and prints as text with its unit (`"40 ms"`, `"2 Mbit/s"`, `"1200 B"`,
//! `"3 %"`), so a scenario file never holds a bare number whose unit must be guessed. Time is
//! integer nanoseconds throughout; no floating-point number ever orders two events.

mod bounded;
mod data;
mod fraction;
mod parse;
mod rate;
mod text;
mod time;

pub use bounded::Bounded;
pub use data::{Bitrate, ByteCount};
pub use fraction::Probability;
pub use parse::UnitError;
pub use rate::{Frequency, UsdPerGigabyte};
pub use time::{SimDuration, SimTime};
