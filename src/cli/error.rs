//! What the user is told when a command fails, and the code that scripts are told.

use std::error::Error;
use std::fmt::{Display, Write as _};
use std::io;
use std::process::ExitCode;

use super::remark::remark;
use model::text::sanitize;
use ops::Cancelled;
use ops::catalogue::CatalogueError;
use ops::config::ConfigError;
use report::ReportError;

/// The kind of failure, which decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Anything not below.
    General,
    /// Wrong usage, or a configuration that cannot be used.
    Usage,
    /// Authentication or consent.
    Authentication,
    /// Another process holds the database.
    Busy,
    /// A signal of this number ended the work.
    Signal(usize),
    /// Whoever reads standard output has stopped.
    ReaderGone,
}

/// A failure, told as "what; where; what to do" with its causes below.
///
/// It is deliberately not a [`std::error::Error`], so that `?` turns any error into one.
#[derive(Debug)]
pub struct CliError {
    failure: Failure,
    what: String,
    place: Option<String>,
    remedy: Option<String>,
    causes: Vec<String>,
}

impl CliError {
    /// A failure of this kind.
    pub fn new(failure: Failure, what: impl Into<String>) -> Self {
        Self { failure, what: what.into(), place: None, remedy: None, causes: Vec::new() }
    }

    /// Wrong usage that clap cannot see.
    pub fn usage(what: impl Into<String>) -> Self {
        Self::new(Failure::Usage, what)
    }

    /// Where it happened: a file, a tenant, an address.
    #[must_use]
    pub fn at(mut self, place: impl Display) -> Self {
        self.place = Some(place.to_string());
        self
    }

    /// What the user can do about it.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// The kind of failure.
    pub fn failure(&self) -> Failure {
        self.failure
    }

    /// Prints it to standard error and gives the exit code.
    pub(super) fn report(&self) -> ExitCode {
        if self.failure != Failure::ReaderGone {
            self.text().lines().for_each(remark);
        }
        ExitCode::from(self.failure.code())
    }

    /// The lines the user sees.
    fn text(&self) -> String {
        let parts = [Some(&self.what), self.place.as_ref(), self.remedy.as_ref()];
        let parts: Vec<_> = parts.into_iter().flatten().map(|part| sanitize(part)).collect();
        let mut text = format!("error: {}\n", parts.join("; "));
        for (depth, cause) in self.causes.iter().enumerate() {
            let indent = "  ".repeat(depth + 1);
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{indent}caused by: {}", sanitize(cause));
        }
        text
    }
}

impl<E: Error + 'static> From<E> for CliError {
    fn from(error: E) -> Self {
        let what = error.to_string();
        let mut causes: Vec<String> = Vec::new();
        for cause in chain(&error).skip(1).map(ToString::to_string) {
            // Some errors tell their cause themselves: once is enough.
            if !causes.last().unwrap_or(&what).contains(&cause) {
                causes.push(cause);
            }
        }
        Self { causes, ..Self::new(kind_of(&error), what) }
    }
}

/// Says what was being done when an error came.
pub trait Explain<T> {
    /// The error becomes the cause of `what`; its kind stays.
    ///
    /// # Errors
    /// The same error, explained.
    fn explain(self, what: impl Into<String>) -> Result<T, CliError>;
}

impl<T, E: Into<CliError>> Explain<T> for Result<T, E> {
    fn explain(self, what: impl Into<String>) -> Result<T, CliError> {
        self.map_err(|error| {
            let mut error = error.into();
            let cause = std::mem::replace(&mut error.what, what.into());
            error.causes.insert(0, cause);
            error
        })
    }
}

fn chain<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// The one place that knows which error means which exit code: the first error in the chain that
/// is known decides. (An error that is `transparent` over another hides its type: name it here.)
fn kind_of(error: &(dyn Error + 'static)) -> Failure {
    chain(error).find_map(known).unwrap_or(Failure::General)
}

fn known(error: &(dyn Error + 'static)) -> Option<Failure> {
    if error.is::<ConfigError>() || error.is::<CatalogueError>() {
        return Some(Failure::Usage);
    }
    if let Some(ReportError::NoSuchFormat { .. } | ReportError::NoSuchCell { .. }) =
        error.downcast_ref()
    {
        return Some(Failure::Usage);
    }
    if ops::database::store_error(error).is_some_and(ops::StoreError::is_busy) {
        return Some(Failure::Busy);
    }
    if let Some(Cancelled::Signal(number)) = ops::cancelled(error) {
        return Some(Failure::Signal(*number));
    }
    if let Some(error) = error.downcast_ref::<io::Error>()
        && error.kind() == io::ErrorKind::BrokenPipe
    {
        return Some(Failure::ReaderGone);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the snapshot was not written")]
    struct Outer(#[source] io::Error);

    #[test]
    fn an_error_is_told_as_what_where_and_what_to_do_with_its_causes_below() {
        let error = CliError::new(Failure::General, "cannot import")
            .at("policies.json:12")
            .remedy("export it again");
        assert_eq!(error.text(), "error: cannot import; policies.json:12; export it again\n");

        let explained = Err::<(), _>(Outer(io::Error::other("disk full"))).explain("cannot import");
        assert_eq!(
            explained.map_err(|error| error.text()),
            Err("error: cannot import\n  caused by: the snapshot was not written\n    caused by: disk full\n".into())
        );
    }

    #[test]
    fn the_kind_is_found_anywhere_in_the_chain() {
        let error = CliError::from(Outer(io::ErrorKind::BrokenPipe.into()));
        assert_eq!(error.failure(), Failure::ReaderGone);
        assert_eq!(CliError::from(Cancelled::Signal(15)).failure().code(), 143);
        assert_eq!(CliError::from(ConfigError::NoHome).failure().code(), 2);
        assert_eq!(CliError::from(io::Error::other("no")).failure().code(), 1);
    }

    #[test]
    fn what_came_from_outside_cannot_steer_the_terminal() {
        let error = CliError::usage("no tenant \u{1b}[2J\u{202e}x");
        assert_eq!(error.text(), "error: no tenant [2Jx\n");
    }
}
