//! Whether sign-ins are still what a model was trained on: population stability index.
//!
//! `PSI = sum (p - q) ln (p / q)` over ten bins of equal share of the training's values, with half
//! a count added to each. Under 0.1 is stable, up to 0.25 to be watched, above it to be acted on (a
//! convention of credit scoring). Without any drift it is about `(bins - 1) (1/n + 1/m)`.

use serde::{Deserialize, Serialize};

use crate::features::{Column, Features};

/// Bins of a column.
const BINS: usize = 10;

/// The bins of one column, and how many values of the training fell into each; the last counts
/// those that are missing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Bins {
    edges: Vec<f32>,
    counts: Vec<u32>,
}

impl Bins {
    /// Of values in any order; those that are not numbers count as missing.
    pub fn of(values: impl Iterator<Item = f32>) -> Self {
        let all: Vec<f32> = values.collect();
        let mut known: Vec<f32> = all.iter().copied().filter(|value| !value.is_nan()).collect();
        known.sort_unstable_by(f32::total_cmp);
        let mut edges: Vec<f32> =
            (1..BINS).filter_map(|bin| known.get(known.len() * bin / BINS).copied()).collect();
        edges.dedup_by(|a, b| a.to_bits() == b.to_bits());
        let mut out = Self { counts: vec![0; edges.len() + 2], edges };
        let counts = out.fresh();
        out.counts = counts;
        for value in all {
            let at = out.bin(value);
            if let Some(count) = out.counts.get_mut(at) {
                *count += 1;
            }
        }
        out
    }

    fn bin(&self, value: f32) -> usize {
        if value.is_nan() {
            return self.edges.len() + 1;
        }
        self.edges.partition_point(|edge| *edge <= value)
    }

    fn fresh(&self) -> Vec<u32> {
        vec![0; self.edges.len() + 2]
    }
}

/// What a model was trained on, column by column and by score.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Reference {
    columns: Vec<Bins>,
    score: Bins,
}

impl Reference {
    /// Of the training's features and of the scores of what it was calibrated on.
    pub fn of(features: &[Features], scores: &[f32]) -> Self {
        let column = |at: usize| {
            Bins::of(features.iter().map(move |row| row.get(at).copied().unwrap_or(f32::NAN)))
        };
        Self {
            columns: (0..Column::ALL.len()).map(column).collect(),
            score: Bins::of(scores.iter().copied()),
        }
    }

    /// Nothing was seen since.
    pub fn tally(&self) -> Tally {
        Tally {
            columns: self.columns.iter().map(Bins::fresh).collect(),
            score: self.score.fresh(),
            seen: 0,
        }
    }

    /// How far what was seen since is from it.
    pub fn drift(&self, tally: &Tally) -> Vec<Drift> {
        let columns = Column::ALL.iter().zip(&self.columns).zip(&tally.columns);
        let mut out: Vec<Drift> =
            columns.map(|((column, bins), counts)| drift(Some(*column), bins, counts)).collect();
        out.push(drift(None, &self.score, &tally.score));
        out
    }
}

/// What was seen since a training, in its bins.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    columns: Vec<Vec<u32>>,
    score: Vec<u32>,
    seen: u64,
}

impl Tally {
    /// Notes a sign-in.
    pub fn note(&mut self, reference: &Reference, features: &Features, score: f32) {
        self.seen += 1;
        for ((bins, counts), value) in reference.columns.iter().zip(&mut self.columns).zip(features)
        {
            if let Some(count) = counts.get_mut(bins.bin(*value)) {
                *count = count.saturating_add(1);
            }
        }
        if let Some(count) = self.score.get_mut(reference.score.bin(score)) {
            *count = count.saturating_add(1);
        }
    }

    /// Sign-ins that were noted.
    pub fn seen(&self) -> u64 {
        self.seen
    }
}

/// How far a column is from what it was.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Drift {
    /// The column; none for the score.
    pub column: Option<Column>,
    /// The index.
    pub psi: f64,
    /// What it would be about without any drift, for so many sign-ins.
    pub expected: f64,
}

impl Drift {
    /// Whether it is to be acted on: above 0.25, beyond what so few sign-ins explain.
    pub fn is_large(&self) -> bool {
        self.psi > 0.25 + self.expected
    }
}

/// How far later scores are from earlier ones.
pub fn between(earlier: &[f32], later: &[f32]) -> Drift {
    let bins = Bins::of(earlier.iter().copied());
    let mut counts = bins.fresh();
    for score in later {
        if let Some(count) = counts.get_mut(bins.bin(*score)) {
            *count = count.saturating_add(1);
        }
    }
    drift(None, &bins, &counts)
}

fn drift(column: Option<Column>, bins: &Bins, counts: &[u32]) -> Drift {
    let total = |counts: &[u32]| counts.iter().map(|count| f64::from(*count)).sum::<f64>();
    let (then, now) = (total(&bins.counts), total(counts));
    #[expect(clippy::cast_precision_loss, reason = "a dozen bins")]
    let width = bins.counts.len() as f64;
    let share = |count: u32, all: f64| (f64::from(count) + 0.5) / (all + 0.5 * width);
    let psi = bins.counts.iter().zip(counts).map(|(then_count, now_count)| {
        let (p, q) = (share(*now_count, now), share(*then_count, then));
        (p - q) * (p / q).ln()
    });
    let expected = (width - 1.0) * (1.0 / then.max(1.0) + 1.0 / now.max(1.0));
    Drift { column, psi: if now > 0.0 { psi.sum() } else { 0.0 }, expected }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::WIDTH;

    fn rows(from: u16, to: u16) -> Vec<Features> {
        (from..to).map(|n| [f32::from(n); WIDTH]).collect()
    }

    fn after(rows: &[Features]) -> Vec<Drift> {
        let reference = Reference::of(&self::rows(0, 1_000), &[0.1, 0.2, 0.3]);
        let mut tally = reference.tally();
        for row in rows {
            tally.note(&reference, row, 0.2);
        }
        reference.drift(&tally)
    }

    #[test]
    fn the_same_again_is_no_drift() {
        let drift = after(&rows(0, 1_000));
        assert!(drift.iter().filter(|of| of.column.is_some()).all(|of| of.psi < 0.01));
    }

    #[test]
    fn other_values_are_a_drift_that_is_acted_on() {
        let drift = after(&rows(800, 1_000));
        assert!(drift[0].psi > 1.0 && drift[0].is_large());
    }

    #[test]
    fn a_few_sign_ins_explain_a_large_index() {
        let drift = after(&rows(500, 503));
        assert!(!drift[0].is_large(), "{:?}", drift[0]);
    }

    #[test]
    fn missing_values_are_a_bin_of_their_own() {
        let drift = after(&vec![[f32::NAN; WIDTH]; 200]);
        assert!(drift[0].is_large());
    }
}
