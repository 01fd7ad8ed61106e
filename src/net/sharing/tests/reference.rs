//! Progressive filling, written plainly: all flows grow together, in proportion to their weights, until a link is
//! full or a cap is reached; those stop, the others go on (Bertsekas and Gallager, section 6.5.2).

use std::collections::BTreeMap;

use crate::net::sharing::{FairShares, FlowId, FlowSpec, bps};
use crate::units::Bitrate;

/// A network and its flows beside the [`FairShares`] under test, which gets the same calls.
#[derive(Default)]
pub(super) struct Twin {
    pub(super) shares: FairShares,
    pub(super) flows: BTreeMap<FlowId, FlowSpec>,
    /// Uplink and downlink of each host.
    pub(super) hosts: Vec<[Option<Bitrate>; 2]>,
    /// Rates when they were last settled.
    rates: BTreeMap<FlowId, f64>,
}

impl Twin {
    pub(super) fn add_host(&mut self, up: Option<Bitrate>, down: Option<Bitrate>) -> u32 {
        self.hosts.push([up, down]);
        self.shares.add_host(up, down)
    }

    pub(super) fn add(&mut self, spec: FlowSpec) -> FlowId {
        let flow = self.shares.add(&spec);
        assert!(self.flows.insert(flow, spec).is_none(), "{flow:?} exists already");
        flow
    }

    pub(super) fn remove(&mut self, flow: FlowId) {
        self.shares.remove(flow);
        self.flows.remove(&flow);
        self.rates.remove(&flow);
    }

    pub(super) fn set_cap(&mut self, flow: FlowId, cap: Option<Bitrate>) {
        self.shares.set_cap(flow, cap);
        self.flows.get_mut(&flow).expect("a flow").cap = cap;
    }

    pub(super) fn set_capacity(&mut self, host: u32, end: usize, rate: Option<Bitrate>) {
        if end == 0 {
            self.shares.set_up(host, rate);
        } else {
            self.shares.set_down(host, rate);
        }
        self.hosts[host as usize][end] = rate;
    }

    /// Settles, checks all there is to check, and returns the largest relative error of a rate.
    pub(super) fn check(&mut self) -> f64 {
        let mut changed = self.shares.settle().to_vec();
        let told = changed.len();
        changed.sort_unstable();
        changed.dedup();
        assert_eq!(changed.len(), told, "a flow was told twice");
        for &flow in self.flows.keys() {
            let got = self.shares.rate(flow);
            let before = self.rates.insert(flow, got);
            if before.is_none_or(|before| error(got, before) > 1e-9) {
                assert!(changed.contains(&flow), "{flow:?} from {before:?} to {got} was not told");
            }
        }
        assert!(changed.iter().all(|flow| self.flows.contains_key(flow)));
        self.check_optimal();
        self.error()
    }

    /// The largest relative error of a rate that is settled.
    pub(super) fn error(&self) -> f64 {
        self.filled().iter().map(|(&flow, &rate)| error(self.shares.rate(flow), rate)).fold(0.0, f64::max)
    }

    /// No link carries more than its capacity, and every flow has a bottleneck: its cap, or a full link where no
    /// flow has a larger rate for its weight.
    fn check_optimal(&self) {
        let rate = |flow: &FlowId| self.shares.rate(*flow);
        let on = |host: u32, end: usize| {
            self.flows.iter().filter(move |(_, spec)| [spec.from, spec.to][end] == host).collect::<Vec<_>>()
        };
        let carried = |host, end| on(host, end).into_iter().map(|(flow, _)| rate(flow)).sum::<f64>();
        let capacity = |host: u32, end: usize| bps(self.hosts[host as usize][end]);
        for host in 0..self.hosts.len() as u32 {
            for end in [0, 1] {
                let (used, most) = (carried(host, end), capacity(host, end));
                assert!(used <= most * (1.0 + 1e-9), "{used} over a link of {most}");
            }
        }
        for (flow, spec) in &self.flows {
            let own = rate(flow);
            let at_cap = own >= bps(spec.cap) * (1.0 - 1e-9);
            let is_bottleneck = |host, end| {
                carried(host, end) >= capacity(host, end) * (1.0 - 1e-9)
                    && on(host, end)
                        .iter()
                        .all(|(other, their)| rate(other) / their.weight <= own / spec.weight * (1.0 + 1e-9))
            };
            assert!(at_cap || is_bottleneck(spec.from, 0) || is_bottleneck(spec.to, 1), "{flow:?} could have more");
        }
    }

    /// The rates by progressive filling.
    pub(super) fn filled(&self) -> BTreeMap<FlowId, f64> {
        let mut rates: BTreeMap<FlowId, f64> = BTreeMap::new();
        loop {
            // How far the common level may rise until something stops, and what.
            let growing: Vec<_> = self.flows.iter().filter(|(flow, _)| !rates.contains_key(flow)).collect();
            if growing.is_empty() {
                return rates;
            }
            let mut level = growing.iter().map(|(_, spec)| bps(spec.cap) / spec.weight).fold(f64::INFINITY, f64::min);
            let mut share = vec![[f64::INFINITY; 2]; self.hosts.len()];
            for (host, share) in share.iter_mut().enumerate() {
                for end in [0, 1] {
                    let here = |spec: &FlowSpec| [spec.from, spec.to][end] as usize == host;
                    let weight: f64 = growing.iter().filter(|(_, spec)| here(spec)).map(|(_, spec)| spec.weight).sum();
                    let stopped: f64 =
                        rates.iter().filter(|(flow, _)| here(&self.flows[flow])).map(|(_, rate)| rate).sum();
                    if weight > 0.0 {
                        share[end] = ((bps(self.hosts[host][end]) - stopped) / weight).max(0.0);
                        level = level.min(share[end]);
                    }
                }
            }
            let stops = |limit: f64| limit <= level * (1.0 + 1e-13);
            for (&flow, spec) in growing {
                let limits = [bps(spec.cap) / spec.weight, share[spec.from as usize][0], share[spec.to as usize][1]];
                if limits.into_iter().any(stops) {
                    rates.insert(flow, level * spec.weight);
                }
            }
        }
    }
}

/// The relative error of a rate.
pub(super) fn error(got: f64, expected: f64) -> f64 {
    if got.to_bits() == expected.to_bits() { 0.0 } else { (got - expected).abs() / expected.max(1e-9) }
}
