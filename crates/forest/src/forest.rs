//! The forest: grown, given or read, then asked.

use ndarray::{Array1, ArrayView2};
use rayon::prelude::*;

use crate::depth::expected_path;
use crate::error::ForestError;
use crate::given::TreeArrays;
use crate::grow::grow;
use crate::params::{CheckedForestParams, MOST_FEATURES, MOST_TREES, Measure};
use crate::score::fall;
use crate::tree::Tree;

/// An Isolation Forest. Rows are single precision; NaN is a missing value.
#[derive(Debug, Clone)]
pub struct IsolationForest {
    pub(crate) features: usize,
    pub(crate) subsample: u32,
    pub(crate) threshold: f64,
    pub(crate) measure: Measure,
    pub(crate) trees: Vec<Tree>,
}

/// The threshold where no contamination is given, as in scikit-learn and the paper: rows above it
/// are isolated sooner than chance would.
pub(crate) const NEUTRAL: f64 = 0.5;

impl IsolationForest {
    /// Grows a forest on rows. Reads only the sampled rows, and all of them if the parameters have
    /// a contamination.
    ///
    /// # Errors
    ///
    /// If the matrix is empty, too large or of one row, or if a value that was read is infinite.
    pub fn fit(
        params: &CheckedForestParams,
        records: &ArrayView2<'_, f32>,
    ) -> Result<Self, ForestError> {
        let (rows, columns) = records.dim();
        if rows == 0 || columns == 0 {
            return Err(ForestError::Empty { rows, columns });
        }
        if rows == 1 {
            return Err(ForestError::OneRow);
        }
        let most_rows = usize::try_from(u32::MAX).unwrap_or(usize::MAX);
        if rows > most_rows || columns > MOST_FEATURES {
            return Err(ForestError::TooLarge { rows, columns });
        }
        let trees = (0..params.trees).into_par_iter().map(|index| grow(params, records, index));
        let trees = trees.collect::<Result<Vec<_>, _>>()?;
        let subsample = params.subsample.min(u32::try_from(rows).unwrap_or(u32::MAX));
        let (measure, threshold) = (params.measure, NEUTRAL);
        let mut forest = Self { features: columns, subsample, threshold, measure, trees };
        if let Some(share) = params.contamination {
            let mut scores = vec![0.0; rows];
            forest.score_into(records, &mut scores)?;
            forest.threshold = quantile(&mut scores, 1.0 - share);
        }
        Ok(forest)
    }

    /// A forest of trees that were grown elsewhere on `subsample` rows each; rows that score above
    /// `threshold` are anomalous.
    ///
    /// # Errors
    ///
    /// If there is no tree or no column, or if one of the trees is not a tree.
    pub fn from_trees(
        features: usize,
        subsample: u32,
        threshold: f64,
        trees: &[TreeArrays<'_>],
    ) -> Result<Self, ForestError> {
        if trees.is_empty() || features == 0 {
            return Err(ForestError::Empty { rows: trees.len(), columns: features });
        }
        if features > MOST_FEATURES || trees.len() > MOST_TREES as usize {
            return Err(ForestError::TooLarge { rows: trees.len(), columns: features });
        }
        if subsample < 2 {
            let (name, wanted) = ("subsample", "2 or more");
            return Err(ForestError::Parameter { name, found: subsample.to_string(), wanted });
        }
        let measure = Measure::Depth;
        let laid_out = trees.iter().enumerate().map(|(tree, arrays)| {
            let wrong = |reason| ForestError::Tree { tree, reason };
            let nodes = arrays.nodes().map_err(wrong)?;
            Tree::new(nodes.into_iter().map(Ok), arrays.rows(), features, measure).map_err(wrong)
        });
        let trees = laid_out.collect::<Result<_, _>>()?;
        Ok(Self { features, subsample, threshold, measure, trees })
    }

    /// The anomaly score of each row, between 0 and 1, higher where a row is easier to isolate:
    /// `2^(-E[h] / c(psi))` for [`Measure::Depth`], `1 / (1 + 2^E[d])` for [`Measure::Density`].
    ///
    /// # Errors
    ///
    /// If the rows have another number of columns, or an infinite value.
    pub fn scores(&self, records: &ArrayView2<'_, f32>) -> Result<Array1<f64>, ForestError> {
        let mut scores = vec![0.0; records.nrows()];
        self.score_into(records, &mut scores)?;
        Ok(scores.into())
    }

    /// As [`Self::scores`], into a place of the caller's.
    ///
    /// # Errors
    ///
    /// As [`Self::scores`], or if the place does not fit the rows.
    pub fn score_into(
        &self,
        records: &ArrayView2<'_, f32>,
        scores: &mut [f64],
    ) -> Result<(), ForestError> {
        match self.measure {
            Measure::Depth => {
                let per_step = -1.0 / self.unit();
                self.ask(records, scores, |mean| (mean * per_step).exp2())
            }
            Measure::Density => self.ask(records, scores, |mean| 1.0 / (1.0 + mean.exp2())),
        }
    }

    /// The mean over the trees of what each row's leaf says: its path length `E[h]`, or the binary
    /// logarithm of its density `E[d]`.
    ///
    /// # Errors
    ///
    /// As [`Self::scores`].
    pub fn path_lengths(&self, records: &ArrayView2<'_, f32>) -> Result<Array1<f64>, ForestError> {
        let mut lengths = vec![0.0; records.nrows()];
        self.ask(records, &mut lengths, |mean| mean)?;
        Ok(lengths.into())
    }

    /// Which rows score above the threshold.
    ///
    /// # Errors
    ///
    /// As [`Self::scores`].
    pub fn anomalous(&self, records: &ArrayView2<'_, f32>) -> Result<Array1<bool>, ForestError> {
        Ok(self.scores(records)?.mapv(|score| score > self.threshold))
    }

    fn ask(
        &self,
        records: &ArrayView2<'_, f32>,
        results: &mut [f64],
        finish: impl Fn(f64) -> f64 + Sync,
    ) -> Result<(), ForestError> {
        self.fits(records)?;
        let (rows, room) = (records.nrows(), results.len());
        if rows != room {
            return Err(ForestError::Room { rows, room });
        }
        fall(&self.trees, self.features, records, results, finish)
    }

    /// Refuses rows of another shape.
    pub(crate) fn fits(&self, records: &ArrayView2<'_, f32>) -> Result<(), ForestError> {
        let (expected, found) = (self.features, records.ncols());
        if expected == found { Ok(()) } else { Err(ForestError::Columns { expected, found }) }
    }

    /// What a path is measured against: `c(psi)`; for densities 1.
    pub(crate) fn unit(&self) -> f64 {
        match self.measure {
            Measure::Depth => expected_path(self.subsample),
            Measure::Density => 1.0,
        }
    }

    /// Rows that score above this are anomalous.
    pub fn threshold(&self) -> f64 {
        self.threshold
    }

    /// The same forest with another threshold.
    #[must_use]
    pub fn with_threshold(mut self, threshold: f64) -> Self {
        self.threshold = threshold;
        self
    }

    /// Columns that a row must have.
    pub fn features(&self) -> usize {
        self.features
    }

    /// Number of trees.
    pub fn trees(&self) -> usize {
        self.trees.len()
    }

    /// Rows that each tree was grown on.
    pub fn subsample(&self) -> u32 {
        self.subsample
    }

    /// How the leaves judge.
    pub fn measure(&self) -> Measure {
        self.measure
    }
}

/// The value below which this share lies, interpolated between neighbours as numpy does.
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a count of rows"
)]
fn quantile(values: &mut [f64], share: f64) -> f64 {
    let place = share * (values.len().saturating_sub(1)) as f64;
    let (below, part) = (place.floor() as usize, place.fract());
    let (_, &mut lower, above) = values.select_nth_unstable_by(below, f64::total_cmp);
    let upper = above.iter().copied().min_by(f64::total_cmp).unwrap_or(lower);
    lower + (upper - lower) * part
}

#[cfg(test)]
mod tests {
    use super::quantile;

    #[test]
    #[allow(clippy::float_cmp, reason = "these values are exact")]
    fn a_quantile_lies_between_its_neighbours() {
        let values = [5.0, 1.0, 4.0, 2.0, 3.0];
        let at = |share| quantile(&mut values.clone(), share);
        assert_eq!([at(0.0), at(0.5), at(1.0)], [1.0, 3.0, 5.0]);
        assert!((at(0.9) - 4.6).abs() < 1e-12);
    }
}
