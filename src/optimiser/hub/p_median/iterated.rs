//! Iterated search: some random exchanges, a descent, and back if that was no better (variable neighbourhood search,
//! Hansen and Mladenović 1997).

use rand::RngExt;

use super::branch::Best;
use super::instance::Instance;
use super::interchange::Exchange;
use crate::optimiser::hub::work::Work;
use crate::rng::Stream;

/// Exchanges of the widest shake.
const SHAKE_MAX: usize = 12;

/// Searches on from the best answer, until `until` steps are spent in all.
pub(super) fn search(instance: &Instance, best: &mut Best, stream: &mut Stream, until: u64, work: &mut Work) {
    if instance.hubs >= instance.sites() {
        return;
    }
    let mut exchange = Exchange::new(instance, &best.hubs, work);
    let widest = instance.hubs.min(SHAKE_MAX);
    let mut shake = 1;
    while work.is_left() && work.spent() < until {
        for _ in 0..shake {
            let (slot, site) =
                if stream.random() { near_by(instance, &exchange, stream) } else { anywhere(instance, stream) };
            if !exchange.is_hub(site) {
                exchange.swap(slot, site, work);
            }
        }
        exchange.descend(work);
        let before = best.value;
        if best.offer(exchange.hubs(), exchange.value()) < before {
            shake = 1;
        } else {
            // Equally good ones are taken too: plateaus are wide where distances are small integers.
            if exchange.value() > before {
                exchange.become_like(&best.hubs, work);
            }
            shake = shake % widest + 1;
        }
    }
}

/// Any hub for any site.
fn anywhere(instance: &Instance, stream: &mut Stream) -> (usize, u32) {
    (stream.random_range(0..instance.hubs), stream.random_range(0..instance.sites() as u32))
}

/// One of the two hubs that a client is nearest to, for one of the sites about it: most of what is wrong is wrong in one
/// place.
fn near_by(instance: &Instance, exchange: &Exchange, stream: &mut Stream) -> (usize, u32) {
    let client = stream.random_range(0..instance.clients());
    let near = instance.near(client);
    let about = (3 * instance.sites() / instance.hubs).clamp(1, near.len().max(1));
    match (exchange.slot_near(client, stream.random()), near.get(stream.random_range(0..about))) {
        (Some(slot), Some(near)) => (slot, near.site),
        _ => anywhere(instance, stream),
    }
}
