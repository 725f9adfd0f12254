//! A trained detector: the forest, and what its scores mean in the tenant that it was trained on.

mod opinion;
mod stored;

use forest::{ForestError, ForestParams, IsolationForest};
use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use opinion::ORDINARY_ODDS;
pub use opinion::{Contribution, Layer, Opinion};
use stored::FORMAT;

use crate::calibration::Calibration;
use crate::drift::{Drift, Reference, between};
use crate::features::{Column, Features, WIDTH, feature_set_hash};
use crate::incident::Standards;
use crate::likeness::{Example, Likeness};
use crate::own::OwnModels;
use crate::watch::Sighting;

/// How a detector is trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Training {
    /// Trees of the forest.
    pub trees: u32,
    /// Rows that each tree sees.
    pub subsample: u32,
    /// What chance is drawn from.
    pub seed: u64,
    /// Share of the rows, the latest, that the scores are calibrated on and the forest never sees.
    pub calibrate: f64,
    /// Sign-ins from which on an account has a forest of its own; with 0 none has.
    #[serde(default)]
    pub own_from: u32,
}

impl Default for Training {
    fn default() -> Self {
        Self { trees: 200, subsample: 256, seed: 1, calibrate: 0.3, own_from: 0 }
    }
}

/// Why there is no detector.
#[derive(Debug, thiserror::Error)]
pub enum DetectorError {
    /// Too little to learn from.
    #[error("{found} sign-ins are too few to train on: at least {least} are needed")]
    TooFew {
        /// Rows there are.
        found: usize,
        /// Rows that are needed.
        least: usize,
    },
    /// The forest could not be grown, read or asked.
    #[error("the forest: {0}")]
    Forest(#[from] ForestError),
    /// A stored detector that is none.
    #[error("this is no stored detector ({0}); train the model again")]
    Damaged(&'static str),
    /// A stored detector of a newer program.
    #[error(
        "this detector has the form {found}, newer than this program's ({FORMAT}): upgrade cstack"
    )]
    Newer {
        /// Its form.
        found: u32,
    },
    /// A detector of other features.
    #[error(
        "this detector was trained on another set of features ({found:.12}, not {expected:.12}): \
         train the model again"
    )]
    OtherFeatures {
        /// Its set.
        found: String,
        /// This program's set.
        expected: String,
    },
    /// What is stored beside the forest cannot be written or read.
    #[error("what is stored beside the forest: {0}")]
    Beside(#[from] postcard::Error),
}

/// Sign-ins of one kind have scores of their own: what runs in the background is steadier.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Scales {
    forest: Calibration,
    own: Calibration,
    evidence: Calibration,
    likeness: Calibration,
    fused: Calibration,
}

/// A trained detector.
#[derive(Debug, Clone)]
pub struct Detector {
    forest: IsolationForest,
    own: OwnModels,
    beside: Beside,
}

/// What is stored beside the forest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Beside {
    feature_set: String,
    training: Training,
    rows: usize,
    learnt: usize,
    /// At a prompt, and in the background.
    scales: [Scales; 2],
    /// What incidents are held against.
    standards: Standards,
    /// What it was trained on, for drift.
    reference: Reference,
    /// How far the latest scores of the training are from those before.
    stability: Option<Drift>,
    /// How much a sign-in is like an attack's, and how much a guess at a password is.
    likeness: [Likeness; 2],
}

/// Rows below which nothing is learnt.
const LEAST: usize = 500;

impl Detector {
    /// Trains on sightings in the order of time. The latest part is what the scores are calibrated
    /// on: what the forest has seen would look more usual than what is to come. Examples are sign-ins
    /// of attacks that were put behind the tenant's own; without any, that layer is silent.
    ///
    /// # Errors
    /// [`DetectorError::TooFew`]; [`DetectorError::Forest`].
    pub fn train(
        sightings: &[Sighting],
        examples: &[Example],
        training: &Training,
    ) -> Result<Self, DetectorError> {
        if sightings.len() < LEAST {
            return Err(DetectorError::TooFew { found: sightings.len(), least: LEAST });
        }
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a count of rows"
        )]
        let held = (sightings.len() as f64 * training.calibrate.clamp(0.1, 0.9)) as usize;
        let (learnt, kept) = sightings.split_at(sightings.len() - held);
        let params = ForestParams::new()
            .trees(training.trees)
            .subsample(training.subsample)
            .seed(training.seed);
        let params = linfa::ParamGuard::check(params)?;
        let forest = IsolationForest::fit(&params, &matrix(learnt).view())?;
        let beside = Beside {
            feature_set: feature_set_hash(),
            training: training.clone(),
            rows: sightings.len(),
            learnt: learnt.len(),
            scales: [Scales::default(), Scales::default()],
            standards: Standards::default(),
            reference: Reference::default(),
            stability: None,
            likeness: [taught(learnt, examples, false)?, taught(learnt, examples, true)?],
        };
        let own = if training.own_from == 0 {
            OwnModels::default()
        } else {
            let least = usize::try_from(training.own_from).unwrap_or(usize::MAX);
            OwnModels::fit(learnt, least, training.subsample, training.seed)?
        };
        let mut detector = Self { forest, own, beside };
        let scores = detector.forest.scores(&matrix(kept).view())?;
        let own = detector.own.scores(kept)?;
        let features: Vec<Features> = sightings.iter().map(|seen| seen.features).collect();
        let calibrated: Vec<f32> = scores.iter().map(|score| single(*score)).collect();
        detector.beside.reference = Reference::of(&features, &calibrated);
        // Not the first part: nobody was known yet.
        let known = learnt.get(learnt.len() * 2 / 5..).unwrap_or_default();
        let before = detector.forest.scores(&matrix(known).view())?;
        let before: Vec<f32> = before.iter().map(|score| single(*score)).collect();
        detector.beside.stability = Some(between(&before, &calibrated));
        for (kind, interactive) in [true, false].into_iter().enumerate() {
            let of_kind = || {
                let rows = kept.iter().zip(&scores).zip(&own);
                let rows = rows.map(|((seen, score), own)| (seen, *score, *own));
                rows.filter(move |(seen, ..)| seen.observation.interactive == interactive)
            };
            let like = |seen: &Sighting| detector.beside.alike(seen);
            let of = |value: Vec<f32>| Calibration::of(value);
            let mut scales = Scales {
                forest: of(of_kind().map(|(_, score, _)| single(score)).collect()),
                own: of(of_kind().filter_map(|(.., own)| Some(own?.1)).collect()),
                evidence: of(of_kind().map(|(seen, ..)| seen.evidence).collect()),
                likeness: of(of_kind().map(|(seen, ..)| like(seen)).collect()),
                fused: Calibration::default(),
            };
            let fused = of_kind().map(|(seen, score, own)| {
                scales.fuse(score, own.map(|own| own.1), seen.evidence, like(seen)).together
            });
            scales.fused = of(fused.collect());
            if let Some(slot) = detector.beside.scales.get_mut(kind) {
                *slot = scales;
            }
        }
        Ok(detector)
    }

    /// What the layers say of sightings, in their order.
    ///
    /// # Errors
    /// [`DetectorError::Forest`] where a feature is infinite.
    pub fn judge(&self, sightings: &[Sighting]) -> Result<Vec<Opinion>, DetectorError> {
        if sightings.is_empty() {
            return Ok(Vec::new());
        }
        let scores = self.forest.scores(&matrix(sightings).view())?;
        let own = self.own.scores(sightings)?;
        let nothing = Scales::default();
        let judged = sightings.iter().zip(&scores).zip(&own).map(|((seen, score), own)| {
            let kind = usize::from(!seen.observation.interactive);
            let scales = self.beside.scales.get(kind).unwrap_or(&nothing);
            let likeness = self.beside.alike(seen);
            let of = scales.fuse(*score, own.map(|own| own.1), seen.evidence, likeness);
            Opinion {
                forest: own.map_or(*score, |own| own.0),
                forest_p: of.forest_p,
                evidence: seen.evidence,
                evidence_p: of.evidence_p,
                likeness,
                likeness_p: of.likeness_p,
                p: scales.fused.p(of.together),
                taught: self.beside.likeness.iter().any(Likeness::is_taught),
                own: own.is_some(),
            }
        });
        Ok(judged.collect())
    }

    /// What made a layer's score, by how much it raised it: the columns with the highest factor
    /// first, at most `most` of those that raised it at all. Evidence has no columns of its own and
    /// is explained by the forest's; the forest is the account's own where it has one.
    ///
    /// # Errors
    /// [`DetectorError::Forest`] where a feature is infinite.
    pub fn contributions(
        &self,
        layer: Layer,
        features: &Features,
        (who, guess): (u64, bool),
        most: usize,
    ) -> Result<Vec<Contribution>, DetectorError> {
        let row = ArrayView2::from_shape((1, WIDTH), features)
            .map_err(|_| DetectorError::Damaged("features of another width"))?;
        let [entries, guesses] = &self.beside.likeness;
        let (layer, factors): (Layer, Vec<f64>) = match layer {
            Layer::Likeness => {
                let steps = if guess { guesses.steps(features) } else { entries.steps(features) };
                (layer, steps.iter().map(|step| f64::from(*step).exp()).collect())
            }
            Layer::Forest | Layer::Evidence => {
                let forest = self.own.of(who).unwrap_or(&self.forest);
                (Layer::Forest, forest.explain(&row)?.factors().iter().copied().collect())
            }
        };
        let all = Column::ALL.iter().zip(features).zip(&factors);
        let mut all: Vec<Contribution> = all
            .map(|((column, value), factor)| Contribution {
                layer,
                column: *column,
                value: *value,
                factor: *factor,
            })
            .filter(|part| part.factor > 1.0)
            .collect();
        all.sort_by(|a, b| b.factor.total_cmp(&a.factor).then(a.column.cmp(&b.column)));
        all.truncate(most);
        Ok(all)
    }

    /// Rows that the forest has seen: what follows them is what scores are calibrated on.
    pub fn learnt_rows(&self) -> usize {
        self.beside.learnt
    }

    /// Accounts with a forest of their own.
    pub fn own_models(&self) -> usize {
        self.own.len()
    }

    /// Rows that it was trained on.
    pub fn rows(&self) -> usize {
        self.beside.rows
    }

    /// How far the latest scores of the training are from those before.
    pub fn stability(&self) -> Option<Drift> {
        self.beside.stability
    }

    /// What it was trained on, for drift.
    pub fn reference(&self) -> &Reference {
        &self.beside.reference
    }

    /// What incidents are held against.
    pub fn standards(&self) -> &Standards {
        &self.beside.standards
    }

    /// The same detector with other standards.
    #[must_use]
    pub fn with_standards(mut self, standards: Standards) -> Self {
        self.beside.standards = standards;
        self
    }

    /// How it was trained.
    pub fn training(&self) -> &Training {
        &self.beside.training
    }
}

impl Scales {
    /// The layers as one: a weighted mean of `-log10 p`, with the chance of each.
    /// An account's own forest stands in the place of the tenant's.
    fn fuse(&self, forest: f64, own: Option<f32>, evidence: f32, likeness: f32) -> Fused {
        let forest_p = own.map_or_else(|| self.forest.p(single(forest)), |own| self.own.p(own));
        let evidence_p = self.evidence.p(evidence);
        let likeness_p = self.likeness.p(likeness);
        let fused = FOREST * forest_p.log10()
            + EVIDENCE * evidence_p.log10()
            + LIKENESS * likeness_p.log10();
        // Where ranks end, the distance goes on: the calibration's last point is not the end.
        let beyond = f64::from(likeness) * 1e-3;
        Fused { together: single(beyond - fused), forest_p, evidence_p, likeness_p }
    }
}

/// What each layer weighs; chosen on tuning seeds.
const FOREST: f64 = 0.25;
const EVIDENCE: f64 = 0.15;
const LIKENESS: f64 = 0.6;

/// What the layers say together, and each by itself.
struct Fused {
    together: f32,
    forest_p: f64,
    evidence_p: f64,
    likeness_p: f64,
}

impl Beside {
    /// How much a sign-in is like an attack's.
    fn alike(&self, seen: &Sighting) -> f32 {
        let [entries, guesses] = &self.likeness;
        if seen.observation.verdict.is_guess() {
            // A guess alone is not worth an alert: it is their number that is, and patterns count.
            return if guesses.is_taught() {
                guesses.of(&seen.features).min(MOST_OF_A_GUESS)
            } else {
                -ORDINARY_ODDS
            };
        }
        entries.of(&seen.features)
    }
}

/// What a single guess at a password can be worth, as odds in nats.
const MOST_OF_A_GUESS: f32 = 1.0;

/// What tells an attack's sign-ins, or its guesses, from the tenant's own, without the first part of
/// these: nobody was known yet.
fn taught(
    learnt: &[Sighting],
    examples: &[Example],
    guesses: bool,
) -> Result<Likeness, ForestError> {
    let rest = learnt.iter().skip(learnt.len() / 4);
    let own = rest.filter(|seen| seen.observation.verdict.is_guess() == guesses);
    let own: Vec<Features> = own.map(|sighting| sighting.features).collect();
    let examples: Vec<Example> =
        examples.iter().filter(|example| example.guess == guesses).cloned().collect();
    Likeness::fit(&own, &examples)
}

#[expect(clippy::cast_possible_truncation, reason = "a score needs no more digits")]
fn single(value: f64) -> f32 {
    value as f32
}

fn matrix(sightings: &[Sighting]) -> Array2<f32> {
    let mut out = Array2::zeros((sightings.len(), WIDTH));
    for (mut row, sighting) in out.rows_mut().into_iter().zip(sightings) {
        for (slot, value) in row.iter_mut().zip(sighting.features) {
            *slot = value;
        }
    }
    out
}
