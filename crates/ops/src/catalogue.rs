//! The rule catalogue: built in, with the operator's own rules laid over it.

use std::path::{Path, PathBuf};

use audit::{RuleTestOutcome, run_rule_tests};
use detect::pattern::Pattern;
use model::rule::RuleError;

pub use audit::{AuditOptions, Catalogue, Rule, fill_snippet};
use include_dir::{Dir, include_dir};

static RULES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../rules");

/// Why rules cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// A rule is badly written.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// A file or folder cannot be read.
    #[error("cannot read {path}: {source}")]
    File {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A setting names a rule that there is not.
    #[error(
        "{setting} names the rule {rule:?}, which there is not{hint}: `cstack rules list` shows \
         all, `cstack config show --origin` where it is set"
    )]
    Unknown {
        /// The setting.
        setting: String,
        /// The rule as written.
        rule: String,
        /// The nearest name, if one is near.
        hint: String,
    },
    /// A built-in file is not text.
    #[error("the built-in rule {0} is not text; the build is broken")]
    BuiltIn(String),
}

/// Where a rule's examples are found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleOrigin {
    /// Built in, in this folder of the catalogue.
    BuiltIn(String),
    /// A file of the operator's.
    File(PathBuf),
}

fn built_in_text(path: &str) -> Option<&'static str> {
    RULES.get_file(path)?.contents_utf8()
}

fn built_in_snippet(path: &str) -> Option<String> {
    built_in_text(&format!("snippets/{path}")).map(str::to_owned)
}

/// The built-in rules.
///
/// # Errors
/// [`CatalogueError`] where the build carries a broken rule.
pub fn built_in() -> Result<Catalogue, CatalogueError> {
    let mut catalogue = Catalogue::default();
    for kind in ["conditional-access", "exclusion"] {
        let files = RULES.get_dir(kind).map(Dir::files).into_iter().flatten();
        for file in files.filter(|file| file.path().extension().is_some_and(|e| e == "toml")) {
            let name = file.path().display().to_string();
            let text = file.contents_utf8().ok_or_else(|| CatalogueError::BuiltIn(name.clone()))?;
            catalogue.add(Rule::parse(&name, text, &built_in_snippet)?);
        }
    }
    Ok(catalogue)
}

/// The built-in attack patterns, by file name.
///
/// # Errors
/// [`CatalogueError`] where the build carries a broken pattern.
pub fn built_in_patterns() -> Result<Vec<Pattern>, CatalogueError> {
    let files = RULES.get_dir("sign-in").map(Dir::files).into_iter().flatten();
    let mut out = Vec::new();
    for file in files.filter(|file| file.path().extension().is_some_and(|e| e == "toml")) {
        let name = file.path().display().to_string();
        let text = file.contents_utf8().ok_or_else(|| CatalogueError::BuiltIn(name.clone()))?;
        out.push(Pattern::parse(&name, text)?);
    }
    out.sort_by(|a, b| a.meta.id.cmp(&b.meta.id));
    Ok(out)
}

/// The built-in rules with those of a folder laid over them; a missing folder counts as empty.
///
/// # Errors
/// [`CatalogueError`] with file and line of the first rule that is badly written.
pub fn load(folder: Option<&Path>) -> Result<Catalogue, CatalogueError> {
    let mut catalogue = built_in()?;
    for path in own_rules(folder)? {
        catalogue.add(read(&path)?);
    }
    Ok(catalogue)
}

fn own_rules(folder: Option<&Path>) -> Result<Vec<PathBuf>, CatalogueError> {
    let Some(folder) = folder.filter(|folder| folder.exists()) else { return Ok(Vec::new()) };
    let failed = |source| CatalogueError::File { path: folder.to_owned(), source };
    let mut out = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|e| e == "toml") {
            out.push(path);
        }
    }
    out.sort();
    Ok(out)
}

/// Reads one rule file of the operator's. Snippets are looked up beside it, then among the
/// built-in ones.
///
/// # Errors
/// [`CatalogueError`] with file and line.
pub fn read(path: &Path) -> Result<Rule, CatalogueError> {
    let failed = |source| CatalogueError::File { path: path.to_owned(), source };
    let text = std::fs::read_to_string(path).map_err(failed)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let snippet = |name: &str| {
        std::fs::read_to_string(folder.join(name)).ok().or_else(|| built_in_snippet(name))
    };
    Ok(Rule::parse(&path.display().to_string(), &text, &snippet)?)
}

/// Where a rule came from.
pub fn origin(rule: &Rule) -> RuleOrigin {
    match RULES.get_file(&rule.source) {
        Some(file) => RuleOrigin::BuiltIn(
            file.path().parent().map_or_else(String::new, |folder| folder.display().to_string()),
        ),
        None => RuleOrigin::File(PathBuf::from(&rule.source)),
    }
}

/// Runs a rule's own examples.
pub fn test(rule: &Rule, options: &AuditOptions) -> Vec<RuleTestOutcome> {
    let origin = origin(rule);
    let file = |name: &str| match &origin {
        RuleOrigin::BuiltIn(folder) => built_in_text(&format!("{folder}/{name}"))
            .map(str::to_owned)
            .ok_or_else(|| format!("{folder}/{name}: not in the catalogue")),
        RuleOrigin::File(path) => {
            let path = path.parent().unwrap_or(Path::new(".")).join(name);
            std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))
        }
    };
    run_rule_tests(rule, options, &file)
}

#[derive(serde::Deserialize)]
struct Differences {
    difference: Vec<Difference>,
}

#[derive(serde::Deserialize)]
struct Difference {
    control: String,
    case: String,
    ours: model::rule::RuleStatus,
    witness: String,
}

/// The conformance cases whose own verdict differs from the effect, as a chapter of RULES.md.
///
/// # Errors
/// Where docs/conformance.toml is badly written.
pub fn conformance_markdown() -> Result<String, toml::de::Error> {
    let text = include_str!("../../../docs/conformance.toml");
    let all: Differences = toml::from_str(text)?;
    let mut out = String::from(
        "\n## Where conformance cases differ\n\n\
         The conformance cases judge one policy at a time by fixed fields. In these the effect is \
         another; each names who signs in and what happens.\n\n\
         | control | case | here | why |\n|---|---|---|---|\n",
    );
    for d in all.difference {
        out += &format!("| {} | {} | {} | {} |\n", d.control, d.case, d.ours.as_str(), d.witness);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_of_the_operators_takes_the_place_of_a_built_in_one() {
        let folder = tempfile::tempdir().unwrap();
        let text = built_in_text("conditional-access/mfa-all-users.toml").unwrap();
        let own = text.replace("severity = \"high\"", "severity = \"info\"");
        std::fs::write(folder.path().join("mine.toml"), own).unwrap();
        let catalogue = load(Some(folder.path())).unwrap();
        let rule = catalogue.get("rule.mfa-all-users").unwrap();
        assert_eq!(rule.meta.severity, model::rule::Severity::Info);
        assert_eq!(catalogue.rules().len(), built_in().unwrap().rules().len());
    }

    #[test]
    fn a_bad_rule_is_refused_with_file_and_line() {
        let folder = tempfile::tempdir().unwrap();
        let text = built_in_text("conditional-access/mfa-all-users.toml").unwrap();
        std::fs::write(folder.path().join("bad.toml"), text.replace("\"mfa\"", "\"mfaa\""))
            .unwrap();
        let error = load(Some(folder.path())).unwrap_err().to_string();
        assert!(error.contains("bad.toml:") && error.contains("mfaa"), "{error}");
    }
}
