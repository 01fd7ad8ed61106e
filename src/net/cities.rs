//! The built-in world: cities, how many peers live near each, and round trips between them.
//!
//! A pair with a published figure uses it; any other pair gets the distance fit
//! `rtt_ms = 0.0287 * miles + 7.26` over the great circle. Sources: docs/MODELS.md, "Latency".

use crate::units::SimDuration;

/// A city: a place that peers and servers can be at.
#[derive(Clone, Copy, Debug)]
pub struct City {
    /// The name in scenario files.
    pub name: &'static str,
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// The part of the world, by which the named region mixes choose.
    pub continent: Continent,
    /// Relative number of Internet users it stands for.
    pub weight: u32,
}

/// A part of the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Continent {
    /// Africa.
    Africa,
    /// Asia with the Middle East.
    Asia,
    /// Europe.
    Europe,
    /// North America.
    NorthAmerica,
    /// Australia and New Zealand.
    Oceania,
    /// South America.
    SouthAmerica,
}

const fn city(name: &'static str, latitude: f64, longitude: f64, continent: Continent, weight: u32) -> City {
    City { name, latitude, longitude, continent, weight }
}

/// Every built-in city. Weights follow the Internet users of the surrounding part of the world, in
/// tens of millions, rounded; they are a coarse default and a knob.
pub static CITIES: &[City] = &[
    city("Amsterdam", 52.37, 4.90, Continent::Europe, 4),
    city("Atlanta", 33.75, -84.39, Continent::NorthAmerica, 4),
    city("Auckland", -36.85, 174.76, Continent::Oceania, 1),
    city("Bangalore", 12.97, 77.59, Continent::Asia, 30),
    city("Berlin", 52.52, 13.40, Continent::Europe, 4),
    city("Bogota", 4.71, -74.07, Continent::SouthAmerica, 6),
    city("Buenos Aires", -34.60, -58.38, Continent::SouthAmerica, 5),
    city("Cairo", 30.04, 31.24, Continent::Africa, 12),
    city("Chicago", 41.88, -87.63, Continent::NorthAmerica, 5),
    city("Dallas", 32.78, -96.80, Continent::NorthAmerica, 5),
    city("Dubai", 25.20, 55.27, Continent::Asia, 8),
    city("Frankfurt", 50.11, 8.68, Continent::Europe, 4),
    city("Hong Kong", 22.32, 114.17, Continent::Asia, 30),
    city("Istanbul", 41.01, 28.98, Continent::Europe, 7),
    city("Jakarta", -6.21, 106.85, Continent::Asia, 25),
    city("Johannesburg", -26.20, 28.05, Continent::Africa, 6),
    city("Lagos", 6.52, 3.38, Continent::Africa, 16),
    city("Lima", -12.05, -77.04, Continent::SouthAmerica, 5),
    city("London", 51.51, -0.13, Continent::Europe, 7),
    city("Los Angeles", 34.05, -118.24, Continent::NorthAmerica, 5),
    city("Madrid", 40.42, -3.70, Continent::Europe, 5),
    city("Mexico City", 19.43, -99.13, Continent::NorthAmerica, 10),
    city("Milan", 45.46, 9.19, Continent::Europe, 5),
    city("Moscow", 55.76, 37.62, Continent::Europe, 12),
    city("Nairobi", -1.29, 36.82, Continent::Africa, 10),
    city("New Delhi", 28.61, 77.21, Continent::Asia, 40),
    city("New York", 40.71, -74.01, Continent::NorthAmerica, 7),
    city("Paris", 48.86, 2.35, Continent::Europe, 6),
    city("San Francisco", 37.77, -122.42, Continent::NorthAmerica, 4),
    city("Sao Paulo", -23.55, -46.63, Continent::SouthAmerica, 17),
    city("Seoul", 37.57, 126.98, Continent::Asia, 5),
    city("Shanghai", 31.23, 121.47, Continent::Asia, 60),
    city("Singapore", 1.35, 103.82, Continent::Asia, 12),
    city("Stockholm", 59.33, 18.07, Continent::Europe, 3),
    city("Sydney", -33.87, 151.21, Continent::Oceania, 3),
    city("Tokyo", 35.68, 139.65, Continent::Asia, 11),
    city("Toronto", 43.65, -79.38, Continent::NorthAmerica, 3),
    city("Warsaw", 52.23, 21.01, Continent::Europe, 5),
    city("Washington", 38.91, -77.04, Continent::NorthAmerica, 4),
];

/// Published round-trip times between data centres of two cities, in ms.
static PUBLISHED_RTT_MS: &[(&str, &str, u64)] = &[
    ("New York", "London", 71),
    ("New York", "San Francisco", 74),
    ("London", "Frankfurt", 15),
    ("San Francisco", "Tokyo", 109),
    ("Frankfurt", "Singapore", 164),
    ("London", "Sydney", 262),
    ("New York", "Sao Paulo", 138),
    ("Johannesburg", "London", 175),
    ("Washington", "London", 75),
    ("Dallas", "Tokyo", 143),
    ("Sao Paulo", "Washington", 118),
];

/// Round trip between two hosts of one city.
const SAME_CITY_RTT_MS: f64 = 2.0;

/// The distance fit: least relative error over the 171 pairs of 19 cities in WonderNetwork's pings of
/// 2018 (docs/VALIDATION.md says how well it does there and on other data).
const MS_PER_MILE: f64 = 0.0287;
const MS_AT_NO_DISTANCE: f64 = 7.26;

/// The index of a city in [`CITIES`].
#[must_use]
pub fn by_name(name: &str) -> Option<usize> {
    CITIES.iter().position(|city| city.name == name)
}

/// The round-trip times between all cities' networks, access links not counted: `CITIES.len()`
/// squared, row by row.
///
/// A pair takes the fastest way over other cities where that is faster than its own figure, as
/// routes follow the cables between the large exchanges; so no detour over a third city is ever
/// faster than a pair's own path.
#[must_use]
pub fn round_trips() -> Vec<SimDuration> {
    let n = CITIES.len();
    let mut table: Vec<SimDuration> = (0..n * n).map(|cell| own_figure(cell / n, cell % n)).collect();
    for over in 0..n {
        for a in (0..n).filter(|&a| a != over) {
            for b in (0..n).filter(|&b| b != over) {
                table[a * n + b] = table[a * n + b].min(table[a * n + over] + table[over * n + b]);
            }
        }
    }
    table
}

// The published figure of a pair, or what its distance suggests.
fn own_figure(a: usize, b: usize) -> SimDuration {
    if a == b {
        return SimDuration::from_secs_f64(SAME_CITY_RTT_MS / 1e3);
    }
    let names = (CITIES[a].name, CITIES[b].name);
    let published = PUBLISHED_RTT_MS.iter().find(|(x, y, _)| (*x, *y) == names || (*y, *x) == names);
    match published {
        Some((_, _, ms)) => SimDuration::from_ms(*ms),
        None => SimDuration::from_secs_f64(
            (MS_PER_MILE * great_circle_miles(&CITIES[a], &CITIES[b]) + MS_AT_NO_DISTANCE) / 1e3,
        ),
    }
}

/// Great-circle distance by the haversine formula on a sphere of 3,958.8 miles.
fn great_circle_miles(a: &City, b: &City) -> f64 {
    let (lat_a, lat_b) = (a.latitude.to_radians(), b.latitude.to_radians());
    let half_dlat = (lat_b - lat_a) / 2.0;
    let half_dlon = (b.longitude - a.longitude).to_radians() / 2.0;
    let sine = |x: f64| libm::sin(x) * libm::sin(x);
    let h = sine(half_dlat) + libm::cos(lat_a) * libm::cos(lat_b) * sine(half_dlon);
    2.0 * 3_958.8 * libm::asin(libm::sqrt(h))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rtt_ms(a: &str, b: &str) -> f64 {
        round_trips()[by_name(a).expect(a) * CITIES.len() + by_name(b).expect(b)].as_ms_f64()
    }

    #[test]
    fn published_pairs_are_exact_and_others_follow_distance() {
        assert!((rtt_ms("London", "New York") - 71.0).abs() < 1e-9);
        assert!((rtt_ms("Paris", "Paris") - 2.0).abs() < 1e-9);
        // 545 miles apart.
        assert!((rtt_ms("Paris", "Berlin") - (0.0287 * 545.0 + 7.26)).abs() < 0.2);
    }

    #[test]
    fn no_detour_is_faster() {
        let (table, n) = (round_trips(), CITIES.len());
        for a in 0..n {
            for b in 0..n {
                assert_eq!(table[a * n + b], table[b * n + a]);
                assert!((0..n).all(|over| table[a * n + b] <= table[a * n + over] + table[over * n + b]) || a == b);
            }
        }
    }

    #[test]
    fn every_published_name_is_a_city_and_names_are_sorted() {
        for (a, b, _) in PUBLISHED_RTT_MS {
            assert!(by_name(a).is_some() && by_name(b).is_some(), "{a} {b}");
        }
        assert!(CITIES.is_sorted_by_key(|city| city.name));
    }
}
