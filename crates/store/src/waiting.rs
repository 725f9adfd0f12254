//! Waiting for another process, with full jitter and an end.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::{StoreError, StoreSettings};

/// The first pause is shorter than this many milliseconds; the ceiling doubles from there.
const FIRST_CEILING: u64 = 5;

/// No pause is longer than this many milliseconds.
const LAST_CEILING: u64 = 250;

/// After this long, whoever reads the log is told what is waited for.
const PATIENCE: Duration = Duration::from_millis(300);

/// One wait for the database, over all that has to be waited for.
pub(crate) struct Waiting {
    path: PathBuf,
    began: Instant,
    longest: Duration,
    ceiling: u64,
    state: u64,
    told: bool,
}

impl Waiting {
    pub(crate) fn new(settings: &StoreSettings) -> Self {
        // The low half of a UUIDv7 is random: two processes never pause in step.
        let (_, random) = uuid::Uuid::now_v7().as_u64_pair();
        Self {
            path: settings.path(),
            began: Instant::now(),
            longest: settings.lock_wait,
            ceiling: FIRST_CEILING,
            state: random | 1,
            told: false,
        }
    }

    /// Pauses before the next try.
    ///
    /// # Errors
    /// [`StoreError::Busy`] once it has taken too long.
    pub(crate) fn pause(&mut self, holder: impl FnOnce() -> String) -> Result<(), StoreError> {
        let waited = self.began.elapsed();
        if waited >= self.longest {
            return Err(StoreError::Busy { path: self.path.clone(), holder: holder() });
        }
        if !self.told && waited >= PATIENCE {
            self.told = true;
            tracing::info!(holder = holder(), "waiting for the database");
        }
        // xorshift64: spreads those who wait, nothing more is asked of it.
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        std::thread::sleep(Duration::from_millis(1 + self.state % self.ceiling));
        self.ceiling = (self.ceiling * 2).min(LAST_CEILING);
        Ok(())
    }
}
