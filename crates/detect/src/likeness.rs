//! How much a sign-in is like an attack: a layer that is taught by attacks that were put, as a
//! trial, behind the tenant's own sign-ins.
//!
//! It sees what the forest sees, but for what an attacker can copy (device and system); what makes
//! a sign-in stranger can only make it more like an attack, so that it cannot learn the habits of
//! whoever drew the trial.

use forest::ForestError;
use forest::boost::{BoostParams, Boosted, Trend};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::features::{Column, Features, WIDTH};

/// A sign-in of an attack that was put behind the tenant's own.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// Its features.
    pub features: Features,
    /// Which attack: each teaches as much as any other.
    pub attack: usize,
    /// Whether it is a guess at a password.
    pub guess: bool,
}

/// How much a sign-in is like an attack.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Likeness {
    model: Boosted,
}

/// Ordinary sign-ins that are learnt from, at most.
const ORDINARY: usize = 40_000;
/// What an attack weighs, in ordinary sign-ins.
const WEIGHT: f32 = 10.0;

impl Likeness {
    /// Learns to tell examples from ordinary sign-ins. Nothing is learnt without either.
    ///
    /// # Errors
    /// [`ForestError`] where a matrix is too large.
    pub fn fit(ordinary: &[Features], examples: &[Example]) -> Result<Self, ForestError> {
        if examples.is_empty() || ordinary.is_empty() {
            return Ok(Self::default());
        }
        let step = ordinary.len().div_ceil(ORDINARY);
        let kept: Vec<&Features> = ordinary.iter().step_by(step).collect();
        let attacks =
            examples.iter().map(|example| example.attack).max().map_or(0, |most| most + 1);
        let mut rows_of = vec![0.0_f32; attacks];
        for example in examples {
            if let Some(count) = rows_of.get_mut(example.attack) {
                *count += 1.0;
            }
        }
        let count = kept.len() + examples.len();
        let mut rows = Array2::zeros((count, WIDTH));
        let features = kept.iter().copied().chain(examples.iter().map(|of| &of.features));
        for (mut row, features) in rows.rows_mut().into_iter().zip(features) {
            for (slot, value) in row.iter_mut().zip(features) {
                *slot = *value;
            }
        }
        let labels: Vec<bool> = (0..count).map(|row| row >= kept.len()).collect();
        #[expect(clippy::cast_precision_loss, reason = "a count of rows")]
        let scale = ordinary.len() as f32 / kept.len() as f32;
        let weights: Vec<f32> = kept
            .iter()
            .map(|_| scale)
            .chain(examples.iter().map(|example| {
                WEIGHT / rows_of.get(example.attack).copied().unwrap_or(1.0).max(1.0)
            }))
            .collect();
        let trends: Vec<Trend> = Column::ALL.iter().map(|column| trend(*column)).collect();
        let params = BoostParams::default();
        Ok(Self { model: Boosted::fit(&rows.view(), &labels, &weights, &trends, &params)? })
    }

    /// Whether it was taught anything.
    pub fn is_taught(&self) -> bool {
        !self.model.is_empty()
    }

    /// The logarithm of the odds, up to a constant.
    pub fn of(&self, features: &Features) -> f32 {
        self.model.margin(features)
    }

    /// What each column adds to it.
    pub fn steps(&self, features: &Features) -> Vec<f32> {
        self.model.steps(features)
    }
}

/// How a column may be used.
fn trend(column: Column) -> Trend {
    match column {
        Column::Device | Column::System | Column::SinceSuccess => Trend::Unused,
        Column::NetworkColleagues | Column::PrefixColleagues | Column::SinceElsewhere => {
            Trend::Falling
        }
        _ => Trend::Rising,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn features(value: f32) -> Features {
        [value; WIDTH]
    }

    #[test]
    fn what_is_stranger_is_more_like_an_attack() {
        let ordinary: Vec<Features> =
            (0..2_000_u16).map(|n| features(f32::from(n % 40) / 10.0)).collect();
        let examples: Vec<Example> = (0..200_usize)
            .map(|n| Example { features: features(6.0), attack: n % 10, guess: false })
            .collect();
        let likeness = Likeness::fit(&ordinary, &examples).unwrap();
        let mut strange = features(1.0);
        strange[Column::Unbacked as usize] = 6.0;
        assert!(likeness.of(&features(6.0)) > likeness.of(&features(1.0)) + 1.0);
        assert!(likeness.of(&strange) >= likeness.of(&features(1.0)));
    }

    #[test]
    fn without_examples_nothing_is_taught() {
        let likeness = Likeness::fit(&[features(1.0)], &[]).unwrap();
        assert!(!likeness.is_taught());
        assert!(likeness.of(&features(9.0)).abs() < 1e-6);
    }
}
