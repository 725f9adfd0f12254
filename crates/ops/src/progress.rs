//! How operations say how far they are, without knowing who listens.

/// A listener for the tasks of an operation: a progress bar, a log, or nobody.
pub trait Progress: Send + Sync {
    /// A task begins; `total` is its number of steps, if that is known.
    fn begin(&self, label: &str, total: Option<u64>) -> Box<dyn Task>;
}

/// One running task. Dropping it ends it.
pub trait Task: Send {
    /// So many more steps are done.
    fn advance(&mut self, steps: u64);
    /// What is being worked on now.
    fn note(&mut self, text: &str);
}

/// A listener that nobody hears: for cron, tests and `--quiet`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _label: &str, _total: Option<u64>) -> Box<dyn Task> {
        Box::new(Self)
    }
}

impl Task for Silent {
    fn advance(&mut self, _steps: u64) {}
    fn note(&mut self, _text: &str) {}
}
