//! What the layers say of a sign-in.

use serde::{Deserialize, Serialize};

use super::single;
use crate::features::Column;

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
pub(super) const ORDINARY_ODDS: f32 = 6.0;
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
