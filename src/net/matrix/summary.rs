//! What was read from a matrix, in one line, and what of it is not plausible.

use super::{MatrixFile, MatrixTable, MatrixUnit, Measures};
use crate::net::data_file::figure;

/// A shorter median round trip is that of one hall, or of a file in seconds.
const LEAST_MEDIAN_MS: f64 = 1.0;
/// A longer one is that of no network.
const MOST_MEDIAN_MS: f64 = 2_000.0;
/// A longer round trip between any two places neither.
const MOST_MS: f64 = 5_000.0;
/// Directions further apart, in the median, are no round trips.
const MOST_ASYMMETRY_PERCENT: f64 = 25.0;

/// Figures of the cells, in ms, in what the file measures.
#[derive(Debug, Clone, PartialEq)]
struct Figures {
    places: usize,
    /// Between different places.
    median: f64,
    smallest: f64,
    largest: f64,
    zeros: usize,
    median_diagonal: f64,
    /// How far the directions of a pair are apart, of the larger: in the median, and at most.
    asymmetry_percent: [f64; 2],
}

impl Figures {
    fn of(table: &MatrixTable, measures: Measures) -> Self {
        let places = table.names.len();
        let factor = match measures {
            Measures::RoundTrip => 2.0,
            Measures::OneWay => 1.0,
        };
        let cell = |from: usize, to: usize| table.one_way_ns[from * places + to] as f64 * factor / 1e6;
        let pairs = || (0..places).flat_map(|from| (0..from).map(move |to| (from, to)));
        let mut cells: Vec<f64> = pairs().flat_map(|(a, b)| [cell(a, b), cell(b, a)]).collect();
        let apart = |(a, b): (usize, usize)| {
            let (one, other) = (cell(a, b), cell(b, a));
            let larger = one.max(other);
            if larger > 0.0 { 100.0 * (one - other).abs() / larger } else { 0.0 }
        };
        let mut apart: Vec<f64> = pairs().map(apart).collect();
        let mut diagonal: Vec<f64> = (0..places).map(|place| cell(place, place)).collect();
        Self {
            places,
            median: median(&mut cells),
            smallest: cells.iter().copied().min_by(f64::total_cmp).unwrap_or_default(),
            largest: cells.iter().copied().max_by(f64::total_cmp).unwrap_or_default(),
            zeros: cells.iter().filter(|&&cell| cell == 0.0).count(),
            median_diagonal: median(&mut diagonal),
            asymmetry_percent: [median(&mut apart), apart.iter().copied().max_by(f64::total_cmp).unwrap_or_default()],
        }
    }
}

/// The upper one of two.
fn median(values: &mut [f64]) -> f64 {
    let middle = values.len() / 2;
    if values.is_empty() { 0.0 } else { *values.select_nth_unstable_by(middle, f64::total_cmp).1 }
}

impl MatrixFile {
    /// What was read, in one line.
    #[must_use]
    pub fn summary(&self) -> String {
        let figures = Figures::of(&self.table, self.measures);
        let what = match self.measures {
            Measures::RoundTrip => "round trips",
            Measures::OneWay => "one-way delays",
        };
        let unit = match self.unit {
            MatrixUnit::Ms => "ms",
            MatrixUnit::Us => "us",
            MatrixUnit::S => "s",
        };
        let mut line = format!("{}: {} places, {what} read in {unit}", self.file.display(), figures.places);
        if figures.places == 1 {
            return format!("{line}: {} ms within it", figure(figures.median_diagonal));
        }
        let [median, smallest, largest] = [figures.median, figures.smallest, figures.largest].map(figure);
        line += &format!(": median {median} ms, smallest {smallest} ms, largest {largest} ms");
        if figures.zeros > 0 {
            line += &format!(", {} off the diagonal", zeros(figures.zeros));
        }
        line + &match figures.asymmetry_percent {
            [_, 0.0] => ", symmetric".to_owned(),
            [median, most] => {
                format!(", directions {} % apart in the median, {} % at most", figure(median), figure(most))
            }
        }
    }

    /// What of it is not plausible.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let Figures { places, median, largest, zeros: none, median_diagonal, asymmetry_percent, .. } =
            Figures::of(&self.table, self.measures);
        let mut warnings = Vec::new();
        let file = self.file.display();
        let mut warn = |words: String| warnings.push(format!("{file}: {words}"));
        if places == 1 {
            warn("one place: everybody is there".to_owned());
            return warnings;
        }
        let shown = figure(median);
        if median < LEAST_MEDIAN_MS {
            let other = match self.unit {
                MatrixUnit::Ms => "are these seconds? Then say `unit = \"s\"`",
                MatrixUnit::Us => "are these milliseconds? Then leave out `unit`",
                MatrixUnit::S => "is this one hall?",
            };
            warn(format!("median {shown} ms: {other}"));
        }
        if median > MOST_MEDIAN_MS {
            let other = match self.unit {
                MatrixUnit::Ms => "are these microseconds? Then say `unit = \"us\"`",
                MatrixUnit::Us => "is the `unit` right?",
                MatrixUnit::S => "are these milliseconds? Then leave out `unit`",
            };
            warn(format!("median {shown} ms: {other}"));
        } else if largest > MOST_MS {
            warn(format!(
                "the largest is {} ms: is that a delay, or a mark for a missing one? Leave those empty",
                figure(largest)
            ));
        }
        if none > 0 {
            warn(format!("{} off the diagonal: no delay at all. If they are missing, leave them empty", zeros(none)));
        }
        if self.measures == Measures::RoundTrip && asymmetry_percent[0] > MOST_ASYMMETRY_PERCENT {
            warn(format!(
                "directions are {} % apart in the median, and a round trip has none: are these one-way delays, or rows in another order than columns?",
                figure(asymmetry_percent[0])
            ));
        }
        if median_diagonal > median && median > 0.0 {
            warn(format!(
                "the diagonal's median of {} ms is above that between places: do rows and columns name the same places?",
                figure(median_diagonal)
            ));
        }
        if self.table.filled > 0 {
            warn(format!("{} missing cells took the value of the opposite direction", self.table.filled));
        }
        warnings
    }
}

fn zeros(count: usize) -> String {
    if count == 1 { "1 zero".to_owned() } else { format!("{count} zeros") }
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    fn read(text: &str, unit: MatrixUnit, measures: Measures) -> MatrixFile {
        let table = parse::table(text, unit, measures).expect(text);
        MatrixFile { file: "a.csv".into(), unit, measures, table }
    }

    #[test]
    fn seconds_that_are_read_as_milliseconds_are_asked_about() {
        let file = read("0\t0.2\t0.3\n0.2\t0\t0\n0.3\t0.4\t0\n", MatrixUnit::Ms, Measures::RoundTrip);
        assert_eq!(
            file.summary(),
            "a.csv: 3 places, round trips read in ms: median 0.3 ms, smallest 0 ms, largest 0.4 ms, 1 zero off the diagonal, directions 0 % apart in the median, 100 % at most"
        );
        let warnings = file.warnings();
        assert!(warnings[0].contains("median 0.3 ms: are these seconds?"), "{warnings:?}");
        assert!(warnings[1].contains("1 zero off the diagonal"), "{warnings:?}");
        let seconds = read("0 0.2\n0.2 0\n", MatrixUnit::S, Measures::OneWay);
        assert!(seconds.warnings().is_empty(), "{:?}", seconds.warnings());
        assert!(seconds.summary().contains("median 200 ms") && seconds.summary().contains("symmetric"));
    }

    #[test]
    fn what_is_not_plausible_is_told() {
        let said = |text: &str, unit| read(text, unit, Measures::RoundTrip).warnings().join("\n");
        assert!(said("0 30000\n30000 0\n", MatrixUnit::Ms).contains("microseconds"));
        assert!(said("0 30\n30 0\n", MatrixUnit::Us).contains("milliseconds"));
        assert!(said("0 30\n30 0\n", MatrixUnit::S).contains("milliseconds"));
        assert!(said("0 30 40\n30 0 50\n9999 50 0\n", MatrixUnit::Ms).contains("largest"));
        assert!(said("0 30\n10 0\n", MatrixUnit::Ms).contains("one-way"));
        assert!(said("90 30\n30 99\n", MatrixUnit::Ms).contains("diagonal"));
        assert!(said("0 30\n- 0\n", MatrixUnit::Ms).contains("1 missing"));
        assert_eq!(said("1 30\n30 1\n", MatrixUnit::Ms), "");
    }
}
