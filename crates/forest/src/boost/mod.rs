//! Boosted trees for two classes, with monotone columns: small, steady, and quick to ask.
//!
//! Newton boosting on the logistic loss over binned columns (Friedman 2001; Chen and Guestrin 2016):
//! a leaf is worth `-G / (H + l2)`, a split gains `G_l^2/(H_l+l2) + G_r^2/(H_r+l2) - G^2/(H+l2)`. A
//! rising column only splits where its upper side is worth more, and values on either side stay on
//! their side of the middle in everything below, so that the answer never falls as the column
//! rises. A missing value counts as the lowest.

mod bins;
mod grow;

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use crate::ForestError;
use bins::Bins;
use grow::Growing;

/// How a column may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trend {
    /// The answer never falls as the value rises.
    Rising,
    /// The answer never rises as the value rises.
    Falling,
    /// Either way.
    Free,
    /// Not at all.
    Unused,
}

/// How trees are boosted.
#[derive(Debug, Clone, PartialEq)]
pub struct BoostParams {
    /// How many trees.
    pub trees: usize,
    /// Splits from the root to a leaf, at most.
    pub depth: usize,
    /// Share of each tree's answer that counts.
    pub rate: f64,
    /// What holds leaves towards nothing.
    pub l2: f64,
    /// The least sum of second derivatives in a leaf.
    pub least: f64,
}

impl Default for BoostParams {
    fn default() -> Self {
        Self { trees: 80, depth: 3, rate: 0.1, l2: 5.0, least: 1.0 }
    }
}

/// A node: a split, or a leaf.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Node {
    /// Column of a split.
    pub(crate) column: u16,
    /// Values up to this go left; missing ones too.
    pub(crate) threshold: f32,
    /// The left child's place; the right one follows it. 0 for a leaf.
    pub(crate) left: u16,
    /// What a row that ends here is worth, rate included.
    pub(crate) value: f32,
}

/// Boosted trees.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Boosted {
    bias: f32,
    trees: Vec<Vec<Node>>,
}

impl Boosted {
    /// Learns to tell rows of one class from the other.
    ///
    /// `rows` is rows x columns, NaN for missing; labels and weights are one a row, trends one a
    /// column. The same input gives the same trees.
    ///
    /// # Errors
    /// [`ForestError`] where lengths do not fit or there is nothing to learn from.
    pub fn fit(
        rows: &ArrayView2<'_, f32>,
        labels: &[bool],
        weights: &[f32],
        trends: &[Trend],
        params: &BoostParams,
    ) -> Result<Self, ForestError> {
        let (count, width) = rows.dim();
        let both = labels.contains(&true) && labels.contains(&false);
        if trends.len() != width {
            return Err(ForestError::Columns { expected: width, found: trends.len() });
        }
        if labels.len() != count || weights.len() != count || !both {
            return Err(ForestError::Parameter {
                name: "labels",
                found: format!("{} and {} weights for {count} rows", labels.len(), weights.len()),
                wanted: "one a row, of both classes, with a weight each",
            });
        }
        let total = |wanted: bool| -> f64 {
            let of = labels.iter().zip(weights).filter(|(label, _)| **label == wanted);
            of.map(|(_, weight)| f64::from(*weight)).sum::<f64>().max(1e-9)
        };
        let bias = (total(true) / total(false)).ln();
        let binned = Bins::of(rows, trends);
        let mut growing = Growing::new(&binned, labels, weights, trends, params, bias);
        let trees = (0..params.trees).map(|_| growing.tree()).collect();
        Ok(Self { bias: single(bias), trees })
    }

    /// Whether nothing was learnt.
    pub fn is_empty(&self) -> bool {
        self.trees.is_empty()
    }

    /// The logarithm of the odds, up to a constant.
    pub fn margin(&self, row: &[f32]) -> f32 {
        self.bias + self.trees.iter().map(|tree| walk(tree, row, |_, _| {})).sum::<f32>()
    }

    /// What each column adds to the margin of a row: the steps of the values along its paths
    /// (Saabas 2014). They sum to the margin less what a row is worth before anything is known.
    pub fn steps(&self, row: &[f32]) -> Vec<f32> {
        let mut out = vec![0.0; row.len()];
        for tree in &self.trees {
            walk(tree, row, |column, step| {
                if let Some(slot) = out.get_mut(usize::from(column)) {
                    *slot += step;
                }
            });
        }
        out
    }
}

/// Walks a row down a tree; what its leaf is worth.
fn walk(tree: &[Node], row: &[f32], mut step: impl FnMut(u16, f32)) -> f32 {
    let Some(mut node) = tree.first() else { return 0.0 };
    while node.left != 0 {
        let value = row.get(usize::from(node.column)).copied().unwrap_or(f32::NAN);
        let right = usize::from(value > node.threshold);
        let Some(next) = tree.get(usize::from(node.left) + right) else { break };
        step(node.column, next.value - node.value);
        node = next;
    }
    node.value
}

#[expect(clippy::cast_possible_truncation, reason = "leaves need no more digits")]
fn single(value: f64) -> f32 {
    value as f32
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    /// Rows whose label is whether the first column is above 0.7 and the second above 0.5.
    fn both() -> (Array2<f32>, Vec<bool>) {
        let mut state = 7_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            f32::from(u16::try_from(state >> 48).unwrap()) / 65_536.0
        };
        let rows = Array2::from_shape_fn((4_000, 3), |_| next());
        let labels = rows.rows().into_iter().map(|row| row[0] > 0.7 && row[1] > 0.5).collect();
        (rows, labels)
    }

    fn fitted(trends: &[Trend]) -> Boosted {
        let (rows, labels) = both();
        let weights = vec![1.0; labels.len()];
        let params = BoostParams::default();
        Boosted::fit(&rows.view(), &labels, &weights, trends, &params).unwrap()
    }

    #[test]
    fn what_needs_two_columns_together_is_learnt() {
        let model = fitted(&[Trend::Rising, Trend::Rising, Trend::Free]);
        let margin = |a: f32, b: f32| model.margin(&[a, b, 0.5]);
        assert!(margin(0.9, 0.9) > 1.0, "{}", margin(0.9, 0.9));
        assert!(margin(0.9, 0.2) < -1.0 && margin(0.2, 0.9) < -1.0);
    }

    #[test]
    fn the_answer_never_falls_as_a_rising_column_rises() {
        let model = fitted(&[Trend::Rising, Trend::Rising, Trend::Rising]);
        for column in 0..3 {
            for fixed in [0.1_f32, 0.5, 0.8] {
                let mut before = f32::MIN;
                for step in 0..=100_u8 {
                    let mut row = [fixed; 3];
                    row[column] = f32::from(step) / 100.0;
                    let margin = model.margin(&row);
                    assert!(margin >= before - 1e-5, "column {column} at {step}");
                    before = margin;
                }
            }
        }
    }

    #[test]
    fn a_column_against_its_trend_and_an_unused_one_count_nothing() {
        let model = fitted(&[Trend::Falling, Trend::Unused, Trend::Unused]);
        assert!((model.margin(&[0.9, 0.9, 0.9]) - model.margin(&[0.1, 0.1, 0.1])).abs() < 0.1);
    }

    #[test]
    fn the_steps_sum_to_the_margin() {
        let model = fitted(&[Trend::Rising, Trend::Rising, Trend::Free]);
        let start: f32 = model.bias + model.trees.iter().map(|tree| tree[0].value).sum::<f32>();
        for row in [[0.9, 0.9, 0.1], [0.2, 0.9, f32::NAN], [f32::NAN; 3]] {
            let steps: f32 = model.steps(&row).iter().sum();
            assert!((start + steps - model.margin(&row)).abs() < 1e-3);
        }
    }

    #[test]
    fn the_same_rows_give_the_same_trees() {
        let trends = [Trend::Rising, Trend::Free, Trend::Free];
        assert_eq!(fitted(&trends), fitted(&trends));
    }

    #[test]
    fn one_class_alone_teaches_nothing() {
        let rows = Array2::zeros((10, 1));
        let params = BoostParams::default();
        let found = Boosted::fit(&rows.view(), &[true; 10], &[1.0; 10], &[Trend::Free], &params);
        assert!(found.is_err());
    }
}
