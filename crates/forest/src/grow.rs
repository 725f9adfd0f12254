//! Growing one tree on a sample.

use std::collections::VecDeque;
use std::ops::Range;

use ndarray::ArrayView2;

use crate::depth::rounded_down;
use crate::error::ForestError;
use crate::params::{CheckedForestParams, Measure};
use crate::random::Chance;
use crate::sample::sample;
use crate::tree::{Node, Tree};

/// The narrowest share of a range that a density is measured with: a threshold may round onto the
/// end of its range.
const NARROWEST: f64 = 1.0 / 1_048_576.0;

/// Grows the tree with this index. Reads the sampled rows and no other.
///
/// As in Liu, Ting and Zhou 2008 and in scikit-learn: a column drawn evenly from those that are not
/// constant in the node, a threshold drawn evenly between its least and greatest value, until one
/// row is left, the depth is reached or all columns are constant. Rows that miss the value go to
/// the side that holds more rows, left if equal, and so do later rows.
pub(crate) fn grow(
    params: &CheckedForestParams,
    records: &ArrayView2<'_, f32>,
    index: u32,
) -> Result<Tree, ForestError> {
    let size = |rows: usize| u32::try_from(rows).unwrap_or(u32::MAX);
    let mut chance = Chance::of_tree(params.seed, u64::from(index));
    let rows = sample(&mut chance, size(records.nrows()), params.subsample);
    let held = size(rows.len());
    let mut plot = Plot {
        columns: gather(records, &rows)?,
        rows: rows.len(),
        order: (0..held).collect(),
        features: (0..records.ncols()).collect(),
        chance,
    };
    let nodes = plot.nodes(params.depth_for(held), params.measure);
    Tree::new(nodes.into_iter().map(Ok), held, records.ncols(), params.measure)
        .map_err(|reason| ForestError::Tree { tree: index as usize, reason })
}

/// The sampled rows, column by column.
fn gather(records: &ArrayView2<'_, f32>, rows: &[u32]) -> Result<Vec<f32>, ForestError> {
    let mut columns = vec![0.0; rows.len() * records.ncols()];
    let mut infinite = false;
    for (at, &row) in rows.iter().enumerate() {
        let places = columns.iter_mut().skip(at).step_by(rows.len());
        for (place, &value) in places.zip(records.row(row as usize)) {
            infinite |= value.is_infinite();
            *place = value;
        }
    }
    if infinite {
        let at = columns.iter().position(|value| value.is_infinite()).unwrap_or_default();
        let (column, row) = (at / rows.len(), rows[at % rows.len()] as usize);
        return Err(ForestError::Infinite { row, column });
    }
    Ok(columns)
}

/// Where a tree grows.
struct Plot {
    /// Column-major, `rows` values a column.
    columns: Vec<f32>,
    rows: usize,
    /// The rows, so that those of one node are side by side.
    order: Vec<u32>,
    /// The columns, in whatever order the draws have left them.
    features: Vec<usize>,
    chance: Chance,
}

/// A node that waits for its turn.
struct Waiting {
    rows: Range<usize>,
    depth: u32,
    density: f64,
}

/// A column that is not constant, with its ends.
struct Drawn {
    feature: usize,
    least: f32,
    greatest: f32,
}

impl Plot {
    fn nodes(&mut self, deepest: u32, measure: Measure) -> Vec<Node> {
        let mut nodes = Vec::with_capacity(self.rows * 2);
        let root = Waiting { rows: 0..self.rows, depth: 0, density: 0.0 };
        let mut waiting = VecDeque::from([root]);
        while let Some(Waiting { rows, depth, density }) = waiting.pop_front() {
            let drawn =
                if rows.len() > 1 && depth < deepest { self.draw(rows.clone()) } else { None };
            let Some(drawn) = drawn else {
                nodes.push(Node::Leaf { density });
                continue;
            };
            let (least, greatest) = (f64::from(drawn.least), f64::from(drawn.greatest));
            // Below the greatest, as chance is below 1; rounding down keeps it so, and not below
            // the least, which is single already.
            let threshold = rounded_down(least + self.chance.unit() * (greatest - least));
            let threshold = threshold.max(drawn.least);
            let (middle, missing_left) = self.part(rows.clone(), drawn.feature, threshold);
            let deeper = |part: Range<usize>, share: f64| {
                let density = match measure {
                    Measure::Depth => 0.0,
                    Measure::Density => density + log_density(&part, &rows, share),
                };
                Waiting { rows: part, depth: depth + 1, density }
            };
            let share = (f64::from(threshold) - least) / (greatest - least);
            waiting.push_back(deeper(rows.start..middle, share));
            waiting.push_back(deeper(middle..rows.end, 1.0 - share));
            nodes.push(Node::Split {
                feature: u16::try_from(drawn.feature).unwrap_or(u16::MAX),
                threshold,
                missing_left,
                left_rows: u32::try_from(middle - rows.start).unwrap_or(u32::MAX),
            });
        }
        nodes
    }

    /// Draws columns without replacement until one is not constant among these rows.
    fn draw(&mut self, rows: Range<usize>) -> Option<Drawn> {
        let count = self.features.len();
        for first in 0..count {
            let left = u32::try_from(count - first).unwrap_or(u32::MAX);
            self.features.swap(first, first + self.chance.below(left) as usize);
            let feature = self.features[first];
            let column = &self.columns[feature * self.rows..][..self.rows];
            let (mut least, mut greatest) = (f32::INFINITY, f32::NEG_INFINITY);
            for &row in &self.order[rows.clone()] {
                // A comparison with NaN is false, so that a missing value is neither.
                let value = column[row as usize];
                least = if value < least { value } else { least };
                greatest = if value > greatest { value } else { greatest };
            }
            if least < greatest {
                return Some(Drawn { feature, least, greatest });
            }
        }
        None
    }

    /// Moves the rows that go left before those that go right. Gives the first of the right, and
    /// whether rows without a value went left.
    fn part(&mut self, rows: Range<usize>, feature: usize, threshold: f32) -> (usize, bool) {
        let column = &self.columns[feature * self.rows..][..self.rows];
        let order = &mut self.order[rows.clone()];
        let (mut left, mut right) = (0, 0);
        for &row in order.iter() {
            let value = column[row as usize];
            left += usize::from(value <= threshold);
            right += usize::from(value > threshold);
        }
        let missing_left = left >= right;
        let mut middle = 0;
        for at in 0..order.len() {
            let value = column[order[at] as usize];
            let goes_left = value <= threshold || (missing_left && value.is_nan());
            // Swapping where nothing moves is cheaper than a branch that chance decides.
            order.swap(middle, at);
            middle += usize::from(goes_left);
        }
        (rows.start + middle, missing_left)
    }
}

/// Binary logarithm of the share of the rows over the share of the range.
#[allow(clippy::cast_precision_loss, reason = "a sample has at most 32,768 rows")]
fn log_density(part: &Range<usize>, whole: &Range<usize>, share: f64) -> f64 {
    let rows = part.len() as f64 / whole.len() as f64;
    (rows / share.clamp(NARROWEST, 1.0)).log2()
}
