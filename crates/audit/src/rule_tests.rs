//! A rule's own examples.

use model::Timestamp;
use model::exception::BreakGlassAccount;
use model::object::ObjectKind;
use model::rule::RuleStatus;
use model::snapshot::TenantSnapshot;
use model::tenant::TenantSlug;
use serde_json::Value;

use crate::catalogue::{Rule, RuleTest};
use crate::options::AuditOptions;
use crate::tenant::{judge, with_context};

/// What came of one example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleTestOutcome {
    /// The example's name.
    pub name: String,
    /// The expected result.
    pub expected: RuleStatus,
    /// The result, or why there is none.
    pub actual: Result<RuleStatus, String>,
    /// Why, in the rule's own words.
    pub reason: String,
}

impl RuleTestOutcome {
    /// Whether the example gave what was expected.
    pub fn passed(&self) -> bool {
        self.actual.as_ref() == Ok(&self.expected)
    }
}

/// Runs a rule's examples. `file` gives a file's text by its path beside the rule; `options` carry
/// the time for examples that name none.
pub fn run_rule_tests(
    rule: &Rule,
    options: &AuditOptions,
    file: &dyn Fn(&str) -> Result<String, String>,
) -> Vec<RuleTestOutcome> {
    rule.tests
        .iter()
        .map(|test| {
            let run = run(rule, test, options, file);
            let (actual, reason) = match run {
                Ok((status, reason)) => (Ok(status), reason),
                Err(message) => (Err(message), String::new()),
            };
            RuleTestOutcome { name: test.name.clone(), expected: test.status, actual, reason }
        })
        .collect()
}

fn run(
    rule: &Rule,
    test: &RuleTest,
    options: &AuditOptions,
    file: &dyn Fn(&str) -> Result<String, String>,
) -> Result<(RuleStatus, String), String> {
    let mut options = options.clone();
    if let Some(as_of) = &test.as_of {
        options.as_of = as_of.parse().map_err(|e| format!("as-of {as_of:?} is not a time: {e}"))?;
    }
    let path = test
        .directory
        .as_ref()
        .or(test.policies.as_ref())
        .ok_or("a test names a file of policies or of a directory")?;
    let value: Value = serde_json::from_str(&file(path)?).map_err(|e| format!("{path}: {e}"))?;
    let mut snapshot = snapshot(value, options.as_of).map_err(|e| format!("{path}: {e}"))?;
    snapshot.break_glass = test
        .break_glass
        .iter()
        .map(|id| BreakGlassAccount {
            user_id: id.clone(),
            label: id.clone(),
            declared_by: "test".into(),
            declared_at: options.as_of,
            monitored: Some(true),
        })
        .collect();
    with_context(&snapshot, &options, |context| {
        let outcomes = judge(context, rule);
        // A failure of any subject is a failure; then what is unknown.
        let rank = |status: RuleStatus| match status {
            RuleStatus::Fail => 0,
            RuleStatus::Unknown => 1,
            RuleStatus::Pass => 2,
            RuleStatus::NotApplicable => 3,
        };
        Ok(outcomes.into_iter().min_by_key(|outcome| rank(outcome.status)))
    })
    .map_err(|e| e.to_string())?
    .map(|outcome| (outcome.status, outcome.reason))
    .ok_or_else(|| "the rule gave no result".to_owned())
}

/// A snapshot from an array of policies, or from an object with a list for each kind.
fn snapshot(value: Value, as_of: Timestamp) -> Result<TenantSnapshot, String> {
    let slug = TenantSlug::new("example").map_err(|e| e.to_string())?;
    let mut out = TenantSnapshot::empty(slug, as_of);
    let mut fill = |kind: ObjectKind, value: Value| -> Result<(), String> {
        let items = match value {
            Value::Array(items) => items,
            single => vec![single],
        };
        for item in items {
            out.add(kind, &item.to_string()).map_err(|e| format!("{kind}: {e}"))?;
        }
        out.collected.insert(kind);
        Ok(())
    };
    match value {
        Value::Object(lists) => {
            for (name, list) in lists {
                let kind = match name.as_str() {
                    "policies" => ObjectKind::Policy,
                    "namedLocations" => ObjectKind::NamedLocation,
                    "users" => ObjectKind::User,
                    "groups" => ObjectKind::Group,
                    "memberships" | "groupMemberships" => ObjectKind::GroupMembership,
                    "roleDefinitions" => ObjectKind::RoleDefinition,
                    "directoryRoles" => ObjectKind::DirectoryRole,
                    "roleAssignments" => ObjectKind::RoleAssignment,
                    "roleEligibilities" => ObjectKind::RoleEligibility,
                    "servicePrincipals" => ObjectKind::ServicePrincipal,
                    "authenticationStrengths" => ObjectKind::AuthenticationStrength,
                    "authenticationContexts" => ObjectKind::AuthenticationContext,
                    "securityDefaults" => ObjectKind::SecurityDefaults,
                    "subscribedSkus" => ObjectKind::SubscribedSku,
                    "crossTenantAccess" => ObjectKind::CrossTenantAccess,
                    "organization" => ObjectKind::Organization,
                    other => return Err(format!("{other:?} is not a list of a directory")),
                };
                fill(kind, list)?;
            }
        }
        policies => fill(ObjectKind::Policy, policies)?,
    }
    Ok(out)
}
