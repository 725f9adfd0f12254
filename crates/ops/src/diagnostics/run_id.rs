//! The name of one run, which ties its log lines, its rows and its report together.

use std::fmt;

use uuid::Uuid;

/// A UUIDv7: unique, and in the order of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(Uuid);

impl RunId {
    /// The id of a run that begins now.
    pub fn now() -> Self {
        Self(Uuid::now_v7())
    }

    /// The id itself.
    pub const fn uuid(self) -> Uuid {
        self.0
    }
}

impl From<Uuid> for RunId {
    fn from(uuid: Uuid) -> Self {
        Self(uuid)
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}
