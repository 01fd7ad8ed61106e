//! Values on an axis as numbers, whatever their unit: for ranges and for the x of a plot.

use crate::units::{Bitrate, ByteCount, Frequency, Probability, SimDuration, UsdPerGigabyte};

/// A number and what it counts; numbers of one kind can be compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Quantity {
    kind: Kind,
    /// The number in the base unit: seconds, bytes, bit/s, per second, percent, USD/GB.
    pub(super) number: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Number,
    Time,
    Data,
    Bitrate,
    Frequency,
    Share,
    Price,
}

impl Quantity {
    /// Reads a number, with or without a unit.
    #[expect(clippy::cast_precision_loss, reason = "for plots, not for the simulation")]
    pub(super) fn parse(text: &str) -> Option<Self> {
        let of = |kind, number| Some(Self { kind, number });
        if let Some(number) = text.parse::<f64>().ok().filter(|number| number.is_finite()) {
            return of(Kind::Number, number);
        }
        if let Ok(time) = text.parse::<SimDuration>() {
            return of(Kind::Time, time.as_secs_f64());
        }
        if let Ok(data) = text.parse::<ByteCount>() {
            return of(Kind::Data, data.get() as f64);
        }
        if let Ok(rate) = text.parse::<Bitrate>() {
            return of(Kind::Bitrate, rate.as_bps() as f64);
        }
        if let Ok(frequency) = text.parse::<Frequency>() {
            return of(Kind::Frequency, frequency.per_second());
        }
        if let Ok(share) = text.parse::<Probability>() {
            return of(Kind::Share, share.get() * 100.0);
        }
        text.parse::<UsdPerGigabyte>().ok().and_then(|price| of(Kind::Price, price.get()))
    }

    /// Whether both count the same, so that they can be compared and added.
    pub(super) fn is_like(self, other: Self) -> bool {
        self.kind == other.kind
    }
}

/// The unit at the end of `text`: "ms" of "40 ms".
pub(super) fn unit_of(text: &str) -> &str {
    text.trim().trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | '_' | '+' | '-')).trim_start()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_tell_the_kind() {
        let number = |text| Quantity::parse(text).map(|quantity| quantity.number);
        assert_eq!(number("1000"), Some(1000.0));
        assert_eq!(number("40 ms"), Some(0.04));
        assert_eq!(number("2 Mbit/s"), Some(2e6));
        assert_eq!(number("64 KiB"), Some(65_536.0));
        assert_eq!(number("12.5 %"), Some(12.5));
        assert_eq!(number("cable"), None);
        assert_eq!(unit_of("40ms"), "ms");
        assert_eq!(unit_of("5"), "");
    }
}
