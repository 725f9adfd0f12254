//! Distances and speeds on the globe.

use model::sign_in::Coordinates;

/// Mean radius of the earth in kilometres (IUGG).
const EARTH_KM: f64 = 6_371.008_8;

/// Great-circle distance in kilometres (haversine).
pub fn distance_km(a: Coordinates, b: Coordinates) -> f64 {
    let (lat_a, lat_b) = (a.latitude.to_radians(), b.latitude.to_radians());
    let half = |degrees: f64| (degrees.to_radians() / 2.0).sin().powi(2);
    let h =
        half(b.latitude - a.latitude) + lat_a.cos() * lat_b.cos() * half(b.longitude - a.longitude);
    2.0 * EARTH_KM * h.clamp(0.0, 1.0).sqrt().asin()
}

/// The distance that is left when both places are as near as their accuracy allows.
pub fn sure_distance_km(a: Coordinates, b: Coordinates) -> f64 {
    let slack = |point: Coordinates| f64::from(point.accuracy_km.unwrap_or(0));
    (distance_km(a, b) - slack(a) - slack(b)).max(0.0)
}

/// The least speed in km/h that brings somebody from one place to the other in so many seconds;
/// less than a minute counts as a minute, as clocks differ.
pub fn speed_kmh(a: Coordinates, b: Coordinates, seconds: i64) -> f64 {
    let hours = f64::from(i32::try_from(seconds.abs().max(60)).unwrap_or(i32::MAX)) / 3_600.0;
    sure_distance_km(a, b) / hours
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISBON: (f64, f64) = (38.7223, -9.1393);
    const SYDNEY: (f64, f64) = (-33.8688, 151.2093);

    fn at((latitude, longitude): (f64, f64), accuracy_km: u16) -> Coordinates {
        Coordinates { latitude, longitude, accuracy_km: Some(accuracy_km) }
    }

    #[test]
    fn half_the_globe_is_as_far_as_the_atlas_says() {
        let km = distance_km(at(LISBON, 0), at(SYDNEY, 0));
        assert!((18_100.0..18_250.0).contains(&km), "{km}");
        assert!(distance_km(at(LISBON, 0), at(LISBON, 0)).abs() < 1e-9);
    }

    #[test]
    fn the_date_line_is_no_distance() {
        let km = distance_km(at((0.0, 179.9), 0), at((0.0, -179.9), 0));
        assert!((22.0..22.5).contains(&km), "{km}");
    }

    #[test]
    fn places_that_may_be_the_same_are_no_distance_apart() {
        let near = (38.9, -9.3);
        assert!(sure_distance_km(at(LISBON, 20), at(near, 20)).abs() < 1e-9);
        assert!(speed_kmh(at(LISBON, 20), at(near, 20), 0).abs() < 1e-9);
    }

    #[test]
    fn clocks_that_differ_by_seconds_make_nobody_infinitely_fast() {
        let speed = speed_kmh(at(LISBON, 0), at(SYDNEY, 0), 0);
        assert!(speed.is_finite() && speed > 1e6);
    }
}
