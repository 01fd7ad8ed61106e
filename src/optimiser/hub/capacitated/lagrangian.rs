//! Lower bounds that know of capacities: every client pays a price for being served, and each site fills itself with
//! what pays best, fractions included (Mulvey and Beck 1984). Prices are integers, and all rounding goes down.

use super::clients::Clients;
use crate::optimiser::hub::work::Work;

/// Units of a price in one unit of cost.
const SCALE: i64 = 64;
const PATIENCE: u32 = 10;

/// No assignment within the capacities costs less than this.
pub(super) fn bound(clients: &Clients, upper: i64, rounds: u32, work: &mut Work) -> i64 {
    let mut prices: Vec<i64> = (0..clients.len()).map(|client| second(clients, client) * SCALE).collect();
    let mut best_prices = prices.clone();
    let (mut best, mut step, mut failures) = (i64::MIN, 1.0, 0);
    for _ in 0..rounds {
        let (scaled, taken) = relax(clients, &prices);
        if scaled > best {
            (best, failures) = (scaled, 0);
            best_prices.copy_from_slice(&prices);
        } else {
            failures += 1;
            if failures == PATIENCE {
                (failures, step) = (0, step / 2.0);
                prices.copy_from_slice(&best_prices);
            }
        }
        let norm: f64 = taken.iter().map(|taken| (1.0 - taken) * (1.0 - taken)).sum();
        let is_left = work.spend(8 * clients.len() * clients.sites);
        if !is_left || norm < 1e-9 || step < 1e-3 || best > (upper - 1) * SCALE {
            break;
        }
        let length = step * ((upper * SCALE - scaled).max(SCALE)) as f64 / norm;
        for (price, taken) in prices.iter_mut().zip(&taken) {
            *price = (*price + (length * (1.0 - taken)) as i64).clamp(0, clients.hole * SCALE);
        }
    }
    best.div_euclid(SCALE) + i64::from(best.rem_euclid(SCALE) != 0)
}

/// The second cheapest cost of a client among all sites is a fair price to begin with.
fn second(clients: &Clients, client: usize) -> i64 {
    let mut costs: Vec<i64> = (0..clients.sites as u32).map(|site| clients.cost(client, site)).collect();
    costs.sort_unstable();
    costs[(clients.sites / clients.hubs.max(1)).min(clients.sites - 1)]
}

/// What a site earns, scaled, the site, and which share of each client it takes.
type Filled = (i64, u32, Vec<(usize, f64)>);

/// The value of the relaxation, scaled, and which share of each client the chosen sites take.
fn relax(clients: &Clients, prices: &[i64]) -> (i64, Vec<f64>) {
    let mut sites: Vec<Filled> = (0..clients.sites as u32)
        .map(|site| {
            let (value, taken) = fill(clients, prices, site);
            (value, site, taken)
        })
        .collect();
    sites.sort_by_key(|site| (site.0, site.1));
    let mut taken = vec![0.0; clients.len()];
    let chosen = &sites[..clients.hubs];
    chosen.iter().flat_map(|site| &site.2).for_each(|&(client, share)| taken[client] += share);
    (prices.iter().sum::<i64>() + chosen.iter().map(|site| site.0).sum::<i64>(), taken)
}

/// A site takes clients in the order of what they pay for a unit of demand; the last one in part.
fn fill(clients: &Clients, prices: &[i64], site: u32) -> (i64, Vec<(usize, f64)>) {
    let margin = |client: usize| clients.cost(client, site) * SCALE - prices[client];
    let mut paying: Vec<(i64, usize)> =
        (0..clients.len()).map(|client| (margin(client), client)).filter(|(margin, _)| *margin < 0).collect();
    // By cross-multiplication; who needs nothing comes first.
    let times = |margin: i64, client: usize| i128::from(margin) * i128::from(clients.demands[client]);
    paying.sort_by_key(|&(_, client)| (clients.demands[client] > 0, client));
    let needs_nothing = paying.partition_point(|&(_, client)| clients.demands[client] == 0);
    paying[needs_nothing..].sort_by(|a, b| times(a.0, b.1).cmp(&times(b.0, a.1)).then(a.1.cmp(&b.1)));
    let mut room = clients.capacities[site as usize];
    let (mut value, mut taken) = (0, Vec::new());
    for (margin, client) in paying {
        let demand = clients.demands[client];
        if demand <= room {
            room -= demand;
            value += margin;
            taken.push((client, 1.0));
        } else {
            value += (i128::from(margin) * i128::from(room)).div_euclid(i128::from(demand)) as i64;
            taken.push((client, room as f64 / demand as f64));
            break;
        }
    }
    (value, taken)
}
