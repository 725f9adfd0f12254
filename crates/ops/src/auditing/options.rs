//! The settings of one tenant's audit, from configuration.

use std::collections::BTreeMap;

use audit::{AuditOptions, Catalogue, Check, RuleBody};
use model::Timestamp;
use model::guarantee::Rung;
use model::tenant::{Licences, Tenant};

use crate::catalogue::CatalogueError;
use crate::config::{AuditConfig, ResourceExclusion, nearest};

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
    if let Some(tier) = tenant.and_then(|tenant| tenant.licence_tier.as_deref()) {
        options.declared_licences = Licences::from_tier(tier);
    }
    segments(config, &mut options);
    for id in every_rule(catalogue, &options) {
        if !config.applies(&id, slug, &groups, true) {
            options.disabled.insert(id);
        } else if let Some(severity) = config.severity_for(&id, slug, &groups) {
            options.severities.insert(id, severity);
        }
    }
    options.thresholds = thresholds(config, catalogue);
    options
}

/// The rules of the catalogue and those of the matrix's cells.
fn every_rule(catalogue: &Catalogue, options: &AuditOptions) -> Vec<String> {
    let cells = options.user_segments.iter().flat_map(|users| {
        options.app_segments.iter().map(|apps| audit::coverage_rule(users, apps).id)
    });
    catalogue.rules().iter().map(|rule| rule.meta.id.clone()).chain(cells).collect()
}

/// Looks whether the rules that the settings name exist: one that is misspelt would stay on.
///
/// # Errors
/// [`CatalogueError::Unknown`] with the first that does not.
pub fn check_names(config: &AuditConfig, catalogue: &Catalogue) -> Result<(), CatalogueError> {
    let mut options = AuditOptions::at(Timestamp::UNIX_EPOCH);
    segments(config, &mut options);
    let known = every_rule(catalogue, &options);
    for (setting, rule) in config.rules_named() {
        if !known.iter().any(|id| id == rule) {
            let nearest = nearest(rule, known.iter().map(String::as_str));
            return Err(CatalogueError::Unknown {
                setting,
                rule: rule.to_owned(),
                hint: nearest.map_or_else(String::new, |near| format!(" (did you mean {near:?}?)")),
            });
        }
    }
    Ok(())
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
                except: words(&segment.except),
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
                    expected: segment
                        .expected
                        .map_or(if legacy { Rung::Blocked } else { Rung::Mfa }, Rung::from),
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
