//! Can so many sites reach every client within a radius? Three answers: by greed, by branching, and no.

use crate::optimiser::hub::matrix::Matrix;
use crate::optimiser::hub::work::Work;

/// Which site reaches which client within a radius, in bits.
pub(super) struct Cover {
    sites: usize,
    /// Clients of each site.
    of_site: Vec<u64>,
    /// Words of 64 clients.
    words: usize,
    /// Sites of each client.
    of_client: Vec<Vec<u32>>,
}

/// What a search found.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Found {
    Hubs(Vec<u32>),
    /// There is no such choice.
    No,
    /// The work was done before.
    Unknown,
}

impl Cover {
    pub(super) fn new(distances: &Matrix<u32>, radius: u32, work: &mut Work) -> Self {
        let (clients, sites) = (distances.rows(), distances.columns());
        let words = clients.div_ceil(64);
        let mut of_site = vec![0_u64; sites * words];
        let mut of_client = Vec::with_capacity(clients);
        for client in 0..clients {
            let within = distances.row(client).iter().zip(0..).filter(|&(&distance, _)| distance <= radius);
            let within: Vec<u32> = within.map(|(_, site)| site).collect();
            within.iter().for_each(|&site| of_site[site as usize * words + client / 64] |= 1 << (client % 64));
            of_client.push(within);
        }
        work.spend(clients * sites);
        Self { sites, of_site, words, of_client }
    }

    fn clients_of(&self, site: u32) -> &[u64] {
        &self.of_site[site as usize * self.words..(site as usize + 1) * self.words]
    }

    /// All clients, as bits.
    fn everyone(&self) -> Vec<u64> {
        let mut bits = vec![0; self.words];
        (0..self.of_client.len()).for_each(|client| bits[client / 64] |= 1 << (client % 64));
        bits
    }

    /// Sites by greed: the site that reaches most of those who are left (Chvátal 1979).
    pub(super) fn greedy(&self, most: usize, work: &mut Work) -> Option<Vec<u32>> {
        let mut left = self.everyone();
        let mut hubs = Vec::new();
        while left.iter().any(|&word| word != 0) {
            if hubs.len() == most {
                return None;
            }
            let reached = |site: &u32| common(self.clients_of(*site), &left);
            let best = (0..self.sites as u32).max_by_key(|site| (reached(site), std::cmp::Reverse(*site)))?;
            if reached(&best) == 0 {
                return None;
            }
            work.spend(self.sites * self.words);
            take(&mut left, self.clients_of(best));
            hubs.push(best);
        }
        Some(hubs)
    }

    /// So many sites are needed at least for those who are left: clients that share no site need one each.
    fn needed(&self, left: &[u64], work: &mut Work) -> usize {
        let mut left = left.to_vec();
        let mut needed = 0;
        // Those with few sites first: they rule the fewest others out.
        while let Some(client) = self.scarcest(&left) {
            needed += 1;
            let sites = &self.of_client[client];
            work.spend(sites.len() * self.words + left.len() * 8);
            left[client / 64] &= !(1 << (client % 64));
            sites.iter().for_each(|&site| take(&mut left, self.clients_of(site)));
        }
        needed
    }

    /// More sites than `most` are needed, by a proof that takes little work.
    pub(super) fn needs_more_than(&self, most: usize, work: &mut Work) -> bool {
        self.of_client.iter().any(Vec::is_empty) || self.needed(&self.everyone(), work) > most
    }

    /// Searches all choices of at most `most` sites.
    pub(super) fn search(&self, most: usize, work: &mut Work) -> Found {
        let mut hubs = Vec::new();
        match self.branch(&self.everyone(), most, &mut hubs, work) {
            Some(true) => Found::Hubs(hubs),
            Some(false) => Found::No,
            None => Found::Unknown,
        }
    }

    /// Tries each site of the client that has fewest.
    fn branch(&self, left: &[u64], most: usize, hubs: &mut Vec<u32>, work: &mut Work) -> Option<bool> {
        let Some(client) = self.scarcest(left) else { return Some(true) };
        if most == 0 || self.needed(left, work) > most {
            return Some(false);
        }
        let mut sites = self.of_client[client].clone();
        sites.sort_by_key(|&site| (std::cmp::Reverse(common(self.clients_of(site), left)), site));
        for (place, &site) in sites.iter().enumerate() {
            if !work.spend(self.words * sites.len()) {
                return None;
            }
            // A site that reaches no more than one before it need not be tried.
            let mine = |site| self.clients_of(site).iter().zip(left).map(|(clients, left)| clients & left);
            let within = |other: u32| mine(site).zip(mine(other)).all(|(mine, other)| mine & !other == 0);
            if sites[..place].iter().any(|&other| within(other)) {
                continue;
            }
            let mut rest = left.to_vec();
            take(&mut rest, self.clients_of(site));
            hubs.push(site);
            if self.branch(&rest, most - 1, hubs, work)? {
                return Some(true);
            }
            hubs.pop();
        }
        Some(false)
    }

    /// The client with fewest sites.
    fn scarcest(&self, left: &[u64]) -> Option<usize> {
        let clients = left.iter().enumerate().flat_map(|(word, &bits)| ones(bits).map(move |bit| word * 64 + bit));
        clients.min_by_key(|&client| self.of_client[client].len())
    }
}

/// The places of the bits that are set.
fn ones(mut bits: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let place = (bits != 0).then(|| bits.trailing_zeros() as usize)?;
        bits &= bits - 1;
        Some(place)
    })
}

fn common(a: &[u64], b: &[u64]) -> u32 {
    a.iter().zip(b).map(|(a, b)| (a & b).count_ones()).sum()
}

fn take(left: &mut [u64], gone: &[u64]) {
    left.iter_mut().zip(gone).for_each(|(left, gone)| *left &= !gone);
}
