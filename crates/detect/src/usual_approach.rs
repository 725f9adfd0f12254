//! What is usually built, to compare with: how rare a sign-in's values are in the whole tenant, an
//! Isolation Forest over that, and four rules that lift the score to a floor.

use std::hash::{Hash, Hasher};

use crate::detector::DetectorError;
use crate::pattern::Hit;
use crate::recent::DAY;
use forest::{ForestParams, IsolationForest};
use model::sign_in::{Requirement, SignIn};
use ndarray::Array2;
use rustc_hash::{FxHashMap, FxHasher};

/// Values that are counted in the tenant: network, country, user agent, application, client and
/// operating system.
const COUNTED: usize = 6;
/// Columns: those, and hour (two), weekend, failure and second factor.
const COLUMNS: usize = COUNTED + 5;

/// The rules and the score that each lifts a sign-in to.
const FLOORS: [(&str, f64); 4] = [
    ("sign-in.impossible-travel", 0.9),
    ("sign-in.legacy-client", 0.85),
    ("sign-in.new-country-and-network", 0.8),
    ("sign-in.failure-from-new-network", 0.7),
];

/// A sign-in as far as this looks at it.
#[derive(Debug, Clone, Copy)]
struct Plain {
    values: [u64; COUNTED],
    rest: [f32; COLUMNS - COUNTED],
}

impl Plain {
    fn of(sign_in: &SignIn) -> Self {
        let text = |text: Option<&String>| key(&text);
        let at = sign_in.at.as_second();
        #[expect(clippy::cast_precision_loss, reason = "seconds of a day")]
        let turn = at.rem_euclid(DAY) as f32 / DAY as f32 * std::f32::consts::TAU;
        // 1970 began on a Thursday.
        let weekend = (at.div_euclid(DAY) + 3).rem_euclid(7) >= 5;
        let multi = sign_in.requirement == Some(Requirement::MultiFactor);
        Self {
            values: [
                key(&sign_in.network.asn),
                text(sign_in.place.country.as_ref()),
                text(sign_in.user_agent.as_ref()),
                text(sign_in.app.id.as_ref()),
                text(sign_in.client.as_ref()),
                text(sign_in.device.operating_system.as_ref()),
            ],
            rest: [
                turn.sin(),
                turn.cos(),
                f32::from(u8::from(weekend)),
                f32::from(u8::from(!sign_in.outcome.succeeded())),
                f32::from(u8::from(multi)),
            ],
        }
    }
}

fn key(value: &impl Hash) -> u64 {
    let mut hasher = FxHasher::default();
    value.hash(&mut hasher);
    hasher.finish()
}

/// A history, as far as the usual approach learns from it.
#[derive(Debug, Default)]
pub struct UsualHistory {
    rows: Vec<Plain>,
    counts: [FxHashMap<u64, f32>; COUNTED],
}

/// The usual approach, trained.
#[derive(Debug)]
pub struct UsualApproach {
    history: UsualHistory,
    forest: IsolationForest,
}

impl UsualHistory {
    /// Notes a sign-in.
    pub fn note(&mut self, sign_in: &SignIn) {
        let plain = Plain::of(sign_in);
        for (counts, value) in self.counts.iter_mut().zip(plain.values) {
            *counts.entry(value).or_default() += 1.0;
        }
        self.rows.push(plain);
    }

    /// Trains on what was noted.
    ///
    /// # Errors
    /// [`DetectorError::Forest`] for an empty history.
    pub fn train(self) -> Result<UsualApproach, DetectorError> {
        let params = linfa::ParamGuard::check(ForestParams::new().trees(200).seed(1))?;
        let forest = IsolationForest::fit(&params, &self.matrix(&self.rows).view())?;
        Ok(UsualApproach { history: self, forest })
    }

    fn matrix(&self, rows: &[Plain]) -> Array2<f32> {
        #[expect(clippy::cast_precision_loss, reason = "a count of rows")]
        let total = self.rows.len().max(1) as f32;
        let mut out = Array2::zeros((rows.len(), COLUMNS));
        for (mut slots, row) in out.rows_mut().into_iter().zip(rows) {
            let rare = self.counts.iter().zip(row.values).map(|(counts, value)| {
                -((counts.get(&value).copied().unwrap_or(0.0) + 0.5) / total).ln()
            });
            for (slot, value) in slots.iter_mut().zip(rare.chain(row.rest)) {
                *slot = value;
            }
        }
        out
    }
}

impl UsualApproach {
    /// What it says of sign-ins, 0 to 1, with what the patterns saw of each.
    ///
    /// # Errors
    /// [`DetectorError::Forest`].
    pub fn scores(&self, rows: &[(&SignIn, &[Hit])]) -> Result<Vec<f64>, DetectorError> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let plain: Vec<Plain> = rows.iter().map(|(sign_in, _)| Plain::of(sign_in)).collect();
        let scores = self.forest.scores(&self.history.matrix(&plain).view())?;
        let lifted = scores.iter().zip(rows).map(|(score, (_, hits))| {
            let floor =
                FLOORS.iter().filter(|(rule, _)| hits.iter().any(|hit| hit.pattern == *rule));
            floor.map(|(_, floor)| *floor).fold(*score, f64::max)
        });
        Ok(lifted.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::sign_in::{RecordShape, SignInKind};

    fn sign_in(country: &str) -> SignIn {
        let at = "2026-11-02T09:00:00Z".parse().unwrap();
        let id = country.to_owned();
        let mut out = SignIn::blank(id, at, SignInKind::InteractiveUser, RecordShape::Graph);
        out.place.country = Some(country.into());
        out
    }

    #[test]
    fn what_is_rare_in_the_tenant_scores_higher() {
        let mut history = UsualHistory::default();
        for row in 0..1_000_u32 {
            history.note(&sign_in(if row % 50 == 0 { "BR" } else { "PT" }));
        }
        let usual = history.train().unwrap();
        let (common, rare) = (sign_in("PT"), sign_in("KP"));
        let scores = usual.scores(&[(&common, &[]), (&rare, &[])]).unwrap();
        assert!(scores[1] > scores[0], "{scores:?}");
    }
}
