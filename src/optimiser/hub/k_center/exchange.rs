//! Exchanges for the k-center: only a site that is nearer to the worst-off client than its hub can help (Mladenović,
//! Labbé and Hansen 2003).

use rand::RngExt;

use crate::optimiser::hub::matrix::Matrix;
use crate::optimiser::hub::work::Work;
use crate::rng::Stream;

/// Descents without a better radius after which the search ends.
const PATIENCE: u32 = 200;

/// Distance and slot of the two nearest hubs of a client.
type Two = [(u32, usize); 2];

/// Improves hubs by exchanges, and by shakes where none helps.
pub(super) fn search(distances: &Matrix<u32>, hubs: &mut Vec<u32>, stream: &mut Stream, work: &mut Work) {
    let mut best = radius(distances, hubs);
    let mut now = hubs.clone();
    let mut failures = 0;
    while failures < PATIENCE && work.is_left() {
        descend(distances, &mut now, work);
        let radius = radius(distances, &now);
        if radius < best {
            (best, failures) = (radius, 0);
            hubs.clone_from(&now);
        } else {
            failures += 1;
            if radius > best {
                now.clone_from(hubs);
            }
        }
        let slot = stream.random_range(0..now.len());
        let site = stream.random_range(0..distances.columns() as u32);
        if !now.contains(&site) {
            now[slot] = site;
        }
        work.spend(distances.rows() * now.len());
    }
}

/// The distance of the client that is worst off.
pub(super) fn radius(distances: &Matrix<u32>, hubs: &[u32]) -> u32 {
    let nearest = |client| hubs.iter().map(|&hub| distances.at(client, hub as usize)).min().unwrap_or(u32::MAX);
    (0..distances.rows()).map(nearest).max().unwrap_or(0)
}

fn descend(distances: &Matrix<u32>, hubs: &mut [u32], work: &mut Work) {
    while work.is_left() {
        let nearest: Vec<Two> = (0..distances.rows()).map(|client| two_nearest(distances.row(client), hubs)).collect();
        work.spend(distances.rows() * hubs.len());
        let worst = (0..nearest.len()).max_by_key(|&client| (nearest[client][0].0, std::cmp::Reverse(client)));
        let worst = worst.expect("invariant: there is a client");
        let radius = nearest[worst][0].0;
        let nearer = (0..distances.columns()).filter(|&site| distances.at(worst, site) < radius);
        let exchanges = nearer.map(|site| {
            work.spend(distances.rows());
            (best_exchange(distances, &nearest, hubs.len(), site), site)
        });
        let Some(((radius_then, slot), site)) = exchanges.min() else { return };
        if radius_then >= radius {
            return;
        }
        hubs[slot] = site as u32;
    }
}

/// The radius if `site` becomes a hub, and the hub that can best be spared for it.
fn best_exchange(distances: &Matrix<u32>, nearest: &[Two], hubs: usize, site: usize) -> (u32, usize) {
    // The radius among the clients of each hub, if it stays and if it goes.
    let (mut stays, mut goes) = (vec![0; hubs], vec![0; hubs]);
    for (client, &[first, second]) in nearest.iter().enumerate() {
        let distance = distances.at(client, site);
        stays[first.1] = stays[first.1].max(first.0.min(distance));
        goes[first.1] = goes[first.1].max(second.0.min(distance));
    }
    let widest = |but: usize| (0..hubs).filter(|&slot| slot != but).map(|slot| stays[slot]).max().unwrap_or(0);
    let first = (0..hubs).max_by_key(|&slot| stays[slot]).unwrap_or(0);
    let (most, most_but_first) = (stays[first], widest(first));
    let radius = |slot: usize| goes[slot].max(if slot == first { most_but_first } else { most });
    (0..hubs).map(|slot| (radius(slot), slot)).min().unwrap_or((u32::MAX, 0))
}

fn two_nearest(row: &[u32], hubs: &[u32]) -> Two {
    let mut found = [(u32::MAX, 0), (u32::MAX, 0)];
    for (slot, &hub) in hubs.iter().enumerate() {
        let distance = row[hub as usize];
        if distance < found[0].0 || slot == 0 {
            found = [(distance, slot), found[0]];
        } else if distance < found[1].0 {
            found[1] = (distance, slot);
        }
    }
    found
}
