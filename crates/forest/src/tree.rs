//! One tree, flat: the form in which rows fall through it, and from which it is explained.

use crate::depth::expected_path;
use crate::params::{DEEPEST, Measure};
use crate::top::Top;

/// The most nodes of a tree: their numbers have 16 bits.
const MOST_NODES: usize = 1 << 16;
/// The least length that steps are padded to.
const LEAST_PADDED: usize = 256;

/// What the growing, the given and the stored trees have in common: nodes in breadth-first order,
/// so that two children are neighbours and their place follows from the order alone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Node {
    /// Rows with `x <= threshold` go left; those without a value as `missing_left` says.
    Split { feature: u16, threshold: f32, missing_left: bool, left_rows: u32 },
    /// The end of a path, with the density of its rows if that is what the forest measures.
    Leaf { density: f64 },
}

/// A node as rows meet it: eight bytes, no pointer, no special case.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    /// The threshold's [`rank`]: rows with a rank up to it go left. In a leaf it is the greatest of
    /// all and `next` leads to itself, so that every row takes the same number of steps.
    pub(crate) rank: u32,
    /// Twice the feature, and one more where missing values go right: the column of the block in
    /// which they are above and not below every other.
    pub(crate) column: u16,
    /// The left child; the right one follows it.
    pub(crate) next: u16,
}

/// A whole number that stands to the others as the numbers themselves do: comparing them is one
/// cheap operation, whose outcome adds to a node's number without a branch. There are numbers left
/// below and above all of them. Both zeros have the same.
pub(crate) fn rank(value: f32) -> u32 {
    // Adding zero turns minus zero into zero.
    let bits = (value + 0.0).to_bits();
    // Negative numbers are ordered the wrong way round, and would come after the others.
    let negative = (bits.cast_signed() >> 31).cast_unsigned();
    bits ^ (negative | SIGN)
}

/// The number that has this rank.
fn ranked(rank: u32) -> f32 {
    f32::from_bits(if rank & SIGN == 0 { !rank } else { rank ^ SIGN })
}

const SIGN: u32 = 1 << 31;

impl Step {
    /// A leaf with this number.
    pub(crate) fn leaf(number: u16) -> Self {
        Self { rank: u32::MAX, column: 0, next: number }
    }

    pub(crate) fn column(self) -> usize {
        usize::from(self.column)
    }

    pub(crate) fn next(self) -> usize {
        usize::from(self.next)
    }

    pub(crate) fn feature(self) -> usize {
        self.column() / 2
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Tree {
    /// The nodes, breadth first, and after them leaves up to a power of two, at least 256: a node's
    /// number cut to so many bits is one of them, and nothing need be checked.
    pub(crate) steps: Vec<Step>,
    /// Training rows in each node: the cover.
    pub(crate) cover: Vec<u32>,
    /// What each leaf says of its rows, `depth + c(n)` or a density; 0 in other nodes. As long as
    /// the steps.
    pub(crate) value: Vec<f64>,
    /// Steps to the deepest leaf.
    pub(crate) levels: u32,
    /// The first levels, for all rows at once.
    pub(crate) top: Top,
}

impl Tree {
    /// Lays out nodes that come breadth first; refuses what is no tree.
    pub(crate) fn new(
        nodes: impl IntoIterator<Item = Result<Node, &'static str>>,
        rows: u32,
        features: usize,
        measure: Measure,
    ) -> Result<Self, &'static str> {
        if rows == 0 {
            return Err("the root holds no row");
        }
        let mut steps: Vec<Step> = Vec::new();
        let mut value = Vec::new();
        let (mut cover, mut depth) = (vec![rows], vec![0_u32]);
        let mut nodes = nodes.into_iter();
        // The children of the nodes so far are the nodes still to come.
        while steps.len() < cover.len() {
            let node = nodes.next().ok_or("nodes are missing")??;
            let at = steps.len();
            let here = u16::try_from(at).map_err(|_| "it has more than 65536 nodes")?;
            let (held, level) = (cover[at], depth[at]);
            match node {
                Node::Leaf { density } => {
                    steps.push(Step::leaf(here));
                    if !density.is_finite() {
                        return Err("a leaf's value is not a number");
                    }
                    value.push(match measure {
                        Measure::Depth => f64::from(level) + expected_path(held),
                        Measure::Density => density,
                    });
                }
                Node::Split { feature, threshold, missing_left, left_rows } => {
                    if usize::from(feature) >= features {
                        return Err("a split is on a column that does not exist");
                    }
                    if !threshold.is_finite() {
                        return Err("a threshold is not a finite number");
                    }
                    if left_rows == 0 || left_rows >= held {
                        return Err("a split leaves one side without rows, or their sum is wrong");
                    }
                    if level >= DEEPEST {
                        return Err("it is deeper than 64");
                    }
                    if cover.len() + 2 > MOST_NODES {
                        return Err("it has more than 65536 nodes");
                    }
                    let next = u16::try_from(cover.len()).map_err(|_| "it has too many nodes")?;
                    let column = feature * 2 + u16::from(!missing_left);
                    steps.push(Step { rank: rank(threshold), column, next });
                    value.push(0.0);
                    cover.extend([left_rows, held - left_rows]);
                    depth.extend([level + 1; 2]);
                }
            }
        }
        let padded = steps.len().next_power_of_two().max(LEAST_PADDED);
        steps.resize(padded, Step::leaf(0));
        value.resize(padded, 0.0);
        let (top, levels) = (Top::new(&steps), depth.last().copied().unwrap_or_default());
        Ok(Self { steps, cover, value, levels, top })
    }

    /// Whether paths end in the node.
    pub(crate) fn is_leaf(&self, node: usize) -> bool {
        self.steps.get(node).is_none_or(|step| step.next() == node)
    }

    /// The splits, breadth first, with their numbers.
    pub(crate) fn splits(&self) -> impl Iterator<Item = (usize, Step)> + '_ {
        let nodes = self.steps.iter().copied().take(self.cover.len()).enumerate();
        nodes.filter(|&(at, step)| step.next() != at)
    }

    /// The tree back in the form it was made of.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = Node> + '_ {
        self.steps.iter().take(self.cover.len()).enumerate().map(|(at, step)| {
            if step.next() == at {
                Node::Leaf { density: self.value[at] }
            } else {
                Node::Split {
                    feature: u16::try_from(step.feature()).unwrap_or(u16::MAX),
                    threshold: ranked(step.rank),
                    missing_left: step.column().is_multiple_of(2),
                    left_rows: self.cover[step.next()],
                }
            }
        })
    }

    /// Mean of the leaves, each weighed by the rows it holds: what the tree says of no row in
    /// particular.
    pub(crate) fn mean(&self) -> f64 {
        let leaves = self.value.iter().zip(&self.cover).enumerate();
        let sum: f64 = leaves
            .filter(|&(at, _)| self.is_leaf(at))
            .map(|(_, (value, &held))| value * f64::from(held))
            .sum();
        sum / f64::from(self.cover[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::float_cmp, reason = "these values are exact")]
    fn ranks_stand_to_each_other_as_the_numbers_do() {
        let numbers = [f32::MIN, -2.5, -1.0, -1e-42, -0.0, 0.0, 1e-42, 1.0, 1.000_000_1, f32::MAX];
        for left in numbers {
            assert!(ranked(rank(left)) == left);
            assert!(rank(left) > u32::MIN && rank(left) < u32::MAX);
            for right in numbers {
                assert_eq!(rank(left) <= rank(right), left <= right, "{left} and {right}");
            }
        }
    }
}
