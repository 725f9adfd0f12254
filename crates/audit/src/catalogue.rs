//! The rule catalogue: reading rules from TOML, refusing bad ones with file and line.

use model::canonical::sha256_hex;
use model::rule::{LicenceNeed, RuleError, RuleMeta, RuleStatus, Severity, SubjectKind};
use policy::{Demand, Population};
use serde::Deserialize;
use toml::Spanned;

use crate::expectation::{Expectation, RawWhen, Reaching, situation};

pub use crate::checks::Check;

/// Rules by id, in the order of their ids.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    rules: Vec<Rule>,
}

/// One rule.
#[derive(Debug, Clone)]
pub struct Rule {
    /// What it says of itself.
    pub meta: RuleMeta,
    /// What it judges.
    pub body: RuleBody,
    /// Its own examples.
    pub tests: Vec<RuleTest>,
    /// Where it was read from, for messages and for the paths of its tests.
    pub source: String,
}

/// What a rule judges.
#[derive(Debug, Clone, PartialEq)]
pub enum RuleBody {
    /// An expectation.
    Expect(Box<Expectation>),
    /// A named check.
    Check(Check),
}

/// An example with the expected result.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RuleTest {
    /// What it shows.
    pub name: String,
    /// File of policies, beside the rule.
    pub policies: Option<String>,
    /// File of policies with a directory, beside the rule.
    pub directory: Option<String>,
    /// Ids of declared emergency accounts.
    #[serde(default)]
    pub break_glass: Vec<String>,
    /// The expected result.
    pub status: RuleStatus,
    /// The time taken as now; RFC 3339.
    pub as_of: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    fn list(&self) -> Vec<String> {
        match self {
            Self::One(text) => vec![text.clone()],
            Self::Many(all) => all.clone(),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct RawRule {
    id: Spanned<String>,
    title: String,
    severity: Severity,
    category: String,
    subject: SubjectKind,
    licence: LicenceNeed,
    rationale: String,
    #[serde(default)]
    false_positives: String,
    #[serde(default)]
    references: Vec<String>,
    #[serde(default)]
    equivalents: Vec<String>,
    expect: Option<Spanned<RawExpect>>,
    check: Option<Spanned<Check>>,
    remediation: RawRemediation,
    #[serde(default, rename = "test")]
    tests: Vec<RuleTest>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct RawExpect {
    who: Spanned<OneOrMany>,
    except: Option<Spanned<OneOrMany>>,
    reaching: Spanned<OneOrMany>,
    by: Option<Spanned<OneOrMany>>,
    must: Spanned<OneOrMany>,
    when: Option<Spanned<RawWhen>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct RawRemediation {
    steps: Vec<String>,
    snippet: Option<String>,
}

impl Rule {
    /// Reads a rule. `source` names the file; `snippet` gives a snippet's text by its path.
    ///
    /// # Errors
    /// [`RuleError`] with the line of the first thing that is wrong.
    pub fn parse(
        source: &str,
        text: &str,
        snippet: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, RuleError> {
        let error = |at: usize, message: String| RuleError::at(source, text, at, message);
        let raw: RawRule = toml::from_str(text)
            .map_err(|e| error(e.span().map_or(0, |span| span.start), e.message().to_owned()))?;
        let id = raw.id.get_ref();
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
        if !id.contains('.') || !id.chars().all(allowed) {
            return Err(error(
                raw.id.span().start,
                format!(
                    "{id:?} is not a rule id: use lower-case letters, digits and '-', with a kind before a '.'"
                ),
            ));
        }
        let body = match (&raw.expect, raw.check) {
            (Some(expect), None) => {
                RuleBody::Expect(Box::new(expectation(expect.get_ref(), &error)?))
            }
            (None, Some(check)) => RuleBody::Check(check.into_inner()),
            (Some(_), Some(check)) => {
                return Err(error(
                    check.span().start,
                    "a rule has either [expect] or [check], not both".into(),
                ));
            }
            (None, None) => return Err(error(0, "a rule needs [expect] or [check]".into())),
        };
        let snippet = match &raw.remediation.snippet {
            None => None,
            Some(path) => Some(snippet(path).ok_or_else(|| {
                error(
                    text.find(path.as_str()).unwrap_or(0),
                    format!("there is no snippet {path:?}"),
                )
            })?),
        };
        Ok(Self {
            meta: RuleMeta {
                id: id.clone(),
                title: raw.title,
                severity: raw.severity,
                category: raw.category,
                subject: raw.subject,
                licence: raw.licence,
                rationale: raw.rationale,
                false_positives: raw.false_positives,
                references: raw.references,
                equivalents: raw.equivalents,
                remediation: raw.remediation.steps,
                snippet,
                content_hash: sha256_hex(&[text.as_bytes()]),
            },
            body,
            tests: raw.tests,
            source: source.to_owned(),
        })
    }
}

fn expectation(
    raw: &RawExpect,
    error: &dyn Fn(usize, String) -> RuleError,
) -> Result<Expectation, RuleError> {
    let except = raw.except.as_ref().map_or_else(Vec::new, |except| except.get_ref().list());
    let population = Population::parse(&raw.who.get_ref().list(), &except)
        .map_err(|e| error(raw.who.span().start, e.to_string()))?;
    let reaching = raw
        .reaching
        .get_ref()
        .list()
        .iter()
        .map(|word| {
            Reaching::parse(word).ok_or_else(|| {
                error(
                    raw.reaching.span().start,
                    format!("{word:?} is nothing to reach: use all-resources, office365, admin-portals, azure-management, app:<id>, user-action:register-security-info, user-action:register-device, authentication-context:<id> or each-authentication-context"),
                )
            })
        })
        .collect::<Result<Vec<_>, _>>()?;
    let by = raw.by.as_ref().map_or_else(Vec::new, |by| by.get_ref().list());
    let when = raw.when.as_ref().map_or_else(RawWhen::default, |when| when.get_ref().clone());
    let at = raw
        .when
        .as_ref()
        .map_or_else(|| raw.by.as_ref().map_or(0, |by| by.span().start), |when| when.span().start);
    let situation = situation(&by, &when).map_err(|message| error(at, message))?;
    let demand = Demand::parse(&raw.must.get_ref().list())
        .map_err(|e| error(raw.must.span().start, e.to_string()))?;
    Ok(Expectation { population, reaching, situation, demand })
}

impl Catalogue {
    /// Adds a rule; one with the same id takes the place of the earlier.
    pub fn add(&mut self, rule: Rule) {
        match self.rules.binary_search_by(|known| known.meta.id.cmp(&rule.meta.id)) {
            Ok(at) => {
                if let Some(known) = self.rules.get_mut(at) {
                    *known = rule;
                }
            }
            Err(at) => self.rules.insert(at, rule),
        }
    }

    /// Every rule, by id.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// A rule by id.
    pub fn get(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.meta.id == id)
    }
}
