//! What a score means: how often sign-ins that nobody complained of score as high.
//!
//! Conformal p-values (Bates, Candès, Lei, Romano and Sesia, Annals of Statistics 2023):
//! `p = (1 + #{calibration >= score}) / (n + 1)` is at most `a` with chance `a` for a sign-in of the
//! same kind, whatever the scorer.

use serde::{Deserialize, Serialize};

/// Points that are kept; the highest scores are all kept, as they decide.
const POINTS: usize = 20_000;
/// Of these, how many are the highest scores.
const TAIL: usize = 8_000;

/// Scores of sign-ins that were believed, from low to high.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Calibration {
    /// A score, and how many were at least as high.
    points: Vec<(f32, u32)>,
    /// How many there were.
    count: u32,
}

impl Calibration {
    /// Of scores in any order; those that are not numbers are left out.
    pub fn of(mut scores: Vec<f32>) -> Self {
        scores.retain(|score| !score.is_nan());
        scores.sort_unstable_by(f32::total_cmp);
        let all = scores.len();
        let bulk = all.saturating_sub(TAIL);
        let step = bulk.div_ceil(POINTS - TAIL).max(1);
        let keep = |at: &usize| *at >= bulk || at.is_multiple_of(step);
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let points = (0..all)
            .filter(keep)
            .filter_map(|at| scores.get(at).map(|score| (*score, number(all - at))));
        Self { points: points.collect(), count: number(all) }
    }

    /// How many scores it stands on.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// The chance that a sign-in of the same kind scores as high.
    pub fn p(&self, score: f32) -> f64 {
        let at = self.points.partition_point(|(known, _)| *known < score);
        let at_least = self.points.get(at).map_or(0, |(_, at_least)| *at_least);
        (1.0 + f64::from(at_least)) / (1.0 + f64::from(self.count))
    }

    /// The least score whose chance is at most `p`; none where the calibration is too small for
    /// that.
    pub fn score_at(&self, p: f64) -> Option<f32> {
        let at = self.points.partition_point(|(_, at_least)| {
            (1.0 + f64::from(*at_least)) / (1.0 + f64::from(self.count)) > p
        });
        self.points.get(at).map(|(score, _)| *score)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hundred() -> Calibration {
        Calibration::of((1..=100_u8).map(f32::from).collect())
    }

    #[test]
    fn the_chance_counts_those_at_least_as_high_and_is_never_nothing() {
        let calibration = hundred();
        assert!((calibration.p(91.0) - 11.0 / 101.0).abs() < 1e-12);
        assert!((calibration.p(90.5) - 11.0 / 101.0).abs() < 1e-12);
        assert!((calibration.p(1_000.0) - 1.0 / 101.0).abs() < 1e-12);
        assert!((calibration.p(-1.0) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn nothing_known_makes_nothing_strange() {
        assert!((Calibration::default().p(9.0) - 1.0).abs() < 1e-12);
        assert_eq!(Calibration::default().score_at(0.5), None);
    }

    #[test]
    fn the_score_of_a_chance_has_that_chance() {
        let calibration = hundred();
        let score = calibration.score_at(0.05).unwrap();
        assert!(calibration.p(score) <= 0.05 && calibration.p(score - 1.0) > 0.05, "{score}");
        assert_eq!(calibration.score_at(1e-6), None);
    }

    #[test]
    fn thinning_the_bulk_leaves_the_tail_exact() {
        let count = 200_000_u32;
        #[expect(clippy::cast_precision_loss, reason = "exact below 2^24")]
        let calibration = Calibration::of((0..count).map(|n| n as f32).collect());
        assert!(calibration.points.len() <= POINTS + 1);
        let p = calibration.p(199_990.0);
        assert!((p - 11.0 / 200_001.0).abs() < 1e-12, "{p}");
        assert!((calibration.p(100_000.0) - 0.5).abs() < 1e-3);
    }
}
