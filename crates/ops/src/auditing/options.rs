//! The settings of one tenant's audit, from configuration.

use std::collections::BTreeMap;

use audit::{AuditOptions, Catalogue, Check, RuleBody};
use model::Timestamp;
use model::guarantee::Rung;
use model::tenant::Tenant;

use crate::config::{AuditConfig, ResourceExclusion};

/// The settings of one tenant's audit. `tenant` is absent for policy files.
pub fn options_for(
    config: &AuditConfig,
    catalogue: &Catalogue,
    tenant: Option<&Tenant>,
    as_of: Timestamp,
) -> AuditOptions {
    let mut options = AuditOptions::at(as_of);
    let slug = tenant.map_or("", |tenant| tenant.slug.as_str());
    let groups: Vec<&str> =
        tenant.map_or_else(Vec::new, |tenant| tenant.groups.iter().map(String::as_str).collect());
    options.compile.baseline_scopes_enforced =
        config.resource_exclusion_2026 == ResourceExclusion::Enforced;
    options.compile.mfa_trusted_ips_empty = config.mfa_trusted_ips_empty;
    segments(config, &mut options);
    let mut ids: Vec<String> = catalogue.rules().iter().map(|rule| rule.meta.id.clone()).collect();
    for users in &options.user_segments {
        for apps in &options.app_segments {
            ids.push(audit::coverage_rule(users, apps).id);
        }
    }
    for id in ids {
        if !config.applies(&id, slug, &groups, true) {
            options.disabled.insert(id);
        } else if let Some(severity) = config.severity_for(&id, slug, &groups) {
            options.severities.insert(id, severity);
        }
    }
    options.thresholds = thresholds(config, catalogue);
    options
}

/// Numbers of the configuration that take the place of those in the rules.
fn thresholds(config: &AuditConfig, catalogue: &Catalogue) -> BTreeMap<(String, String), u32> {
    let defaults = AuditConfig::default();
    catalogue
        .rules()
        .iter()
        .filter_map(|rule| {
            let (parameter, configured, default) = match rule.body {
                RuleBody::Check(Check::ExcludedStaleUser { .. }) => {
                    ("days", config.stale_user_days, defaults.stale_user_days)
                }
                RuleBody::Check(Check::ExclusionCreep { .. }) => (
                    "threshold",
                    config.exclusion_creep_threshold,
                    defaults.exclusion_creep_threshold,
                ),
                RuleBody::Check(Check::ReportOnlyGraduated { .. }) => {
                    ("days", config.report_only_days, defaults.report_only_days)
                }
                RuleBody::Check(Check::DisabledPoliciesOld { .. }) => {
                    ("days", config.disabled_days, defaults.disabled_days)
                }
                _ => return None,
            };
            // Only what was changed: otherwise the rule's own number, which the operator may have
            // written in a rule of their own.
            (configured != default)
                .then(|| ((rule.meta.id.clone(), parameter.to_owned()), configured))
        })
        .collect()
}

fn segments(config: &AuditConfig, options: &mut AuditOptions) {
    if !config.user_segments.is_empty() {
        options.user_segments = config
            .user_segments
            .iter()
            .map(|segment| audit::UserSegment {
                id: segment.id.clone(),
                title: segment.title.clone(),
                who: words(&segment.who),
                except: Vec::new(),
                severity: segment.severity,
            })
            .collect();
    }
    if !config.app_segments.is_empty() {
        options.app_segments = config
            .app_segments
            .iter()
            .map(|segment| {
                // Clients that cannot do more than a password are to be blocked.
                let legacy = !segment.by.is_empty()
                    && segment.by.iter().all(|by| by == "exchange-activesync" || by == "other");
                audit::AppSegment {
                    id: segment.id.clone(),
                    title: segment.title.clone(),
                    reaching: words(&segment.reaching),
                    by: segment.by.clone(),
                    expected: if legacy { Rung::Blocked } else { Rung::Mfa },
                }
            })
            .collect();
    }
}

/// Several words in one setting, divided by blanks or semicolons.
fn words(text: &str) -> Vec<String> {
    text.split(|c: char| c.is_whitespace() || c == ';')
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}
