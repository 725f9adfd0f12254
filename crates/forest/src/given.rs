//! Trees that were grown elsewhere.

use std::collections::VecDeque;

use crate::depth::rounded_down;
use crate::tree::Node;

/// A tree as parallel arrays by node number, the root first: as scikit-learn keeps its trees.
#[derive(Debug, Clone, Copy)]
pub struct TreeArrays<'a> {
    /// Number of the left child; -1 in a leaf.
    pub left: &'a [i32],
    /// Number of the right child; -1 in a leaf.
    pub right: &'a [i32],
    /// Column that the node splits on; anything in a leaf.
    pub feature: &'a [i32],
    /// Rows with `x <= threshold` go left. Rounded down to single precision, which keeps the
    /// meaning for single-precision rows. Anything in a leaf.
    pub threshold: &'a [f64],
    /// Training rows in the node; a parent has the sum of its children.
    pub n: &'a [u32],
    /// Whether rows without a value go left.
    pub missing_go_to_left: &'a [bool],
}

impl TreeArrays<'_> {
    /// Training rows in the root.
    pub(crate) fn rows(&self) -> u32 {
        self.n.first().copied().unwrap_or_default()
    }

    /// The nodes breadth first, each once; an error where the numbers do not make a tree.
    pub(crate) fn nodes(&self) -> Result<Vec<Node>, &'static str> {
        let count = self.left.len();
        let others = [
            self.right.len(),
            self.feature.len(),
            self.threshold.len(),
            self.n.len(),
            self.missing_go_to_left.len(),
        ];
        if others.iter().any(|&other| other != count) {
            return Err("its arrays differ in length");
        }
        let mut nodes = Vec::with_capacity(count);
        let mut waiting = VecDeque::from([0]);
        while let Some(at) = waiting.pop_front() {
            if nodes.len() == count {
                return Err("a node is reached twice");
            }
            nodes.push(self.node(at, &mut waiting)?);
        }
        if nodes.len() < count {
            return Err("a node cannot be reached from the root");
        }
        Ok(nodes)
    }

    fn node(&self, at: usize, waiting: &mut VecDeque<usize>) -> Result<Node, &'static str> {
        let missing = "a child does not exist";
        let left = *self.left.get(at).ok_or(missing)?;
        let right = *self.right.get(at).ok_or(missing)?;
        if left < 0 && right < 0 {
            return Ok(Node::Leaf { density: 0.0 });
        }
        let left = usize::try_from(left).map_err(|_| missing)?;
        let right = usize::try_from(right).map_err(|_| missing)?;
        let rows = |at: usize| self.n.get(at).copied().ok_or(missing);
        if rows(left)?.checked_add(rows(right)?) != Some(rows(at)?) {
            return Err("a parent does not hold the rows of its children");
        }
        waiting.extend([left, right]);
        Ok(Node::Split {
            feature: u16::try_from(self.feature[at]).map_err(|_| "a column has no number")?,
            threshold: rounded_down(self.threshold[at]),
            missing_left: self.missing_go_to_left[at],
            left_rows: rows(left)?,
        })
    }
}
