//! A trained detector: the forest, and what its scores mean in the tenant that it was trained on.

use forest::{ForestError, ForestParams, IsolationForest};
use model::canonical::sha256_hex;
use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use crate::calibration::Calibration;
use crate::drift::{Drift, Reference, between};
use crate::features::{Column, Features, WIDTH, feature_set_hash};
use crate::incident::Standards;
use crate::likeness::{Example, Likeness};
use crate::watch::Sighting;

/// First bytes of a stored detector.
const MAGIC: &[u8; 8] = b"cstackDT";
/// The form that is written; readers refuse a higher one.
const FORMAT: u32 = 1;
/// Bytes of the checksum at the end: SHA-256 in hexadecimal digits.
const CHECKSUM: usize = 64;

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
}

impl Default for Training {
    fn default() -> Self {
        Self { trees: 200, subsample: 256, seed: 1, calibrate: 0.3 }
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
    evidence: Calibration,
    likeness: Calibration,
    fused: Calibration,
}

/// A trained detector.
#[derive(Debug, Clone)]
pub struct Detector {
    forest: IsolationForest,
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

/// What the layers say of one sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Opinion {
    /// The forest's score, 0 to 1.
    pub forest: f64,
    /// The chance that a believed sign-in of the same kind has a score as high.
    pub forest_p: f64,
    /// The evidence, in nats.
    pub evidence: f32,
    /// The chance of evidence as strong.
    pub evidence_p: f64,
    /// How much it is like an attack, as the logarithm of odds up to a constant; 0 where that was
    /// not taught.
    pub likeness: f32,
    /// The chance of being so much like one.
    pub likeness_p: f64,
    /// The chance of all together: what alerts are decided on.
    pub p: f64,
    /// Whether likeness was taught.
    pub taught: bool,
    /// Whether the account's own model judged.
    pub own: bool,
}

/// A layer that judges single sign-ins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layer {
    /// Likeness to attacks.
    Likeness,
    /// The Isolation Forest.
    Forest,
    /// The sum of likelihood ratios.
    Evidence,
}

impl Layer {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Likeness => "likeness",
            Self::Forest => "forest",
            Self::Evidence => "evidence",
        }
    }
}

/// Chance up to which a layer says that a sign-in is strange: one in two hundred.
const STRANGE: f64 = 0.005;

/// What the likeness of ordinary sign-ins is below nothing, in nats.
const ORDINARY_ODDS: f32 = 6.0;
/// Share of likeness in what an opinion says; chosen on tuning seeds.
const LIKE: f32 = 0.8;

impl Opinion {
    /// How much it says, in nats: how unusual it is, and where that was taught, how much it is like
    /// an attack. Ranks end where the calibration does; odds go on.
    pub fn nats(&self) -> f32 {
        let rank = single(-self.p.ln());
        if !self.taught {
            return rank;
        }
        let odds = self.likeness + ORDINARY_ODDS;
        // Smoothly from nothing.
        let above = if odds > 20.0 { odds } else { odds.exp().ln_1p() };
        LIKE * above + (1.0 - LIKE) * rank
    }

    /// The layers that find it strange, the loudest first; the loudest of all where none does.
    pub fn layers(&self) -> Vec<Layer> {
        let mut all = vec![
            (self.likeness_p, Layer::Likeness),
            (self.forest_p, Layer::Forest),
            (self.evidence_p, Layer::Evidence),
        ];
        all.retain(|(_, layer)| *layer != Layer::Likeness || self.taught);
        all.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let strange = all.iter().filter(|(p, _)| *p <= STRANGE).count().max(1);
        all.into_iter().take(strange).map(|(_, layer)| layer).collect()
    }

    /// One number for people, 0 to 1: how rare it is. 0.999 is one in a thousand.
    pub fn score(&self) -> f64 {
        1.0 - self.p
    }
}

/// One column's part in what a layer says.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Contribution {
    /// The layer.
    pub layer: Layer,
    /// The column.
    pub column: Column,
    /// Its value; NaN where the record did not say.
    pub value: f32,
    /// The factor on the forest's score, by exact SHAP of the path lengths, or on the odds of an
    /// attack, by the steps along the boosted trees' paths; above 1 where the column makes the
    /// sign-in stranger.
    pub factor: f64,
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
        let mut detector = Self { forest, beside };
        let scores = detector.forest.scores(&matrix(kept).view())?;
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
                let rows = kept.iter().zip(&scores);
                rows.filter(move |(seen, _)| seen.observation.interactive == interactive)
            };
            let like = |seen: &Sighting| detector.beside.alike(seen);
            let mut scales = Scales {
                forest: Calibration::of(of_kind().map(|(_, score)| single(*score)).collect()),
                evidence: Calibration::of(of_kind().map(|(seen, _)| seen.evidence).collect()),
                likeness: Calibration::of(of_kind().map(|(seen, _)| like(seen)).collect()),
                fused: Calibration::default(),
            };
            let fused = of_kind()
                .map(|(seen, score)| scales.fuse(*score, seen.evidence, like(seen)).together);
            scales.fused = Calibration::of(fused.collect());
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
        let nothing = Scales::default();
        let judged = sightings.iter().zip(&scores).map(|(seen, score)| {
            let kind = usize::from(!seen.observation.interactive);
            let scales = self.beside.scales.get(kind).unwrap_or(&nothing);
            let likeness = self.beside.alike(seen);
            let of = scales.fuse(*score, seen.evidence, likeness);
            Opinion {
                forest: *score,
                forest_p: of.forest_p,
                evidence: seen.evidence,
                evidence_p: of.evidence_p,
                likeness,
                likeness_p: of.likeness_p,
                p: scales.fused.p(of.together),
                taught: self.beside.likeness.iter().any(Likeness::is_taught),
                own: false,
            }
        });
        Ok(judged.collect())
    }

    /// What made a layer's score, by how much it raised it: the columns with the highest factor
    /// first, at most `most` of those that raised it at all. Evidence has no columns of its own and
    /// is explained by the forest's.
    ///
    /// # Errors
    /// [`DetectorError::Forest`] where a feature is infinite.
    pub fn contributions(
        &self,
        layer: Layer,
        features: &Features,
        guess: bool,
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
                (Layer::Forest, self.forest.explain(&row)?.factors().iter().copied().collect())
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

    /// The detector as bytes: a mark, the form, what stands beside the forest, the forest, and a
    /// checksum.
    ///
    /// # Errors
    /// [`DetectorError::Beside`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, DetectorError> {
        let beside = postcard::to_allocvec(&self.beside)?;
        let length = u64::try_from(beside.len()).unwrap_or(u64::MAX);
        let mut out = MAGIC.to_vec();
        out.extend(FORMAT.to_le_bytes());
        out.extend(length.to_le_bytes());
        out.extend(beside);
        out.extend(self.forest.to_bytes());
        let checksum = sha256_hex(&[&out]);
        out.extend(checksum.as_bytes());
        Ok(out)
    }

    /// The detector of such bytes.
    ///
    /// # Errors
    /// [`DetectorError::Damaged`] for what was cut or altered, [`DetectorError::Newer`],
    /// [`DetectorError::OtherFeatures`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DetectorError> {
        let cut = || DetectorError::Damaged("it is cut off");
        let rest =
            bytes.strip_prefix(MAGIC).ok_or(DetectorError::Damaged("its mark is missing"))?;
        let (form, rest) = rest.split_first_chunk::<4>().ok_or_else(cut)?;
        let found = u32::from_le_bytes(*form);
        if found > FORMAT {
            return Err(DetectorError::Newer { found });
        }
        let body = bytes.len().checked_sub(CHECKSUM).ok_or_else(cut)?;
        let (signed, checksum) = bytes.split_at_checked(body).ok_or_else(cut)?;
        if sha256_hex(&[signed]).as_bytes() != checksum {
            return Err(DetectorError::Damaged("its checksum does not fit"));
        }
        let (length, rest) = rest.split_first_chunk::<8>().ok_or_else(cut)?;
        let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| cut())?;
        let (beside, rest) = rest.split_at_checked(length).ok_or_else(cut)?;
        let beside: Beside = postcard::from_bytes(beside)?;
        let expected = feature_set_hash();
        if beside.feature_set != expected {
            return Err(DetectorError::OtherFeatures { found: beside.feature_set, expected });
        }
        let forest = rest.len().checked_sub(CHECKSUM).and_then(|end| rest.get(..end));
        let forest = IsolationForest::from_bytes(forest.ok_or_else(cut)?)?;
        Ok(Self { forest, beside })
    }
}

impl Scales {
    /// The layers as one: a weighted mean of `-log10 p`, with the chance of each.
    fn fuse(&self, forest: f64, evidence: f32, likeness: f32) -> Fused {
        let forest_p = self.forest.p(single(forest));
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
