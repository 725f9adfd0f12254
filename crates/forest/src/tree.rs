//! One tree, flat: the form in which rows fall through it, and from which it is explained.

use crate::depth::expected_path;
use crate::params::{DEEPEST, Measure};

/// The most nodes of a tree: their numbers have 16 bits.
const MOST_NODES: usize = 1 << 16;

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
    /// `x <= threshold` goes to `next`, other rows to `next + 1`. A leaf has plus infinity and
    /// leads to itself, so that every row takes the same number of steps.
    pub(crate) threshold: f32,
    /// Twice the feature, and one more where missing values go right: the column of the block in
    /// which they are plus and not minus infinity.
    pub(crate) column: u16,
    pub(crate) next: u16,
}

#[derive(Debug, Clone)]
pub(crate) struct Tree {
    /// The nodes, breadth first.
    pub(crate) steps: Vec<Step>,
    /// Training rows in each node: the cover.
    pub(crate) cover: Vec<u32>,
    /// What each leaf says of its rows, `depth + c(n)` or a density; 0 in other nodes.
    pub(crate) value: Vec<f64>,
    /// Steps to the deepest leaf.
    pub(crate) levels: u32,
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
                    steps.push(Step { threshold: f32::INFINITY, column: 0, next: here });
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
                    steps.push(Step {
                        threshold,
                        column: feature * 2 + u16::from(!missing_left),
                        next,
                    });
                    value.push(0.0);
                    cover.extend([left_rows, held - left_rows]);
                    depth.extend([level + 1; 2]);
                }
            }
        }
        Ok(Self { steps, cover, value, levels: depth.last().copied().unwrap_or_default() })
    }

    /// Whether paths end in the node.
    pub(crate) fn is_leaf(&self, node: usize) -> bool {
        self.steps.get(node).is_none_or(|step| usize::from(step.next) == node)
    }

    /// The tree back in the form it was made of.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = Node> + '_ {
        self.steps.iter().enumerate().map(|(at, step)| {
            if self.is_leaf(at) {
                Node::Leaf { density: self.value[at] }
            } else {
                Node::Split {
                    feature: step.column / 2,
                    threshold: step.threshold,
                    missing_left: step.column % 2 == 0,
                    left_rows: self.cover[usize::from(step.next)],
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
