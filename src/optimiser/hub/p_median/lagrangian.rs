//! Lower bounds by Lagrangian relaxation, and sites that can be ruled in or out by them.
//!
//! Every client pays a price for being served; then each site earns on its own, and the best `p` sites give a bound
//! (Cornuéjols, Fisher and Nemhauser 1977). Prices are improved by a subgradient method (Held, Wolfe and Crowder 1974).
//! They are integers in units of 1/256 of the distance, so that a bound is exact: no rounding can prove what is not so.

use super::instance::Instance;
use crate::optimiser::hub::work::Work;

/// Units of a price in one unit of distance.
const SCALE: i64 = 256;
/// Rounds without a better bound after which the step is halved.
const PATIENCE: u32 = 12;
/// The step, as a share of the gap, below which prices are as good as they get.
const STEP_MIN: f64 = 0.002;

/// What is known of a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Free,
    Hub,
    Never,
}

/// Prices, and what they prove.
#[derive(Clone)]
pub(super) struct Prices {
    /// The price of each client, scaled.
    prices: Vec<i64>,
    /// The best bound, as an integer that no answer goes below.
    pub(super) bound: i64,
    /// The best value of the relaxation since the last start, scaled.
    pub(super) scaled: i64,
    /// How often each site is among the chosen ones, lately: an estimate of the fractional optimum.
    pub(super) often: Vec<f32>,
    step: f64,
    direction: Vec<f32>,
    failures: u32,
}

/// One evaluation of the relaxation.
#[derive(Default)]
struct Relaxed {
    scaled: i64,
    /// What each site earns: zero or less.
    reduced: Vec<i64>,
    /// The sites that the relaxation makes hubs.
    chosen: Vec<u32>,
    is_chosen: Vec<bool>,
    /// What they cost.
    value: i64,
    /// The dearest chosen free site and the cheapest that is not.
    last_in: i64,
    first_out: i64,
    /// Free sites, the cheapest first as far as they are chosen.
    order: Vec<u32>,
    /// One less the times that each client is served.
    shortage: Vec<i32>,
}

impl Relaxed {
    fn evaluate(&mut self, instance: &Instance, status: &[Status], prices: &[i64]) -> usize {
        self.reduced.clear();
        self.reduced.resize(instance.sites(), 0);
        // Choosing sites and moving prices take their time as well.
        let (mut scaled, mut steps) = (0, 8 * instance.sites() + 8 * instance.clients());
        for (client, &price) in prices.iter().enumerate() {
            let weight = instance.weights[client];
            scaled += weight * price;
            for near in instance.near(client) {
                let margin = i64::from(near.distance) * SCALE - price;
                if margin >= 0 {
                    break;
                }
                self.reduced[near.site as usize] += weight * margin;
                steps += 1;
            }
        }
        self.choose(instance, status);
        scaled += self.chosen.iter().map(|&site| self.reduced[site as usize]).sum::<i64>();
        self.scaled = scaled;
        steps
    }

    fn choose(&mut self, instance: &Instance, status: &[Status]) {
        let with = |wanted| (0..instance.sites() as u32).filter(move |&site| status[site as usize] == wanted);
        self.chosen.clear();
        self.chosen.extend(with(Status::Hub));
        self.order.clear();
        self.order.extend(with(Status::Free));
        let more = instance.hubs.saturating_sub(self.chosen.len()).min(self.order.len());
        let reduced = &self.reduced;
        let key = |&site: &u32| (reduced[site as usize], site);
        if more > 0 && more < self.order.len() {
            self.order.select_nth_unstable_by_key(more, key);
        }
        let (inside, outside) = self.order.split_at(more);
        self.last_in = inside.iter().map(|site| key(site).0).max().unwrap_or(i64::MIN / 4);
        self.first_out = outside.iter().map(|site| key(site).0).min().unwrap_or(i64::MAX / 4);
        self.chosen.extend_from_slice(inside);
    }

    /// Counts how often each client is served too little (1 - times served), and what the chosen hubs cost.
    fn serve(&mut self, instance: &Instance, prices: &[i64]) -> usize {
        self.is_chosen.clear();
        self.is_chosen.resize(instance.sites(), false);
        self.chosen.iter().for_each(|&site| self.is_chosen[site as usize] = true);
        self.shortage.clear();
        self.value = 0;
        let mut steps = 0;
        for (client, &price) in prices.iter().enumerate() {
            let mut times = 0;
            let mut nearest = None;
            for near in instance.near(client) {
                let is_within = i64::from(near.distance) * SCALE < price;
                if !is_within && nearest.is_some() {
                    break;
                }
                steps += 1;
                if self.is_chosen[near.site as usize] {
                    times += i32::from(is_within);
                    nearest = nearest.or(Some(near.distance));
                }
            }
            self.shortage.push(1 - times);
            self.value += instance.weights[client] * i64::from(nearest.unwrap_or(instance.penalty));
        }
        steps
    }

    /// Rules sites in and out for good that no answer below `upper` can have otherwise.
    fn fix(&self, status: &mut [Status], upper: i64) {
        // An answer below `upper` is at most `upper - 1`.
        let limit = (upper - 1) * SCALE;
        for &site in &self.order {
            let reduced = self.reduced[site as usize];
            if !self.is_chosen[site as usize] && reduced - self.last_in > limit - self.scaled {
                status[site as usize] = Status::Never;
            } else if self.is_chosen[site as usize] && self.first_out - reduced > limit - self.scaled {
                status[site as usize] = Status::Hub;
            }
        }
    }
}

impl Prices {
    /// Prices to begin with: between the distances to the nearest and the second nearest hub of an answer.
    pub(super) fn new(instance: &Instance, hubs: &[u32]) -> Self {
        let price = |client| {
            let (mut first, mut second) = (instance.penalty, instance.penalty);
            for &hub in hubs {
                let distance = instance.distance(client, hub);
                if distance < first {
                    (first, second) = (distance, first);
                } else {
                    second = second.min(distance);
                }
            }
            (i64::from(first) + i64::from(second.min(first.saturating_mul(2)))) * SCALE / 2
        };
        Self {
            prices: (0..instance.clients()).map(price).collect(),
            bound: 0,
            scaled: i64::MIN,
            often: vec![0.0; instance.sites()],
            step: 1.0,
            direction: vec![0.0; instance.clients()],
            failures: 0,
        }
    }

    /// Goes on as in a problem of its own, with a step of this size.
    pub(super) fn restart(&mut self, step: f64) {
        self.step = step;
        self.failures = 0;
        self.scaled = i64::MIN;
        self.direction.fill(0.0);
    }

    /// The same prices for an instance with these sites only.
    pub(super) fn restricted(&self, sites: &[u32]) -> Self {
        Self { often: sites.iter().map(|&site| self.often[site as usize]).collect(), ..self.clone() }
    }

    pub(super) fn is_converged(&self) -> bool {
        self.step < STEP_MIN
    }

    /// Improves prices for so many rounds, against the best answer known, and rules sites in or out on the way. Each
    /// choice of hubs that the relaxation makes is shown to `seen` with its value, which says what the best answer
    /// costs then. What is left is the last choice.
    pub(super) fn ascend(
        &mut self,
        instance: &Instance,
        status: &mut [Status],
        rounds: u32,
        work: &mut Work,
        seen: &mut dyn FnMut(&[u32], i64) -> i64,
    ) -> Vec<u32> {
        let mut relaxed = Relaxed::default();
        let mut best_prices = self.prices.clone();
        for _ in 0..rounds {
            let steps = relaxed.evaluate(instance, status, &self.prices) + relaxed.serve(instance, &self.prices);
            let is_left = work.spend(steps);
            if relaxed.chosen.len() != instance.hubs {
                // Too many sites are ruled out, or in: nothing better is left.
                self.bound = i64::MAX;
                break;
            }
            let upper = seen(&relaxed.chosen, relaxed.value);
            let floor = relaxed.scaled.div_euclid(SCALE);
            self.bound = self.bound.max(floor + i64::from(relaxed.scaled.rem_euclid(SCALE) != 0));
            self.often.iter_mut().for_each(|often| *often *= 0.9);
            relaxed.chosen.iter().for_each(|&site| self.often[site as usize] += 0.1);
            if relaxed.scaled > self.scaled {
                self.scaled = relaxed.scaled;
                best_prices.copy_from_slice(&self.prices);
                self.failures = 0;
                relaxed.fix(status, upper);
            } else {
                self.fail(&best_prices);
            }
            let is_over = self.bound >= upper || self.is_converged() || !is_left;
            if is_over || !self.advance(instance, &relaxed, upper) {
                break;
            }
        }
        self.prices = best_prices;
        relaxed.chosen
    }

    /// Counts a round that was no better; after some of them, goes back to the best prices with half the step.
    fn fail(&mut self, best: &[i64]) {
        self.failures += 1;
        if self.failures >= PATIENCE {
            self.failures = 0;
            self.step /= 2.0;
            self.prices.copy_from_slice(best);
            self.direction.fill(0.0);
        }
    }

    /// Moves the prices; false if nobody is served too little or too much.
    fn advance(&mut self, instance: &Instance, relaxed: &Relaxed, upper: i64) -> bool {
        let mut norm = 0.0_f64;
        let clients = self.direction.iter_mut().zip(&relaxed.shortage).zip(&instance.weights);
        for ((direction, &shortage), &weight) in clients {
            *direction = 0.6 * *direction + shortage as f32;
            norm += weight as f64 * f64::from(*direction) * f64::from(*direction);
        }
        if relaxed.shortage.iter().all(|&shortage| shortage == 0) || norm == 0.0 {
            return false;
        }
        // Half a unit beyond the best answer, so that steps do not die out where the two nearly meet.
        let gap = (upper * SCALE - relaxed.scaled) as f64 + SCALE as f64 / 2.0;
        let step = self.step * gap / norm;
        let most = i64::from(instance.penalty) * SCALE;
        for (price, &direction) in self.prices.iter_mut().zip(&self.direction) {
            *price = (*price + (step * f64::from(direction)) as i64).clamp(0, most);
        }
        true
    }
}
