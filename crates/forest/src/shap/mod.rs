//! Which column made a row strange, and by how much: exact Shapley values of the mean path length.

mod interventional;
mod path;
mod quadrature;

use ndarray::{Array2, ArrayView2};

use crate::error::ForestError;
use crate::forest::IsolationForest;

/// Exact additive attributions of what the leaves say of each row.
///
/// In every row `base + phi.sum()` is [`IsolationForest::path_lengths`]. A negative `phi` shortens
/// the path and so makes the row stranger.
#[derive(Debug, Clone, PartialEq)]
pub struct Attributions {
    /// What the forest says of no row in particular.
    pub base: f64,
    /// Rows x columns, in the unit of [`IsolationForest::path_lengths`].
    pub phi: Array2<f64>,
    /// What one halving of the score takes: `c(psi)` for path lengths, 1 for densities.
    pub unit: f64,
}

impl Attributions {
    /// The same as factors: `2^(-phi / c(psi))`. Over 1 makes the row stranger.
    ///
    /// Exact, since the logarithm of the score is linear in the path length: in every row the score
    /// is `2^(-base / c(psi))` times the factors. For densities the product is not the score `s`
    /// but its odds `s / (1 - s)`.
    pub fn factors(&self) -> Array2<f64> {
        self.phi.mapv(|phi| (-phi / self.unit).exp2())
    }
}

impl IsolationForest {
    /// Explains rows by the forest alone: where a column is not known, a row falls both ways, as
    /// many training rows did ("tree path-dependent" SHAP: Lundberg et al., "From local
    /// explanations to global understanding with explainable AI for trees", 2020).
    ///
    /// # Errors
    ///
    /// If the rows have another number of columns, or an infinite value.
    pub fn explain(&self, records: &ArrayView2<'_, f32>) -> Result<Attributions, ForestError> {
        self.fits(records)?;
        let phi = path::explain(&self.trees, self.features, records)?;
        let base = self.trees.iter().map(crate::tree::Tree::mean).sum::<f64>() / self.count();
        Ok(Attributions { base, phi, unit: self.unit() })
    }

    /// Explains rows against others, the background: where a column is not known, it has the value
    /// it has there ("interventional" SHAP). Columns that the forest never asks get nothing, however
    /// they go together with others.
    ///
    /// # Errors
    ///
    /// As [`Self::explain`], for the rows and the background, or if the background is empty.
    pub fn explain_against(
        &self,
        records: &ArrayView2<'_, f32>,
        background: &ArrayView2<'_, f32>,
    ) -> Result<Attributions, ForestError> {
        self.fits(records)?;
        self.fits(background)?;
        let (rows, columns) = background.dim();
        if rows == 0 {
            return Err(ForestError::Empty { rows, columns });
        }
        let phi = interventional::explain(&self.trees, self.features, records, background)?;
        #[allow(clippy::cast_precision_loss, reason = "a count of rows")]
        let base = self.path_lengths(background)?.sum() / rows as f64;
        Ok(Attributions { base, phi, unit: self.unit() })
    }

    #[allow(clippy::cast_precision_loss, reason = "at most 100,000 trees")]
    fn count(&self) -> f64 {
        self.trees.len() as f64
    }
}
