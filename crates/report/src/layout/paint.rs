//! Colours: the sixteen that every terminal has.

use model::guarantee::Rung;
use model::rule::{RuleStatus, Severity};

/// How a piece of text is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Paint {
    /// As the terminal has it.
    #[default]
    Plain,
    /// Stressed.
    Bold,
    /// Less important.
    Dim,
    /// Bad.
    Red,
    /// Good.
    Green,
    /// Doubtful.
    Yellow,
    /// Closed.
    Blue,
    /// Notable.
    Cyan,
}

impl Paint {
    /// Writes the text with its colour, and the terminal's own after it.
    pub(crate) fn write(self, text: &str, out: &mut String) {
        let code = match self {
            Self::Plain => {
                out.push_str(text);
                return;
            }
            Self::Bold => "1",
            Self::Dim => "2",
            Self::Red => "31",
            Self::Green => "32",
            Self::Yellow => "33",
            Self::Blue => "34",
            Self::Cyan => "36",
        };
        if !text.is_empty() {
            out.extend(["\u{1b}[", code, "m", text, "\u{1b}[0m"]);
        }
    }
}

/// The colour of a severity.
pub(crate) fn of_severity(severity: Severity) -> Paint {
    match severity {
        Severity::Critical => Paint::Red,
        Severity::High => Paint::Yellow,
        Severity::Medium => Paint::Cyan,
        Severity::Low | Severity::Info => Paint::Plain,
    }
}

/// The colour of a result.
pub(crate) fn of_status(status: RuleStatus) -> Paint {
    match status {
        RuleStatus::Fail => Paint::Red,
        RuleStatus::Unknown => Paint::Yellow,
        RuleStatus::NotApplicable => Paint::Dim,
        RuleStatus::Pass => Paint::Green,
    }
}

/// The colour of a guarantee.
pub(crate) fn of_rung(rung: Rung) -> Paint {
    match rung {
        Rung::None | Rung::ReportOnly => Paint::Red,
        Rung::Conditional | Rung::SingleFactorWithSession => Paint::Yellow,
        Rung::Device => Paint::Cyan,
        Rung::Mfa | Rung::MfaAndDevice | Rung::Passwordless | Rung::PhishingResistant => {
            Paint::Green
        }
        Rung::Blocked => Paint::Blue,
    }
}
