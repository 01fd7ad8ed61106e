//! A letter on its way.

use crate::units::SimTime;
use crate::webrtc::setup::Letter;

/// A letter on its way.
#[derive(Debug)]
pub(super) struct Posted {
    pub(super) set_up: u32,
    pub(super) letter: Letter,
    pub(super) place: Place,
}

/// Where a letter comes to next.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    Server,
    Downlink,
    Receiver,
}

/// What becomes of a letter.
pub(super) enum Carried {
    /// It comes to its next place then.
    On(SimTime, Posted),
    /// It has been taken in.
    Taken,
    /// It is lost, or refused: its offerer learns that when its time has run out.
    Lost,
    /// The attempt is over.
    Settled,
}

impl Posted {
    /// Whose it is.
    pub(super) const fn set_up(&self) -> u32 {
        self.set_up
    }
}
