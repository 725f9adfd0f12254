//! Counts that fade: half of what was seen thirty days ago counts.

use serde::{Deserialize, Serialize};

/// Seconds in which a count halves (thirty days).
pub const HALF_LIFE: i64 = 30 * 86_400;

/// Half-lives after which a clock is wound back: far from the ends of `f32`.
const WIND: i64 = 32;

/// A growing weight in place of fading counts: what is added at a time weighs `2^(t / half-life)`,
/// and dividing by today's weight gives the faded count. Nothing is touched that is not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Fading {
    /// The second whose weight is 1.
    base: i64,
}

impl Fading {
    /// Weights relative to that second.
    pub fn from(base: i64) -> Self {
        Self { base }
    }

    /// What one sighting at that second weighs.
    pub fn weight(self, at: i64) -> f32 {
        // Lossless: days in hundreds of years are few.
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            reason = "see above"
        )]
        let half_lives = ((at - self.base) as f64 / HALF_LIFE as f64) as f32;
        half_lives.clamp(-100.0, 100.0).exp2()
    }

    /// The factor by which all counts are to be multiplied so that the weights stay small; none
    /// where it is not yet time.
    pub fn wind(&mut self, at: i64) -> Option<f32> {
        let passed = (at - self.base) / HALF_LIFE;
        if passed < WIND {
            return None;
        }
        self.base += passed * HALF_LIFE;
        #[expect(clippy::cast_precision_loss, reason = "a few dozen")]
        let factor = (-(passed as f32)).exp2();
        Some(factor)
    }
}

/// A rate that fades fast, such as failures in the last hour.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Rate {
    value: f32,
    at: i64,
}

impl Rate {
    /// The faded sum at that second, with that half-life in seconds.
    pub fn at(self, now: i64, half_life: i64) -> f32 {
        #[expect(clippy::cast_precision_loss, reason = "whole seconds of days")]
        let passed = (now - self.at).max(0) as f32 / half_life as f32;
        self.value * (-passed).exp2()
    }

    /// Adds one at that second.
    pub fn add(&mut self, now: i64, half_life: i64) {
        self.value = self.at(now, half_life) + 1.0;
        self.at = self.at.max(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_a_half_life_ago_counts_half() {
        let fading = Fading::from(0);
        let ratio = fading.weight(5 * HALF_LIFE) / fading.weight(4 * HALF_LIFE);
        assert!((ratio - 2.0).abs() < 1e-6);
    }

    #[test]
    fn winding_changes_no_faded_count() {
        let mut fading = Fading::from(0);
        let (then, now) = (39 * HALF_LIFE, 40 * HALF_LIFE);
        let count = fading.weight(then);
        let before = count / fading.weight(now);
        let factor = fading.wind(now).unwrap();
        let after = count * factor / fading.weight(now);
        assert!((before - after).abs() < 1e-6);
        assert_eq!(fading.wind(now), None);
    }

    #[test]
    fn a_rate_fades_and_time_that_goes_back_does_no_harm() {
        let mut rate = Rate::default();
        rate.add(1_000, 3_600);
        rate.add(1_000, 3_600);
        assert!((rate.at(1_000, 3_600) - 2.0).abs() < 1e-6);
        assert!((rate.at(4_600, 3_600) - 1.0).abs() < 1e-6);
        rate.add(500, 3_600);
        assert!((rate.at(1_000, 3_600) - 3.0).abs() < 1e-6);
    }
}
