//! When somebody works: a faded histogram of the day, smooth and round.

use serde::{Deserialize, Serialize};

/// Bins of a day, half an hour each.
pub const BINS: usize = 48;
const BIN_SECONDS: i64 = 86_400 / 48;

/// Concentration of the von Mises kernel: a standard deviation of about one hour.
const KAPPA: f32 = 14.6;

/// The kernel over the bins from its centre; sums to 1.
fn kernel() -> [f32; BINS] {
    let mut out = [0.0; BINS];
    for (bin, value) in out.iter_mut().enumerate() {
        #[expect(clippy::cast_precision_loss, reason = "48 bins")]
        let angle = std::f32::consts::TAU * bin as f32 / BINS as f32;
        *value = (KAPPA * (angle.cos() - 1.0)).exp();
    }
    let sum: f32 = out.iter().sum();
    out.map(|value| value / sum)
}

/// Sightings by the time of day, in the account's own offset from UTC.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hours {
    bins: Vec<f32>,
    total: f32,
}

impl Default for Hours {
    fn default() -> Self {
        Self { bins: vec![0.0; BINS], total: 0.0 }
    }
}

/// The smoothing kernel, computed once.
#[derive(Debug, Clone)]
pub struct Smoothing([f32; BINS]);

impl Default for Smoothing {
    fn default() -> Self {
        Self(kernel())
    }
}

impl Hours {
    /// The bin of a second, for an offset east of UTC in seconds.
    pub fn bin(at: i64, offset: i64) -> usize {
        usize::try_from((at + offset).rem_euclid(86_400) / BIN_SECONDS).unwrap_or(0)
    }

    /// Adds weight at a bin.
    pub fn add(&mut self, bin: usize, weight: f32) {
        self.total += weight;
        if let Some(count) = self.bins.get_mut(bin) {
            *count += weight;
        }
    }

    /// The smoothed weight at a bin: what the total would be if every sighting were there.
    pub fn around(&self, bin: usize, smoothing: &Smoothing) -> f32 {
        let (before, after) = smoothing.0.split_at(BINS - bin.min(BINS - 1));
        // The kernel is even, so that its distance to each bin can be walked upwards.
        let kernel = after.iter().chain(before);
        self.bins.iter().zip(kernel).map(|(count, weight)| count * weight).sum()
    }

    /// The weight of all sightings.
    pub fn total(&self) -> f32 {
        self.total
    }

    /// The shares of the day's bins; all alike where nothing was seen.
    pub fn shares(&self) -> Vec<f32> {
        #[expect(clippy::cast_precision_loss, reason = "48 bins")]
        let even = 1.0 / BINS as f32;
        let share = |count: &f32| if self.total > 0.0 { count / self.total } else { even };
        self.bins.iter().map(share).collect()
    }

    /// Multiplies every weight.
    pub fn scale(&mut self, factor: f32) {
        self.total *= factor;
        self.bins.iter_mut().for_each(|count| *count *= factor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn midnight_is_near_to_both_its_sides() {
        let mut hours = Hours::default();
        let smoothing = Smoothing::default();
        hours.add(Hours::bin(86_400 - 600, 0), 10.0);
        let just_after = hours.around(Hours::bin(600, 0), &smoothing);
        let noon = hours.around(Hours::bin(43_200, 0), &smoothing);
        assert!(just_after > 1.0 && noon < 1e-6, "{just_after} {noon}");
    }

    #[test]
    fn smoothing_moves_weight_and_makes_none() {
        let mut hours = Hours::default();
        for (bin, weight) in [(3, 1.0), (17, 2.5), (47, 4.0)] {
            hours.add(bin, weight);
        }
        let smoothing = Smoothing::default();
        let sum: f32 = (0..BINS).map(|bin| hours.around(bin, &smoothing)).sum();
        assert!((sum - 7.5).abs() < 1e-4, "{sum}");
    }

    #[test]
    fn the_peak_stands_where_the_sightings_are() {
        let mut hours = Hours::default();
        hours.add(20, 1.0);
        let smoothing = Smoothing::default();
        let best = (0..BINS)
            .max_by(|a, b| hours.around(*a, &smoothing).total_cmp(&hours.around(*b, &smoothing)));
        assert_eq!(best, Some(20));
    }

    #[test]
    fn the_offset_turns_utc_into_the_accounts_own_day() {
        assert_eq!(Hours::bin(0, 0), 0);
        assert_eq!(Hours::bin(0, -3_600), 46);
        assert_eq!(Hours::bin(-1, 0), 47);
    }
}
