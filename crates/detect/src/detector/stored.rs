//! A detector as bytes.

use forest::IsolationForest;
use model::canonical::sha256_hex;

use super::{Beside, Detector, DetectorError};
use crate::features::feature_set_hash;
use crate::own::OwnModels;

/// First bytes of a stored detector.
const MAGIC: &[u8; 8] = b"cstackDT";
/// The form that is written; readers refuse a higher one.
pub(super) const FORMAT: u32 = 1;
/// Bytes of the checksum at the end: SHA-256 in hexadecimal digits.
const CHECKSUM: usize = 64;

impl Detector {
    /// The detector as bytes: a mark, the form, what stands beside the forest, the forests of
    /// accounts, the forest, and a checksum.
    ///
    /// # Errors
    /// [`DetectorError::Beside`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, DetectorError> {
        let mut out = MAGIC.to_vec();
        out.extend(FORMAT.to_le_bytes());
        for part in [postcard::to_allocvec(&self.beside)?, self.own.to_bytes()?] {
            out.extend(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
            out.extend(part);
        }
        out.extend(self.forest.to_bytes());
        let checksum = sha256_hex(&[&out]);
        out.extend(checksum.as_bytes());
        Ok(out)
    }

    /// The detector of such bytes.
    ///
    /// # Errors
    /// [`DetectorError::Damaged`] for what was cut or altered, [`DetectorError::Newer`],
    /// [`DetectorError::OtherFeatures`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DetectorError> {
        let cut = || DetectorError::Damaged("it is cut off");
        let rest =
            bytes.strip_prefix(MAGIC).ok_or(DetectorError::Damaged("its mark is missing"))?;
        let (form, rest) = rest.split_first_chunk::<4>().ok_or_else(cut)?;
        let found = u32::from_le_bytes(*form);
        if found > FORMAT {
            return Err(DetectorError::Newer { found });
        }
        let body = bytes.len().checked_sub(CHECKSUM).ok_or_else(cut)?;
        let (signed, checksum) = bytes.split_at_checked(body).ok_or_else(cut)?;
        if sha256_hex(&[signed]).as_bytes() != checksum {
            return Err(DetectorError::Damaged("its checksum does not fit"));
        }
        let (beside, rest) = part(rest).ok_or_else(cut)?;
        let (own, rest) = part(rest).ok_or_else(cut)?;
        let beside: Beside = postcard::from_bytes(beside)?;
        let expected = feature_set_hash();
        if beside.feature_set != expected {
            return Err(DetectorError::OtherFeatures { found: beside.feature_set, expected });
        }
        let forest = rest.len().checked_sub(CHECKSUM).and_then(|end| rest.get(..end));
        let forest = IsolationForest::from_bytes(forest.ok_or_else(cut)?)?;
        Ok(Self { forest, own: OwnModels::from_bytes(own)?, beside })
    }
}

/// What a length stands before, and the rest.
fn part(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<8>()?;
    rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)
}
