//! What MLflow takes as names and values, checked before anything is sent.

use std::collections::BTreeMap;

use crate::error::MirrorError;

/// Longest value of a param, in characters.
pub(crate) const LONGEST_PARAM: usize = 6_000;
/// Longest value of a tag, in characters.
pub(crate) const LONGEST_TAG: usize = 8_000;
const LONGEST_NAME: usize = 250;

fn refuse<T>(what: String, reason: &'static str) -> Result<T, MirrorError> {
    Err(MirrorError::Given { what, reason })
}

/// Checks the name of a param, metric, tag or artefact, or an id: what MLflow takes as such, and
/// nothing that could mean something in a filter or an address.
pub(crate) fn name(kind: &str, name: &str) -> Result<(), MirrorError> {
    let fit = |letter: char| letter.is_ascii_alphanumeric() || "_-./ :".contains(letter);
    let unsafe_part = |part: &str| matches!(part, "" | "." | "..");
    if name.is_empty() || name.len() > LONGEST_NAME {
        return refuse(format!("the {kind} `{name}`"), "must have 1 to 250 characters");
    }
    if !name.chars().all(fit) || name.split('/').any(unsafe_part) {
        return refuse(
            format!("the {kind} `{}`", name.escape_debug()),
            "may have letters of ASCII, digits, `_`, `-`, `.`, `:` and spaces, and `/` between parts",
        );
    }
    Ok(())
}

/// Checks a name that is a word of people's, such as an experiment's: 1 to 250 characters, none of
/// them a control character.
pub(crate) fn title(kind: &str, title: &str) -> Result<(), MirrorError> {
    let count = title.chars().count();
    if title.trim().is_empty() || count > LONGEST_NAME || title.chars().any(char::is_control) {
        let what = format!("the {kind} `{}`", title.escape_debug());
        return refuse(what, "must have 1 to 250 characters and no control character");
    }
    Ok(())
}

/// Checks the name of a registered model: a [`name`] without `/` and `:`.
pub(crate) fn model(model: &str) -> Result<(), MirrorError> {
    name("model", model)?;
    if model.contains(['/', ':']) {
        return refuse(format!("the model `{model}`"), "may not contain `/` or `:`");
    }
    Ok(())
}

/// Checks the path of an artefact: a [`name`] without `:`.
pub(crate) fn path(path: &str) -> Result<(), MirrorError> {
    name("artefact", path)?;
    if path.contains(':') {
        return refuse(format!("the artefact `{path}`"), "may not contain `:`");
    }
    Ok(())
}

/// Checks names and values. `longest` is in characters.
pub(crate) fn pairs(
    kind: &str,
    pairs: &BTreeMap<String, String>,
    longest: usize,
) -> Result<(), MirrorError> {
    for (key, value) in pairs {
        name(kind, key)?;
        if value.chars().count() > longest {
            let reason = if longest == LONGEST_PARAM {
                "is longer than 6000 characters"
            } else {
                "is longer than 8000 characters"
            };
            return refuse(format!("the value of the {kind} `{key}`"), reason);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_mlflow_takes_pass() {
        for good in ["n_estimators", "psi.hour of day", "model/MLmodel", "cstack.run", "a:b"] {
            assert_eq!(name("param", good), Ok(()), "{good}");
        }
    }

    #[test]
    fn names_that_leave_their_place_are_refused() {
        let long = "x".repeat(251);
        for bad in
            ["", "/etc", "a//b", "../a", "a/./b", "it's", "a`b", "a%2e", "a\\b", "ü", "a\nb", &long]
        {
            assert!(name("param", bad).is_err(), "{bad}");
        }
        assert!(model("a/b").is_err() && model("a:b").is_err() && model("cstack-contoso").is_ok());
        assert!(path("model/a:b").is_err());
        assert!(title("experiment", "cstack/Müller & Söhne").is_ok());
        assert!(title("experiment", " ").is_err() && title("experiment", "a\u{7}").is_err());
    }

    #[test]
    fn a_value_that_is_too_long_is_refused_by_name() {
        let of = |count| BTreeMap::from([("list".to_owned(), "é".repeat(count))]);
        assert!(pairs("param", &of(6_000), LONGEST_PARAM).is_ok());
        let said = pairs("param", &of(6_001), LONGEST_PARAM).unwrap_err().to_string();
        assert_eq!(said, "the value of the param `list` is longer than 6000 characters");
    }
}
