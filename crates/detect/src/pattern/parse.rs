//! Reading patterns from TOML, refusing bad ones with file and line.

use model::canonical::sha256_hex;
use model::rule::{LicenceNeed, RuleError, RuleMeta, Severity, SubjectKind};
use serde::Deserialize;
use toml::Spanned;

use super::{Condition, Key, Pattern, Then, Threshold, Window};

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct RawFile {
    id: Spanned<String>,
    title: String,
    severity: Severity,
    kind: Spanned<String>,
    rationale: String,
    #[serde(default)]
    false_positives: String,
    #[serde(default)]
    references: Vec<String>,
    #[serde(default)]
    equivalents: Vec<String>,
    sign_ins: Spanned<Condition>,
    window: Option<RawWindow>,
    then: Option<RawThen>,
    remediation: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct RawWindow {
    key: Spanned<Vec<Key>>,
    length: Spanned<String>,
    at_least: Spanned<Threshold>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct RawThen {
    sign_ins: Spanned<Condition>,
    within: Spanned<String>,
    severity: Severity,
}

impl Pattern {
    /// Reads a pattern. `source` names the file.
    ///
    /// # Errors
    /// [`RuleError`] with the line of the first thing that is wrong.
    pub fn parse(source: &str, text: &str) -> Result<Self, RuleError> {
        let error = |at: usize, message: String| RuleError::at(source, text, at, message);
        let raw: RawFile = toml::from_str(text)
            .map_err(|e| error(e.span().map_or(0, |span| span.start), e.message().to_owned()))?;
        let named = |name: &Spanned<String>, prefix: &str| {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            let rest = name.get_ref().strip_prefix(prefix).unwrap_or("");
            if !rest.is_empty() && rest.chars().all(plain) {
                return Ok(name.get_ref().clone());
            }
            let form = format!("{prefix}lower-case-letters-digits-and-dashes");
            Err(error(
                name.span().start,
                format!("{:?} is no name here: use {form}", name.get_ref()),
            ))
        };
        let asked = |condition: Spanned<Condition>| {
            if condition.get_ref().is_empty() {
                let all = "[sign-ins] asks for nothing, and every sign-in would match".to_owned();
                return Err(error(condition.span().start, all));
            }
            Ok(condition.into_inner())
        };
        let seconds = |text: &Spanned<String>| {
            span(text.get_ref()).ok_or_else(|| {
                let message =
                    format!("{:?} is no length of time: use 30s, 20m, 24h or 14d", text.get_ref());
                error(text.span().start, message)
            })
        };
        let window = raw.window.map(|window| {
            if window.key.get_ref().is_empty() {
                return Err(error(window.key.span().start, "a window needs a key".into()));
            }
            if window.at_least.get_ref().is_empty() {
                let message = "a window needs a threshold: events, accounts, ...".to_owned();
                return Err(error(window.at_least.span().start, message));
            }
            Ok(Window {
                length: seconds(&window.length)?,
                keys: window.key.into_inner(),
                at_least: window.at_least.into_inner(),
            })
        });
        let window = window.transpose()?;
        let then = raw.then.map(|then| {
            if window.is_none() {
                let message = "[then] follows a [window], and there is none".to_owned();
                return Err(error(then.within.span().start, message));
            }
            Ok(Then {
                within: seconds(&then.within)?,
                condition: asked(then.sign_ins)?,
                severity: then.severity,
            })
        });
        Ok(Self {
            then: then.transpose()?,
            kind: named(&raw.kind, "")?,
            condition: asked(raw.sign_ins)?,
            window,
            meta: RuleMeta {
                id: named(&raw.id, "sign-in.")?,
                title: raw.title,
                severity: raw.severity,
                category: "sign-in".to_owned(),
                subject: SubjectKind::Principal,
                // Sign-in fields alone: no pattern needs a licence beyond the one that gives logs.
                licence: LicenceNeed::None,
                rationale: raw.rationale,
                false_positives: raw.false_positives,
                references: raw.references,
                equivalents: raw.equivalents,
                remediation: raw.remediation,
                snippet: None,
                content_hash: sha256_hex(&[text.as_bytes()]),
            },
        })
    }
}

/// Seconds of `30s`, `20m`, `24h`, `14d`.
fn span(text: &str) -> Option<i64> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    number.parse::<i64>().ok().filter(|number| *number > 0)?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
id = "sign-in.guessing"
title = "Somebody guesses"
severity = "low"
kind = "guessing"
rationale = "Because."
remediation = ["Look."]

[sign-ins]
guess = true

[window]
key = ["account"]
length = "5m"
at-least = { events = 30 }
"#;

    fn refused(text: &str) -> String {
        Pattern::parse("p.toml", text).unwrap_err().to_string()
    }

    #[test]
    fn a_pattern_is_read() {
        let pattern = Pattern::parse("p.toml", GOOD).unwrap();
        let window = pattern.window.unwrap();
        assert_eq!((window.length, window.at_least.events), (300, Some(30)));
        assert_eq!(pattern.condition.guess, Some(true));
    }

    #[test]
    fn a_misspelt_field_is_refused_with_its_line() {
        let told = refused(&GOOD.replace("guess = true", "gues = true"));
        assert!(told.starts_with("p.toml:10: ") && told.contains("gues"), "{told}");
    }

    #[test]
    fn a_pattern_that_every_sign_in_matches_is_refused() {
        let told = refused(&GOOD.replace("guess = true", ""));
        assert!(told.contains("every sign-in would match"), "{told}");
    }

    #[test]
    fn a_length_without_a_unit_is_refused() {
        let told = refused(&GOOD.replace("\"5m\"", "\"300\""));
        assert!(told.starts_with("p.toml:14: ") && told.contains("20m"), "{told}");
        for bad in ["", "m", "-5m", "0s", "5w", "99999999999999999999d"] {
            assert_eq!(span(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_sequel_without_a_window_is_refused() {
        let text = GOOD.split("[window]").next().unwrap().to_owned()
            + "[then]\nwithin = \"1h\"\nseverity = \"high\"\nsign-ins = { right-password = true }\n";
        assert!(refused(&text).contains("follows a [window]"));
    }
}
