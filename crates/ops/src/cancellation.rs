//! Stopping long work politely.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// Why work was told to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Cancelled {
    /// The process got this signal (2 is SIGINT, 15 is SIGTERM).
    #[error("stopped by signal {0}")]
    Signal(usize),
    /// Somebody asked for it.
    #[error("stopped on request")]
    Requested,
    /// The time allowed has passed.
    #[error("stopped: the time allowed has passed")]
    Deadline,
}

/// What the shared word holds while nobody has asked to stop.
const RUNNING: usize = 0;
/// What it holds after [`Cancellation::cancel`]: no signal has this number.
const REQUESTED: usize = usize::MAX;

/// A shared wish to stop that long operations look at between steps.
///
/// Clones share the wish; a deadline belongs to the clone it was set on.
#[derive(Debug, Clone, Default)]
pub struct Cancellation {
    word: Arc<AtomicUsize>,
    deadline: Option<Instant>,
}

impl Cancellation {
    /// A wish nobody has uttered yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same wish, that also comes true by itself at `deadline`.
    #[must_use]
    pub fn with_deadline(&self, deadline: Instant) -> Self {
        let deadline = self.deadline.map_or(deadline, |earlier| earlier.min(deadline));
        Self { word: Arc::clone(&self.word), deadline: Some(deadline) }
    }

    /// Asks everyone who shares this to stop.
    pub fn cancel(&self) {
        // The first reason stands.
        let _ =
            self.word.compare_exchange(RUNNING, REQUESTED, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// The word a signal handler writes its signal's number into.
    pub fn signal_word(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.word)
    }

    /// Whether work should stop now.
    pub fn is_cancelled(&self) -> bool {
        self.reason().is_some()
    }

    /// Why work should stop, if it should.
    pub fn reason(&self) -> Option<Cancelled> {
        match self.word.load(Ordering::Relaxed) {
            RUNNING => self
                .deadline
                .filter(|deadline| Instant::now() >= *deadline)
                .map(|_| Cancelled::Deadline),
            REQUESTED => Some(Cancelled::Requested),
            signal => Some(Cancelled::Signal(signal)),
        }
    }

    /// For `?` between the steps of an operation.
    ///
    /// # Errors
    /// The reason, once there is one.
    pub fn check(&self) -> Result<(), Cancelled> {
        self.reason().map_or(Ok(()), Err)
    }
}

/// The wish to stop that an error of these use cases carries.
pub fn cancelled<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e Cancelled> {
    if let Some(cancelled) = error.downcast_ref() {
        return Some(cancelled);
    }
    match error.downcast_ref() {
        // Transparent, so that it is told once: in the chain of sources it is not seen.
        Some(crate::auditing::TenantAuditError::Cancelled(cancelled)) => Some(cancelled),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn clones_share_the_wish_and_the_first_reason_stands() {
        let ours = Cancellation::new();
        let theirs = ours.clone();
        assert_eq!(theirs.check(), Ok(()));
        ours.signal_word().store(15, Ordering::Relaxed);
        theirs.cancel();
        assert_eq!(theirs.check(), Err(Cancelled::Signal(15)));
    }

    #[test]
    fn a_deadline_stops_only_the_clone_it_was_set_on() {
        let all = Cancellation::new();
        let part = all.with_deadline(Instant::now());
        assert_eq!(part.reason(), Some(Cancelled::Deadline));
        assert!(!all.is_cancelled());
    }

    #[test]
    fn a_later_deadline_does_not_extend_an_earlier_one() {
        let part = Cancellation::new().with_deadline(Instant::now());
        let inner = part.with_deadline(Instant::now() + Duration::from_secs(3600));
        assert!(inner.is_cancelled());
    }
}
