//! Forests of single accounts, for those with enough sign-ins of their own.
//!
//! What an account's forest says is measured in its own spreads from its own middle, so that all
//! such accounts can be calibrated together: one account alone has too few sign-ins to tell one in
//! a thousand.

use std::collections::BTreeMap;

use forest::{ForestError, ForestParams, IsolationForest};
use ndarray::Array2;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::features::WIDTH;
use crate::watch::Sighting;

/// Trees of an account's forest: fewer than of the tenant's, for there may be thousands.
const TREES: u32 = 50;
/// The least spread of scores: below it, an account does one thing only.
const LEAST_SPREAD: f32 = 1e-3;

/// One account's forest as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Stored {
    centre: f32,
    spread: f32,
    forest: Vec<u8>,
}

/// One account's forest, with the middle of its scores and how far a quarter of them are above it.
#[derive(Debug, Clone)]
struct Own {
    centre: f32,
    spread: f32,
    forest: IsolationForest,
}

/// The forests of accounts, by what [`crate::observation::Observation::who`] says.
#[derive(Debug, Clone, Default)]
pub(crate) struct OwnModels {
    accounts: FxHashMap<u64, Own>,
}

impl OwnModels {
    /// Grows a forest for each account with so many sightings.
    pub(crate) fn fit(
        learnt: &[Sighting],
        least: usize,
        subsample: u32,
        seed: u64,
    ) -> Result<Self, ForestError> {
        let mut rows: BTreeMap<u64, Vec<&Sighting>> = BTreeMap::new();
        for sighting in learnt {
            rows.entry(sighting.observation.who).or_default().push(sighting);
        }
        let mut accounts = FxHashMap::default();
        for (who, rows) in rows.into_iter().filter(|(_, rows)| rows.len() >= least.max(2)) {
            let params = ForestParams::new().trees(TREES).subsample(subsample).seed(seed ^ who);
            let params = linfa::ParamGuard::check(params)?;
            let matrix = matrix(&rows);
            let forest = IsolationForest::fit(&params, &matrix.view())?;
            let mut scores = forest.scores(&matrix.view())?;
            scores.as_slice_mut().unwrap_or_default().sort_unstable_by(f64::total_cmp);
            let at = |share: usize| scores.get(scores.len() * share / 4).copied().unwrap_or(0.5);
            let (centre, upper) = (single(at(2)), single(at(3)));
            accounts
                .insert(who, Own { centre, spread: (upper - centre).max(LEAST_SPREAD), forest });
        }
        Ok(Self { accounts })
    }

    /// How many accounts have one.
    pub(crate) fn len(&self) -> usize {
        self.accounts.len()
    }

    /// An account's forest.
    pub(crate) fn of(&self, who: u64) -> Option<&IsolationForest> {
        self.accounts.get(&who).map(|own| &own.forest)
    }

    /// What accounts' own forests say of sightings, in their order: the score, and how many spreads
    /// it is from the account's middle. None for accounts without one.
    pub(crate) fn scores(
        &self,
        sightings: &[Sighting],
    ) -> Result<Vec<Option<(f64, f32)>>, ForestError> {
        let mut out = vec![None; sightings.len()];
        if self.accounts.is_empty() {
            return Ok(out);
        }
        let mut places: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
        for (place, sighting) in sightings.iter().enumerate() {
            let who = sighting.observation.who;
            if self.accounts.contains_key(&who) {
                places.entry(who).or_default().push(place);
            }
        }
        for (who, places) in places {
            let Some(own) = self.accounts.get(&who) else { continue };
            let rows: Vec<&Sighting> =
                places.iter().filter_map(|place| sightings.get(*place)).collect();
            let scores = own.forest.scores(&matrix(&rows).view())?;
            for (place, score) in places.into_iter().zip(&scores) {
                if let Some(slot) = out.get_mut(place) {
                    *slot = Some((*score, (single(*score) - own.centre) / own.spread));
                }
            }
        }
        Ok(out)
    }

    /// The forests as bytes.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, postcard::Error> {
        let stored: BTreeMap<u64, Stored> = self
            .accounts
            .iter()
            .map(|(who, own)| {
                let Own { centre, spread, forest } = own;
                let stored = Stored { centre: *centre, spread: *spread, forest: forest.to_bytes() };
                (*who, stored)
            })
            .collect();
        postcard::to_allocvec(&stored)
    }

    /// The forests of such bytes.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, crate::detector::DetectorError> {
        let stored: BTreeMap<u64, Stored> = postcard::from_bytes(bytes)?;
        let mut accounts = FxHashMap::default();
        for (who, Stored { centre, spread, forest }) in stored {
            let forest = IsolationForest::from_bytes(&forest)?;
            accounts.insert(who, Own { centre, spread, forest });
        }
        Ok(Self { accounts })
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a score needs no more digits")]
fn single(value: f64) -> f32 {
    value as f32
}

fn matrix(rows: &[&Sighting]) -> Array2<f32> {
    let mut out = Array2::zeros((rows.len(), WIDTH));
    for (mut row, sighting) in out.rows_mut().into_iter().zip(rows) {
        for (slot, value) in row.iter_mut().zip(sighting.features) {
            *slot = value;
        }
    }
    out
}
