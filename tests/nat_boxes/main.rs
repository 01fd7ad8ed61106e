//! NAT boxes and address realms: each behaves as it was built, by discovery from outside, by
//! property, and by what two peers behind them can do.

mod discovery;
mod properties;
mod punching;
mod support;
