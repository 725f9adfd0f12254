//! Fills a database with findings, for benchmarks: `many_findings FOLDER [COUNT]`.
//!
//! Tenants of 500 findings each, in rules, severities and states as a fleet has them. The same
//! arguments give the same findings.

use std::collections::BTreeSet;
use std::error::Error;
use std::path::PathBuf;

use cstack_store::{MergeRun, Store, StoreSettings, Target, TriageAction, TriageRequest};
use jiff::Timestamp;
use model::evidence::Evidence;
use model::finding::Finding;
use model::rule::Severity;
use model::tenant::{Tenant, TenantSlug, TenantSource};
use serde_json::json;

/// Findings of one tenant.
const OF_A_TENANT: usize = 500;

const RULES: [(&str, &str, Severity); 6] = [
    ("rule.mfa-admins", "conditional-access", Severity::Critical),
    ("exclusion.admin-mfa-bypass", "exclusion", Severity::Critical),
    ("coverage.guests-on-m365-core", "coverage", Severity::High),
    ("exclusion.stale-user", "exclusion", Severity::Medium),
    ("rule.report-only-graduated", "conditional-access", Severity::Low),
    ("rule.disabled-policies-old", "conditional-access", Severity::Info),
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("usage: many_findings FOLDER [COUNT]")?);
    let count = arguments.next().map_or(Ok(100_000), |text| text.parse())?;
    let store = Store::new(StoreSettings::in_folder(&folder));
    let as_of: Timestamp = "2026-11-01T02:00:00Z".parse()?;
    for first in (0..count).step_by(OF_A_TENANT) {
        let slug = TenantSlug::new(&format!("tenant-{:04}", first / OF_A_TENANT))?;
        store.add_tenant(&registered(&slug, as_of))?;
        let findings = (first..count.min(first + OF_A_TENANT))
            .map(|number| finding(&slug, number))
            .collect::<Result<Vec<_>, _>>()?;
        let acknowledged = targets(&findings, 7);
        let asleep = targets(&findings, 11);
        store.merge_run(MergeRun {
            tenant: slug,
            run_id: format!("run-{first:08}"),
            as_of,
            findings,
            passed: Vec::new(),
            retired_subjects: BTreeSet::new(),
        })?;
        let until = "2027-01-01T00:00:00Z".parse()?;
        for (action, targets) in
            [(TriageAction::Acknowledge, acknowledged), (TriageAction::Snooze { until }, asleep)]
        {
            store.triage(&TriageRequest { action, targets, actor: "bench".into(), at: as_of })?;
        }
    }
    Ok(())
}

fn registered(slug: &TenantSlug, at: Timestamp) -> Tenant {
    Tenant {
        slug: slug.clone(),
        display_name: format!("Tenant {slug}"),
        tenant_id: None,
        groups: Vec::new(),
        licence_tier: Some("P2".to_owned()),
        source: TenantSource::Files,
        added_at: at,
        as_of: None,
    }
}

fn finding(tenant: &TenantSlug, number: usize) -> Result<Finding, Box<dyn Error>> {
    let (rule, category, severity) = RULES[number % RULES.len()];
    let subject = format!("00000000-0000-4000-8000-{number:012}");
    let evidence = json!({
        "policy": "Require MFA for all users",
        "uncovered": (0..5).map(|n| format!("user-{number}-{n}@contoso.example")).collect::<Vec<_>>(),
        "path": "browser, any platform, any location",
    });
    Ok(Finding::new(
        tenant,
        rule,
        category,
        format!("{rule} does not hold for subject {number}"),
        severity,
        vec![subject],
        format!("user-{number}@contoso.example"),
        Evidence::new(&evidence)?,
    ))
}

/// Every so many-th finding.
fn targets(findings: &[Finding], step: usize) -> Vec<Target> {
    let chosen = findings.iter().step_by(step);
    chosen
        .map(|finding| Target { fingerprint: finding.fingerprint.clone(), expected: None })
        .collect()
}
