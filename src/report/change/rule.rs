//! `--fail-if`: how far a metric may change before it is an alarm.

use std::fmt;
use std::str::FromStr;

use super::row::{Change, FALSE_WORD, Figure};
use crate::metrics::MetricId;

/// A metric and how far it may move in one direction: `delivery_latency_p95_ms:+5%`, `delivery_ratio_percent:-0.5`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    /// The metric.
    pub metric: MetricId,
    // With its sign: `+` for what may be added, `-` for what may be taken.
    upwards: bool,
    limit: f64,
    relative: bool,
}

impl Rule {
    /// What breaks it, in words, if this change surely does: in a direction that no chance explains, and by more than
    /// is allowed.
    pub(super) fn broken_by(&self, change: &Change) -> Option<String> {
        let is_sure = change.p.is_some_and(|p| p <= FALSE_WORD);
        if change.figure != Figure::Metric(self.metric) || !is_sure {
            return None;
        }
        let moved = match self.relative {
            // Anything is infinitely more than nothing.
            true => change.percent().unwrap_or_else(|| f64::INFINITY.copysign(change.difference())),
            false => change.difference(),
        };
        let beyond = if self.upwards { moved > self.limit } else { -moved > self.limit };
        let unit = if self.relative { " %" } else { "" };
        beyond.then(|| {
            format!(
                "{}: {} moved by {moved:+.3}{unit}, and {self} allows less",
                change.place,
                self.metric.definition().name
            )
        })
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, unit) = (if self.upwards { '+' } else { '-' }, if self.relative { "%" } else { "" });
        write!(f, "{}:{sign}{}{unit}", self.metric.definition().name, self.limit)
    }
}

impl FromStr for Rule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const EXAMPLE: &str = "a metric and how far it may move, such as `delivery_latency_p95_ms:+5%`, is expected";
        let (name, limit) = text.split_once(':').ok_or(EXAMPLE)?;
        let metric = MetricId::by_name(name.trim())
            .ok_or_else(|| format!("no metric is called `{name}`; `peerscape list metrics` shows them"))?;
        let limit = limit.trim();
        let upwards = match limit.chars().next() {
            Some('+') => true,
            Some('-') => false,
            _ => return Err(format!("{EXAMPLE}, with its sign")),
        };
        let number = limit[1..].trim_end_matches('%').trim();
        let limit_of: f64 = number.parse().map_err(|_| EXAMPLE.to_owned())?;
        if !limit_of.is_finite() || limit_of < 0.0 {
            return Err(EXAMPLE.to_owned());
        }
        Ok(Self { metric, upwards, limit: limit_of, relative: limit.ends_with('%') })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read_and_shown() {
        for text in ["delivery_latency_p95_ms:+5%", "delivery_ratio_percent:-0.5"] {
            assert_eq!(text.parse::<Rule>().expect("a rule").to_string(), text);
        }
        for text in
            ["latency:+5%", "delivery_latency_p95_ms", "delivery_latency_p95_ms:5%", "delivery_latency_p95_ms:+x"]
        {
            assert!(text.parse::<Rule>().is_err(), "{text}");
        }
    }
}
