//! `[audit]`: which rules apply to whom, how severe they are, and their thresholds.

use std::collections::BTreeMap;
use std::path::PathBuf;

use model::guarantee::Rung;
use model::rule::Severity;
use model::tenant::TenantSlug;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which rules apply and with what thresholds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct AuditConfig {
    /// Rules that apply although they are off by default.
    pub enable: Vec<String>,
    /// Rules that do not apply.
    pub disable: Vec<String>,
    /// Severities that replace the rules' own.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub severity: BTreeMap<String, Severity>,
    /// A folder with the MSP's own rule files. By default `rules` beside the configuration file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rules_dir: Option<PathBuf>,
    /// Days without a sign-in after which an excluded user counts as stale.
    pub stale_user_days: u32,
    /// The number of principals a policy may exclude before it counts as creep.
    pub exclusion_creep_threshold: u32,
    /// Days after which a report-only policy should have been enforced.
    pub report_only_days: u32,
    /// Days after which a disabled policy should have been removed.
    pub disabled_days: u32,
    /// How policies on all resources that exclude some treat low-privilege scopes: as Microsoft
    /// enforces them from 2026 on, or as before.
    pub resource_exclusion_2026: ResourceExclusion,
    /// Whether the per-user MFA settings are known to hold no trusted addresses, which no export
    /// tells.
    pub mfa_trusted_ips_empty: bool,
    /// Segments of people in the coverage matrix; these replace the built-in five.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub user_segments: Vec<UserSegment>,
    /// Segments of applications in the coverage matrix; these replace the built-in five.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub app_segments: Vec<AppSegment>,
    /// What differs for a group of tenants, by the group's name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub groups: BTreeMap<String, AuditOverrides>,
    /// What differs for one tenant, by its slug.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "BTreeMap<String, AuditOverrides>")]
    pub tenants: BTreeMap<TenantSlug, AuditOverrides>,
}

impl Default for AuditConfig {
    fn default() -> Self {
        Self {
            enable: Vec::new(),
            disable: Vec::new(),
            severity: BTreeMap::new(),
            rules_dir: None,
            stale_user_days: 90,
            exclusion_creep_threshold: 10,
            report_only_days: 180,
            disabled_days: 180,
            resource_exclusion_2026: ResourceExclusion::Enforced,
            mfa_trusted_ips_empty: false,
            user_segments: Vec::new(),
            app_segments: Vec::new(),
            groups: BTreeMap::new(),
            tenants: BTreeMap::new(),
        }
    }
}

/// What differs for a tenant or a group of tenants.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct AuditOverrides {
    /// Rules that apply here although they do not elsewhere.
    pub enable: Vec<String>,
    /// Rules that do not apply here.
    pub disable: Vec<String>,
    /// Severities that hold here.
    pub severity: BTreeMap<String, Severity>,
}

/// How resource exclusions treat low-privilege scopes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ResourceExclusion {
    /// As Microsoft enforces it from 2026 on.
    #[default]
    Enforced,
    /// As it was before.
    Legacy,
}

/// A row of the coverage matrix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct UserSegment {
    /// The word that names it in findings: `coverage.<id>-on-<app segment>`.
    pub id: String,
    /// What people read.
    pub title: String,
    /// The population, in the words of a rule's `expect.who`.
    pub who: String,
    /// Who is left out of it, in the same words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub except: String,
    /// How severe a weak cell of this row is.
    pub severity: Severity,
}

/// A column of the coverage matrix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct AppSegment {
    /// The word that names it in findings: `coverage.<user segment>-on-<id>`.
    pub id: String,
    /// What people read.
    pub title: String,
    /// The applications, in the words of a rule's `expect.reaching`.
    pub reaching: String,
    /// The client types, in the words of a rule's `expect.by`; all when empty.
    #[serde(default)]
    pub by: Vec<String>,
    /// The least that a cell of this column should hold. By default `blocked` where clients can do
    /// no more than a password, and `mfa` elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<Expected>,
}

/// What a cell of the coverage matrix should hold at least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Expected {
    /// A managed device.
    Device,
    /// Multifactor authentication.
    Mfa,
    /// Multifactor authentication and a managed device.
    MfaAndDevice,
    /// Passwordless multifactor authentication.
    Passwordless,
    /// Phishing-resistant multifactor authentication.
    PhishingResistant,
    /// No way in.
    Blocked,
}

impl From<Expected> for Rung {
    fn from(expected: Expected) -> Self {
        match expected {
            Expected::Device => Self::Device,
            Expected::Mfa => Self::Mfa,
            Expected::MfaAndDevice => Self::MfaAndDevice,
            Expected::Passwordless => Self::Passwordless,
            Expected::PhishingResistant => Self::PhishingResistant,
            Expected::Blocked => Self::Blocked,
        }
    }
}

impl AuditConfig {
    /// Whether a rule applies to a tenant of these groups; `by_default` is what the rule itself
    /// says. The tenant has the last word, then its groups, then everybody.
    pub fn applies(&self, rule: &str, tenant: &str, groups: &[&str], by_default: bool) -> bool {
        let of_tenant =
            self.tenants.get(tenant).and_then(|own| switch(&own.enable, &own.disable, rule));
        // Of several groups that disagree, the one that asks for the rule wins: a check too many
        // is seen, a check too few is not.
        let of_groups = groups
            .iter()
            .filter_map(|group| self.groups.get(*group))
            .filter_map(|own| switch(&own.enable, &own.disable, rule))
            .reduce(|one, other| one || other);
        of_tenant
            .or(of_groups)
            .or_else(|| switch(&self.enable, &self.disable, rule))
            .unwrap_or(by_default)
    }

    /// The severity configured for a rule in a tenant of these groups, if any is. Of several
    /// groups that disagree, the highest holds.
    pub fn severity_for(&self, rule: &str, tenant: &str, groups: &[&str]) -> Option<Severity> {
        let of_tenant = self.tenants.get(tenant).and_then(|own| own.severity.get(rule));
        let of_groups =
            || groups.iter().filter_map(|group| self.groups.get(*group)?.severity.get(rule)).max();
        of_tenant.or_else(of_groups).or_else(|| self.severity.get(rule)).copied()
    }
}

impl AuditConfig {
    /// Every rule that is named, with the setting that names it.
    pub fn rules_named(&self) -> Vec<(String, &str)> {
        let mut out = named("audit", &self.enable, &self.disable, &self.severity);
        for (group, own) in &self.groups {
            let place = format!("audit.groups.{group}");
            out.extend(named(&place, &own.enable, &own.disable, &own.severity));
        }
        for (tenant, own) in &self.tenants {
            let place = format!("audit.tenants.{tenant}");
            out.extend(named(&place, &own.enable, &own.disable, &own.severity));
        }
        out
    }
}

fn named<'c>(
    place: &str,
    enable: &'c [String],
    disable: &'c [String],
    severity: &'c BTreeMap<String, Severity>,
) -> Vec<(String, &'c str)> {
    let enable = enable.iter().map(|rule| ("enable", rule));
    let disable = disable.iter().map(|rule| ("disable", rule));
    let severity = severity.keys().map(|rule| ("severity", rule));
    let all = enable.chain(disable).chain(severity);
    all.map(|(key, rule)| (format!("{place}.{key}"), rule.as_str())).collect()
}

/// What a pair of lists says about a rule; an explicit `disable` is the later thought.
fn switch(enable: &[String], disable: &[String], rule: &str) -> Option<bool> {
    let named = |list: &[String]| list.iter().any(|id| id == rule);
    if named(disable) {
        Some(false)
    } else if named(enable) {
        Some(true)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overrides(
        enable: &[&str],
        disable: &[&str],
        severity: &[(&str, Severity)],
    ) -> AuditOverrides {
        AuditOverrides {
            enable: enable.iter().map(ToString::to_string).collect(),
            disable: disable.iter().map(ToString::to_string).collect(),
            severity: severity.iter().map(|(id, level)| ((*id).to_owned(), *level)).collect(),
        }
    }

    #[test]
    fn the_tenant_has_the_last_word_then_its_groups_then_everybody() {
        let config = AuditConfig {
            disable: vec!["r.all".into()],
            groups: [("gold".into(), overrides(&["r.all"], &["r.tenant"], &[]))].into(),
            tenants: [(TenantSlug::new("contoso").unwrap(), overrides(&["r.tenant"], &[], &[]))]
                .into(),
            ..AuditConfig::default()
        };
        assert!(!config.applies("r.all", "fabrikam", &[], true));
        assert!(config.applies("r.all", "fabrikam", &["gold"], true));
        assert!(!config.applies("r.tenant", "fabrikam", &["gold"], true));
        assert!(config.applies("r.tenant", "contoso", &["gold"], true));
        assert!(!config.applies("r.other", "contoso", &["gold"], false));
    }

    #[test]
    fn of_groups_that_disagree_the_one_that_checks_more_wins() {
        let config = AuditConfig {
            groups: [
                ("bronze".into(), overrides(&[], &["r"], &[("r", Severity::Low)])),
                ("gold".into(), overrides(&["r"], &[], &[("r", Severity::High)])),
            ]
            .into(),
            ..AuditConfig::default()
        };
        assert!(config.applies("r", "contoso", &["bronze", "gold"], false));
        assert_eq!(config.severity_for("r", "contoso", &["bronze", "gold"]), Some(Severity::High));
        assert_eq!(config.severity_for("r", "contoso", &["bronze"]), Some(Severity::Low));
        assert_eq!(config.severity_for("r", "contoso", &[]), None);
    }
}
