//! The life of findings, told by tests against a real database.

mod life_properties;
mod listing;
mod runs;
mod triage;

use std::collections::BTreeSet;

use jiff::Timestamp;
use model::evidence::Evidence;
use model::finding::{Finding, TrackedFinding};
use model::rule::Severity;
use model::tenant::{Tenant, TenantSlug};
use serde_json::{Value, json};

use super::{FindingFilter, MergeRun, Target, TriageAction, TriageOutcome, TriageRequest};
use crate::{Store, StoreSettings};

/// An empty store, and the folder that goes with it.
pub(crate) struct Folder {
    pub(crate) store: Store,
    _folder: tempfile::TempDir,
}

pub(crate) fn store() -> Folder {
    let folder = tempfile::tempdir().unwrap();
    Folder { store: Store::new(StoreSettings::in_folder(folder.path())), _folder: folder }
}

pub(crate) fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn tenant(name: &str) -> TenantSlug {
    TenantSlug::new(name).unwrap()
}

fn registered(slug: &str) -> Tenant {
    Tenant {
        display_name: slug.to_owned(),
        ..Tenant::of_files(&tenant(slug), time("2026-01-01T00:00:00Z"))
    }
}

/// A finding of tenant `contoso` about a policy.
fn finding(rule: &str, severity: Severity, policy: &str, evidence: Value) -> Finding {
    finding_of("contoso", rule, severity, policy, evidence)
}

#[expect(clippy::needless_pass_by_value, reason = "facts are written where it is called")]
fn finding_of(of: &str, rule: &str, severity: Severity, policy: &str, evidence: Value) -> Finding {
    Finding::new(
        &tenant(of),
        rule,
        "conditional-access",
        format!("{rule} does not hold"),
        severity,
        vec![policy.to_owned()],
        format!("policy {policy}"),
        Evidence::new(&evidence).unwrap(),
    )
}

fn admins(evidence: Value) -> Finding {
    finding("rule.mfa-admins", Severity::Critical, "tenant", evidence)
}

fn run(as_of: &str, findings: Vec<Finding>) -> MergeRun {
    MergeRun {
        tenant: tenant("contoso"),
        run_id: format!("run-{as_of}"),
        as_of: time(as_of),
        findings,
        passed: Vec::new(),
        retired_subjects: BTreeSet::new(),
    }
}

fn passing(as_of: &str, rule: &str, subject: &str) -> MergeRun {
    MergeRun { passed: vec![(rule.to_owned(), vec![subject.to_owned()])], ..run(as_of, Vec::new()) }
}

impl Folder {
    /// Merges one finding, and gives its fingerprint.
    fn with(&self, as_of: &str, finding: Finding) -> String {
        let fingerprint = finding.fingerprint.clone();
        self.store.merge_run(run(as_of, vec![finding])).unwrap();
        fingerprint
    }

    fn one(&self, fingerprint: &str, as_of: &str) -> TrackedFinding {
        let filter = FindingFilter {
            fingerprints: Some(vec![fingerprint.to_owned()]),
            ..FindingFilter::everything()
        };
        let mut page = self.store.findings(&filter, time(as_of)).unwrap();
        assert_eq!(page.findings.len(), 1);
        page.findings.remove(0)
    }

    /// What happened to a finding, as `action from>to`.
    fn events(&self, fingerprint: &str) -> Vec<String> {
        let events = self.store.finding_history(fingerprint).unwrap();
        events
            .iter()
            .map(|event| format!("{} {}>{}", event.action.as_str(), event.from, event.to))
            .collect()
    }

    fn act(
        &self,
        at: &str,
        actor: &str,
        action: TriageAction,
        fingerprints: &[&str],
    ) -> TriageOutcome {
        let targets = fingerprints
            .iter()
            .map(|fingerprint| Target { fingerprint: (*fingerprint).to_owned(), expected: None })
            .collect();
        let request = TriageRequest { action, targets, actor: actor.to_owned(), at: time(at) };
        self.store.triage(&request).unwrap()
    }
}

fn accept(until: &str) -> TriageAction {
    TriageAction::Accept {
        until: time(until),
        reason: "the scanner cannot do MFA before May".into(),
    }
}

fn facts() -> Value {
    json!({"uncovered": ["a.smith", "b.jones"]})
}
