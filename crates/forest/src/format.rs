//! Models as bytes.
//!
//! Little-endian throughout:
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `CSFOREST` |
//! | 4 | version of the format, 1 |
//! | 8 | length of the whole, the checksum included |
//! | 4 | columns |
//! | 4 | rows each tree was to be grown on |
//! | 8 | threshold |
//! | 1 | measure: 0 depth, 1 density |
//! | 4 | number of trees |
//! | .. | the trees |
//! | 32 | SHA-256 of everything before |
//!
//! A tree is the number of its training rows (4 bytes) and its nodes, breadth first, so that no
//! child needs a number: a split is its column and, in the highest bit, whether missing values go
//! left (2), its threshold (4) and the training rows on its left (2 or, with more than 65,535 rows in
//! the root, 4); a leaf is 65535 (2), followed by its density (8) if the forest measures it.

use sha2::{Digest, Sha256};

use crate::error::ForestError;
use crate::forest::IsolationForest;
use crate::params::{MOST_FEATURES, MOST_TREES, Measure};
use crate::tree::{Node, Tree};

const MAGIC: &[u8; 8] = b"CSFOREST";
const VERSION: u32 = 1;
const CHECKSUM: usize = 32;
/// Magic, version and length: what every version begins with.
const OPENING: usize = 20;
/// Instead of a column: a leaf. No column has this number, with or without the highest bit.
const LEAF: u16 = u16::MAX;
const MISSING_LEFT: u16 = 1 << 15;

impl IsolationForest {
    /// The model as bytes: compact, versioned, with its checksum. Equal forests give equal bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend(MAGIC);
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend(0_u64.to_le_bytes());
        bytes.extend(u32::try_from(self.features).unwrap_or(u32::MAX).to_le_bytes());
        bytes.extend(self.subsample.to_le_bytes());
        bytes.extend(self.threshold.to_le_bytes());
        bytes.push(u8::from(self.measure == Measure::Density));
        bytes.extend(u32::try_from(self.trees.len()).unwrap_or(u32::MAX).to_le_bytes());
        for tree in &self.trees {
            write_tree(&mut bytes, tree, self.measure);
        }
        let length = u64::try_from(bytes.len() + CHECKSUM).unwrap_or(u64::MAX);
        for (place, byte) in bytes.iter_mut().skip(MAGIC.len() + 4).zip(length.to_le_bytes()) {
            *place = byte;
        }
        let checksum = Sha256::digest(&bytes);
        bytes.extend(checksum);
        bytes
    }

    /// Reads what [`Self::to_bytes`] wrote. The forest gives the same scores to the bit.
    ///
    /// # Errors
    ///
    /// If the bytes are no model, of a later format, truncated or altered.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ForestError> {
        let Some(opened) = bytes.strip_prefix(MAGIC) else {
            // An empty file, or the first bytes of a model, is a truncated one.
            return Err(if MAGIC.starts_with(bytes) {
                truncated(bytes)
            } else {
                ForestError::NotAModel
            });
        };
        let mut reader = Reader(opened);
        let found = reader.u32().ok_or_else(|| truncated(bytes))?;
        if found > VERSION {
            return Err(ForestError::Newer { found, supported: VERSION });
        }
        let expected = reader.u64().ok_or_else(|| truncated(bytes))?;
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if length < expected {
            return Err(ForestError::Truncated { expected, found: length });
        }
        let (content, checksum) =
            bytes.split_last_chunk::<CHECKSUM>().ok_or_else(|| truncated(bytes))?;
        if length > expected || Sha256::digest(content).as_slice() != checksum {
            return Err(ForestError::Altered);
        }
        let body = content.get(OPENING..).unwrap_or_default();
        Reader(body).forest()
    }
}

/// Too short to say how long it should be.
fn truncated(bytes: &[u8]) -> ForestError {
    let least = OPENING + CHECKSUM;
    let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
    ForestError::Truncated { expected: count(least), found: count(bytes.len()) }
}

fn write_tree(bytes: &mut Vec<u8>, tree: &Tree, measure: Measure) {
    let rows = tree.cover.first().copied().unwrap_or_default();
    bytes.extend(rows.to_le_bytes());
    for node in tree.nodes() {
        match node {
            Node::Leaf { density } => {
                bytes.extend(LEAF.to_le_bytes());
                if measure == Measure::Density {
                    bytes.extend(density.to_le_bytes());
                }
            }
            Node::Split { feature, threshold, missing_left, left_rows } => {
                let missing = if missing_left { MISSING_LEFT } else { 0 };
                bytes.extend((feature | missing).to_le_bytes());
                bytes.extend(threshold.to_le_bytes());
                match u16::try_from(rows) {
                    Ok(_) => bytes.extend(u16::try_from(left_rows).unwrap_or(0).to_le_bytes()),
                    Err(_) => bytes.extend(left_rows.to_le_bytes()),
                }
            }
        }
    }
}

/// Takes numbers off the front of bytes.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    fn u16(&mut self) -> Option<u16> {
        self.take().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }

    fn f32(&mut self) -> Option<f32> {
        self.take().map(f32::from_le_bytes)
    }

    fn f64(&mut self) -> Option<f64> {
        self.take().map(f64::from_le_bytes)
    }

    fn forest(mut self) -> Result<IsolationForest, ForestError> {
        let ends = || ForestError::Malformed("it ends within its head");
        let features = self.u32().and_then(|count| usize::try_from(count).ok()).ok_or_else(ends)?;
        let subsample = self.u32().ok_or_else(ends)?;
        let threshold = self.f64().ok_or_else(ends)?;
        let measure = match self.take().ok_or_else(ends)? {
            [0] => Measure::Depth,
            [1] => Measure::Density,
            _ => return Err(ForestError::Malformed("its measure is unknown")),
        };
        let count = self.u32().ok_or_else(ends)?;
        if features == 0 || features > MOST_FEATURES || subsample < 2 || threshold.is_nan() {
            return Err(ForestError::Malformed("a number in its head is out of range"));
        }
        if count == 0 || count > MOST_TREES {
            return Err(ForestError::Malformed("its number of trees is out of range"));
        }
        // Grows with what is there, so that a false number of trees claims no memory.
        let mut trees = Vec::new();
        for _ in 0..count {
            trees.push(self.tree(features, measure).map_err(ForestError::Malformed)?);
        }
        if !self.0.is_empty() {
            return Err(ForestError::Malformed("something follows its last tree"));
        }
        Ok(IsolationForest { features, subsample, threshold, measure, trees })
    }

    fn tree(&mut self, features: usize, measure: Measure) -> Result<Tree, &'static str> {
        let rows = self.u32().ok_or("it ends within a tree")?;
        let nodes =
            std::iter::from_fn(|| Some(self.node(rows, measure).ok_or("it ends within a tree")));
        Tree::new(nodes, rows, features, measure)
    }

    fn node(&mut self, rows: u32, measure: Measure) -> Option<Node> {
        let first = self.u16()?;
        if first == LEAF {
            let density = if measure == Measure::Density { self.f64()? } else { 0.0 };
            return Some(Node::Leaf { density });
        }
        let threshold = self.f32()?;
        let left_rows =
            if u16::try_from(rows).is_ok() { u32::from(self.u16()?) } else { self.u32()? };
        let missing_left = first & MISSING_LEFT != 0;
        Some(Node::Split { feature: first & !MISSING_LEFT, threshold, missing_left, left_rows })
    }
}
