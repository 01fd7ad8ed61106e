//! The events of a replication, packed into sixteen bytes.

/// What happens next in a replication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::simulation) enum Happening {
    /// The source of a flow publishes message number `number`.
    Publish { flow: u32, number: u32 },
    /// The last bit of a copy arrives at the receiver's downlink.
    Arrive(Copied),
    /// The receiver's downlink has served a copy.
    Receive(Copied),
    /// The last bit of a copy arrives at a TURN server: the first on its way, or the second.
    Relay { copied: Copied, server: u8, is_second: bool },
    /// So many packets of a copy arrive at the downlink of a lane's receiver, or have been served by it.
    Piece { lane: u32, packets: u32, flow: u32, number: u32, is_served: bool },
    /// A lane has asked to be looked at.
    Lane { lane: u32 },
    /// The CPU has come to a copy that goes by a lane.
    HandOver(Copied),
    /// The node at a place is woken, as its rule has asked.
    Wake { place: u32, token: u32 },
}

/// One copy of a message on one hop, its ends by their places.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::simulation) struct Copied {
    pub(in crate::simulation) from: u32,
    pub(in crate::simulation) to: u32,
    pub(in crate::simulation) flow: u32,
    /// The message's number within its flow.
    pub(in crate::simulation) number: u32,
}

/// A [`Happening`] in sixteen bytes: the queue moves millions of them.
#[derive(Clone, Copy, Debug)]
pub(in crate::simulation) struct Event {
    from: u32,
    to: u32,
    // Kind (3 bits), attempt (5 bits), flow (24 bits).
    tag: u32,
    number: u32,
}

/// Flows are numbered in 24 bits.
pub(in crate::simulation) const FLOWS_MAX: usize = 1 << 24;
/// The most that the bits of an attempt hold.
const ATTEMPTS_MAX: u32 = 31;

const PUBLISH: u32 = 0;
const ARRIVE: u32 = 1;
const RECEIVE: u32 = 2;
const PIECE: u32 = 3;
const RELAY: u32 = 4;
const LANE: u32 = 5;
const HAND_OVER: u32 = 6;
const WAKE: u32 = 7;
/// Servers are numbered in 4 of the bits of an attempt; the fifth says whether it is the second.
const SECOND: u32 = 1 << 4;

impl From<Happening> for Event {
    #[inline]
    fn from(happening: Happening) -> Self {
        let pack = |kind: u32, attempt: u32, copied: Copied| Self {
            from: copied.from,
            to: copied.to,
            tag: kind << 29 | attempt << 24 | copied.flow,
            number: copied.number,
        };
        match happening {
            Happening::Publish { flow, number } => pack(PUBLISH, 0, Copied { from: 0, to: 0, flow, number }),
            Happening::Arrive(copied) => pack(ARRIVE, 0, copied),
            Happening::Receive(copied) => pack(RECEIVE, 0, copied),
            Happening::Relay { copied, server, is_second } => {
                pack(RELAY, u32::from(server) & (SECOND - 1) | if is_second { SECOND } else { 0 }, copied)
            }
            Happening::Piece { lane, packets, flow, number, is_served } => {
                pack(PIECE, u32::from(is_served), Copied { from: lane, to: packets, flow, number })
            }
            Happening::HandOver(copied) => pack(HAND_OVER, 0, copied),
            Happening::Wake { place, token } => pack(WAKE, 0, Copied { from: place, to: token, flow: 0, number: 0 }),
            Happening::Lane { lane } => pack(LANE, 0, Copied { from: lane, to: 0, flow: 0, number: 0 }),
        }
    }
}

impl From<Event> for Happening {
    #[inline]
    fn from(event: Event) -> Self {
        let flow = event.tag & 0x00ff_ffff;
        let copied = Copied { from: event.from, to: event.to, flow, number: event.number };
        match event.tag >> 29 {
            PUBLISH => Self::Publish { flow, number: event.number },
            ARRIVE => Self::Arrive(copied),
            RECEIVE => Self::Receive(copied),
            RELAY => {
                let attempt = event.tag >> 24 & ATTEMPTS_MAX;
                Self::Relay { copied, server: (attempt & (SECOND - 1)) as u8, is_second: attempt & SECOND != 0 }
            }
            LANE => Self::Lane { lane: event.from },
            HAND_OVER => Self::HandOver(copied),
            WAKE => Self::Wake { place: event.from, token: event.to },
            _ => Self::Piece {
                lane: event.from,
                packets: event.to,
                flow,
                number: event.number,
                is_served: event.tag >> 24 & 1 != 0,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packing_loses_nothing() {
        let copied = Copied { from: u32::MAX, to: 7, flow: 0x00ff_ffff, number: 9 };
        for happening in [
            Happening::HandOver(copied),
            Happening::Wake { place: 7, token: u32::MAX },
            Happening::Publish { flow: 3, number: u32::MAX },
            Happening::Arrive(copied),
            Happening::Receive(copied),
            Happening::Piece { lane: u32::MAX, packets: 9, flow: 0x00ff_ffff, number: 3, is_served: true },
            Happening::Lane { lane: u32::MAX },
            Happening::Relay { copied, server: 15, is_second: true },
            Happening::Relay { copied, server: 9, is_second: false },
        ] {
            assert_eq!(Happening::from(Event::from(happening)), happening);
        }
        assert_eq!(size_of::<Event>(), 16);
    }
}
