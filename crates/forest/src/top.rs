//! The first levels of a tree, taken by all rows of a block at once.
//!
//! Every row meets few different splits there. Asking all of them of every row, without a load that
//! depends on an answer, is work for the processor's wide registers, and cheaper than to follow each
//! row by itself.

use crate::block::{Block, ROWS};
use crate::tree::Step;

/// Levels that are taken at once.
pub(crate) const TOP: u32 = 3;

/// The splits of the first three levels, as if the tree were full there: below a leaf, the leaf.
#[derive(Debug, Clone)]
pub(crate) struct Top {
    /// By level, and from left to right.
    splits: [Step; 7],
    /// The node that each of the eight ways leads to.
    pub(crate) starts: [u16; 8],
}

impl Top {
    pub(crate) fn new(steps: &[Step]) -> Self {
        let leaf = Step::leaf(0);
        let step = |node: u16| steps.get(usize::from(node)).copied().unwrap_or(leaf);
        // Node numbers of a full tree of four levels; a leaf stands for its own children, left and
        // right, where no row ever goes right.
        let mut nodes = [0_u16; 15];
        let mut splits = [leaf; 7];
        for (at, split) in splits.iter_mut().enumerate() {
            *split = step(nodes[at]);
            let next = u16::try_from(split.next()).unwrap_or_default();
            let is_leaf = next == nodes[at];
            nodes[2 * at + 1] = next;
            nodes[2 * at + 2] = if is_leaf { next } else { next + 1 };
        }
        let mut starts = [0; 8];
        starts.copy_from_slice(&nodes[7..]);
        Self { splits, starts }
    }

    /// Which of the eight ways each row takes: three bits, the first level's the highest.
    pub(crate) fn side_by_side(&self, block: &Block) -> [u8; ROWS] {
        let columns = self.splits.map(|split| &block.columns()[split.column()]);
        std::array::from_fn(|row| {
            // All ones where the row goes right.
            let right = |split: usize| {
                u32::from(columns[split][row] > self.splits[split].rank).wrapping_neg()
            };
            let choose = |mask: u32, left: u32, right: u32| left ^ ((left ^ right) & mask);
            let first = right(0);
            let second = choose(first, right(1), right(2));
            let left = choose(second, right(3), right(4));
            let third = choose(first, left, choose(second, right(5), right(6)));
            ((first & 4) | (second & 2) | (third & 1)).to_le_bytes()[0]
        })
    }
}
