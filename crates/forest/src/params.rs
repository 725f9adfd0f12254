//! How a forest is to be grown.

use linfa::ParamGuard;

use crate::error::ForestError;

/// The most rows a tree may grow on: node numbers have 16 bits.
pub(crate) const MOST_SUBSAMPLE: u32 = 32_768;
/// The deepest a tree may grow: attributions keep a path's features in 64 bits.
pub(crate) const DEEPEST: u32 = 64;
/// The most trees a forest may have.
pub(crate) const MOST_TREES: u32 = 100_000;
/// The most columns: a column number has 15 bits.
pub(crate) const MOST_FEATURES: usize = 32_767;

/// How a leaf judges the rows that end in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Measure {
    /// By the length of the path to it: `depth + c(n)`. The Isolation Forest of the paper.
    #[default]
    Depth,
    /// By its density: the binary logarithm of the share of rows over the share of the range, along
    /// the path. Tells empty corners from crowded ones of the same depth (after isotree's
    /// `scoring_metric="density"`).
    Density,
}

/// Parameters of a forest, not yet checked. [`linfa::traits::Fit::fit`] checks them and grows it.
///
/// ```
/// use cstack_forest::ForestParams;
/// use linfa::{DatasetBase, traits::Fit};
/// use ndarray::Array2;
///
/// let rows = Array2::from_shape_fn((500, 3), |(row, column)| ((row * 7 + column) % 101) as f32);
/// let forest = ForestParams::new().trees(50).seed(7).fit(&DatasetBase::from(rows))?;
/// # Ok::<(), cstack_forest::ForestError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ForestParams(CheckedForestParams);

/// Parameters within their ranges.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckedForestParams {
    pub(crate) trees: u32,
    pub(crate) subsample: u32,
    pub(crate) max_depth: Option<u32>,
    pub(crate) contamination: Option<f64>,
    pub(crate) seed: u64,
    pub(crate) measure: Measure,
}

impl Default for CheckedForestParams {
    fn default() -> Self {
        let (trees, subsample) = (100, 256);
        let measure = Measure::Depth;
        Self { trees, subsample, max_depth: None, contamination: None, seed: 0, measure }
    }
}

impl ForestParams {
    /// 100 trees on 256 rows each, as deep as a balanced tree of them, no contamination, seed 0.
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of trees: 1 to 100,000.
    #[must_use]
    pub fn trees(mut self, trees: u32) -> Self {
        self.0.trees = trees;
        self
    }

    /// Rows that each tree is grown on, without replacement: 2 to 32,768. Where there are fewer
    /// rows, all of them.
    #[must_use]
    pub fn subsample(mut self, subsample: u32) -> Self {
        self.0.subsample = subsample;
        self
    }

    /// Depth at which a tree stops: 1 to 64, `None` for `ceil(log2(subsample))`.
    #[must_use]
    pub fn max_depth(mut self, max_depth: Option<u32>) -> Self {
        self.0.max_depth = max_depth;
        self
    }

    /// The share of the training rows that lies above the threshold: over 0 and up to 0.5. `None`
    /// puts the threshold at a score of 0.5 and touches no row outside the samples.
    #[must_use]
    pub fn contamination(mut self, contamination: Option<f64>) -> Self {
        self.0.contamination = contamination;
        self
    }

    /// The seed: equal seeds, parameters and rows give equal forests, whatever the number of
    /// threads.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.0.seed = seed;
        self
    }

    /// How a leaf judges the rows that end in it.
    #[must_use]
    pub fn measure(mut self, measure: Measure) -> Self {
        self.0.measure = measure;
        self
    }
}

impl CheckedForestParams {
    /// Depth at which trees on so many rows stop.
    pub(crate) fn depth_for(&self, subsample: u32) -> u32 {
        self.max_depth.unwrap_or_else(|| subsample.max(2).next_power_of_two().ilog2())
    }
}

impl ParamGuard for ForestParams {
    type Checked = CheckedForestParams;
    type Error = ForestError;

    fn check_ref(&self) -> Result<&CheckedForestParams, ForestError> {
        let CheckedForestParams { trees, subsample, max_depth, contamination, .. } = self.0;
        let refuse =
            |name, found: String, wanted| Err(ForestError::Parameter { name, found, wanted });
        if !(1..=MOST_TREES).contains(&trees) {
            return refuse("trees", trees.to_string(), "1 to 100000");
        }
        if !(2..=MOST_SUBSAMPLE).contains(&subsample) {
            return refuse("subsample", subsample.to_string(), "2 to 32768");
        }
        if let Some(depth) = max_depth.filter(|depth| !(1..=DEEPEST).contains(depth)) {
            return refuse("max_depth", depth.to_string(), "1 to 64");
        }
        if let Some(share) = contamination.filter(|share| !(*share > 0.0 && *share <= 0.5)) {
            return refuse("contamination", share.to_string(), "over 0 and up to 0.5");
        }
        Ok(&self.0)
    }

    fn check(self) -> Result<CheckedForestParams, ForestError> {
        self.check_ref()?;
        Ok(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_out_of_range_are_refused_by_name() {
        let refused = |params: ForestParams| match params.check() {
            Err(ForestError::Parameter { name, .. }) => name,
            other => panic!("{other:?}"),
        };
        assert_eq!(refused(ForestParams::new().trees(0)), "trees");
        assert_eq!(refused(ForestParams::new().subsample(1)), "subsample");
        assert_eq!(refused(ForestParams::new().subsample(40_000)), "subsample");
        assert_eq!(refused(ForestParams::new().max_depth(Some(65))), "max_depth");
        for share in [0.0, -0.1, 0.6, f64::NAN] {
            assert_eq!(refused(ForestParams::new().contamination(Some(share))), "contamination");
        }
        assert!(ForestParams::new().check().is_ok());
    }

    #[test]
    fn the_depth_is_that_of_a_balanced_tree() {
        let params = CheckedForestParams::default();
        let depths = [1, 2, 3, 4, 40, 64, 65, 256, 257].map(|rows| params.depth_for(rows));
        assert_eq!(depths, [1, 1, 2, 2, 6, 6, 7, 8, 9]);
    }
}
