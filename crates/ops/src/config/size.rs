//! Amounts of memory, as people write them.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A number of bytes, written `512MiB`, `2GiB` or `1.5GB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(u64);

/// Text that is not an amount of memory.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not an amount of memory; write for example `512MiB` or `2GiB`")]
pub struct ByteSizeError(String);

/// Units, the longest spelling of each first where one ends like another.
const UNITS: [(&str, u64); 8] = [
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
    ("tib", 1 << 40),
    ("kb", 1_000),
    ("mb", 1_000_000),
    ("gb", 1_000_000_000),
    ("b", 1),
];

impl ByteSize {
    /// So many times 2^30 bytes.
    pub const fn gibibytes(count: u64) -> Self {
        Self(count << 30)
    }

    /// The number of bytes.
    pub const fn bytes(self) -> u64 {
        self.0
    }
}

impl FromStr for ByteSize {
    type Err = ByteSizeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = || ByteSizeError(text.to_owned());
        let lower = text.trim().to_ascii_lowercase();
        let (number, factor) = UNITS
            .iter()
            .find_map(|(unit, factor)| Some((lower.strip_suffix(unit)?.trim_end(), *factor)))
            .ok_or_else(refuse)?;
        if let Ok(whole) = number.parse::<u64>() {
            return whole
                .checked_mul(factor)
                .filter(|bytes| *bytes > 0)
                .map(Self)
                .ok_or_else(refuse);
        }
        let (whole, tenths) = number.split_once('.').ok_or_else(refuse)?;
        if tenths.len() != 1 {
            return Err(refuse());
        }
        let whole: u64 = whole.parse().map_err(|_| refuse())?;
        let tenths: u64 = tenths.parse().map_err(|_| refuse())?;
        let bytes =
            whole.checked_mul(factor).and_then(|bytes| bytes.checked_add(factor / 10 * tenths));
        bytes.filter(|bytes| *bytes > 0).map(Self).ok_or_else(refuse)
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (unit, name) in [(1_u64 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")] {
            if self.0 >= unit && self.0.is_multiple_of(unit) {
                return write!(f, "{}{name}", self.0 / unit);
            }
        }
        write!(f, "{}B", self.0)
    }
}

impl Serialize for ByteSize {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ByteSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for ByteSize {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "ByteSize".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": r"^\d+(\.\d)?\s*([KMGTkmgt]i?)?[Bb]$" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_families_of_units_are_understood() {
        for (text, bytes) in
            [("512MiB", 512 << 20), ("2 GiB", 2 << 30), ("1.5GB", 1_500_000_000), ("100b", 100)]
        {
            assert_eq!(text.parse::<ByteSize>().map(ByteSize::bytes).ok(), Some(bytes), "{text}");
        }
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in ["", "lots", "12", "0MiB", "-1GB", "1.2.3GB", "99999999999TiB"] {
            assert!(text.parse::<ByteSize>().is_err(), "{text}");
        }
    }

    #[test]
    fn it_is_written_as_it_is_read() {
        assert_eq!(ByteSize::gibibytes(1).to_string(), "1GiB");
        assert_eq!(
            "1500KB".parse::<ByteSize>().map(|size| size.to_string()).ok(),
            Some("1500000B".to_owned())
        );
    }
}
