//! Exit codes: a stable interface for scripts.

use std::fmt::Write as _;
use std::process::ExitCode;

use super::error::Failure;

/// How a command ended that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All is done.
    Done,
    /// Done, and there are findings at or above `--fail-on`.
    FindingsAtOrAbove,
    /// Done for some tenants; the others failed and were told of.
    SomeTenantsFailed,
}

/// Every code and what it means.
pub(super) const CODES: [(u8, &str); 9] = [
    (0, "all is well"),
    (1, "the command failed"),
    (2, "wrong usage, or a configuration that cannot be used"),
    (3, "some tenants failed, the others are done; outranks 10"),
    (4, "authentication failed, or consent is missing"),
    (10, "there are findings at or above `--fail-on`"),
    (75, "the database is busy; try again"),
    (130, "interrupted (SIGINT): nothing was left half done"),
    (143, "terminated (SIGTERM)"),
];

/// The codes as text, for the help.
pub(super) fn explanation() -> String {
    let mut text = String::from("Exit codes:\n");
    for (code, meaning) in CODES {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {code:>3}  {meaning}");
    }
    text
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        Self::from(match outcome {
            Outcome::Done => 0,
            Outcome::SomeTenantsFailed => 3,
            Outcome::FindingsAtOrAbove => 10,
        })
    }
}

impl Failure {
    /// The code a process ends with after this failure.
    pub fn code(self) -> u8 {
        match self {
            Self::General => 1,
            Self::Usage => 2,
            Self::Authentication => 4,
            Self::Busy => 75,
            Self::Signal(number) => {
                u8::try_from(number).map_or(1, |number| number.saturating_add(128))
            }
            // Whoever read our output has all it wanted.
            Self::ReaderGone => 0,
        }
    }
}

/// The code for what clap could not parse, or answered itself (help and version).
pub(super) fn code_of_usage(error: &clap::Error) -> ExitCode {
    if error.use_stderr() { ExitCode::from(Failure::Usage.code()) } else { ExitCode::SUCCESS }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_that_can_come_is_documented() {
        let documented: Vec<u8> = CODES.iter().map(|(code, _)| *code).collect();
        for failure in [
            Failure::General,
            Failure::Usage,
            Failure::Authentication,
            Failure::Busy,
            Failure::Signal(2),
            Failure::Signal(15),
            Failure::ReaderGone,
        ] {
            assert!(documented.contains(&failure.code()), "{failure:?}");
        }
    }
}
