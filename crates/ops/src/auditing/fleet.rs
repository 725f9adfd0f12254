//! Audits of tenants in the store.

use std::collections::{BTreeMap, BTreeSet};

use audit::{AuditError, AuditOptions, Catalogue, audit_tenant, excluded_counts};
use model::Timestamp;
use model::rule::{RuleStatus, Severity, SubjectKind};
use model::run::{AuditReport, MergeCounts, RunRecord};
use model::snapshot::TenantSnapshot;
use model::tenant::{Tenant, TenantSlug};
use report::FleetRow;
use serde_json::json;
use store::{MergeRun, Store, StoreError};

use super::options::options_for;
use crate::config::AuditConfig;
use crate::progress::Progress;
use crate::{Cancellation, Cancelled};

/// Why one tenant could not be audited.
#[derive(Debug, thiserror::Error)]
pub enum TenantAuditError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The audit.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// The first import failed.
    #[error("{0}")]
    NotImported(String),
    /// Nothing was imported.
    #[error("nothing was imported for tenant {0} yet: `cstack import --tenant {0} PATH`")]
    Empty(TenantSlug),
    /// The work was stopped.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// What to audit, and how.
pub struct AuditRequest<'a> {
    /// Rules.
    pub catalogue: &'a Catalogue,
    /// Settings.
    pub config: &'a AuditConfig,
    /// The time taken as now; a tenant's own time, then this, where absent.
    pub as_of: Option<Timestamp>,
    /// The clock.
    pub now: Timestamp,
    /// Whether findings and the run are recorded.
    pub record: bool,
    /// Whether whole reports are kept; a large fleet's would fill the memory.
    pub keep_reports: bool,
}

/// One tenant's audit.
#[derive(Debug)]
pub struct TenantAudit {
    /// The tenant.
    pub tenant: Tenant,
    /// Its row in the fleet's table.
    pub row: FleetRow,
    /// The worst severity among its findings.
    pub worst: Option<Severity>,
    /// What came of it; the report itself where reports are kept.
    pub report: Result<Option<AuditReport>, TenantAuditError>,
    /// What it changed in the store's findings.
    pub merged: MergeCounts,
}

impl TenantAudit {
    /// That of a tenant whose first import failed, so that there is nothing to audit.
    pub fn never_imported(slug: &TenantSlug, why: String) -> Self {
        let tenant = Tenant::of_files(slug, Timestamp::UNIX_EPOCH);
        Self {
            row: FleetRow::failed(&tenant, why.clone()),
            tenant,
            worst: None,
            report: Err(TenantAuditError::NotImported(why)),
            merged: MergeCounts::default(),
        }
    }
}

/// Audits of several tenants.
#[derive(Debug, Default)]
pub struct FleetAudit {
    /// One by one, in the order asked for.
    pub tenants: Vec<TenantAudit>,
}

impl FleetAudit {
    /// Whether some tenant could not be audited.
    pub fn some_failed(&self) -> bool {
        self.tenants.iter().any(|tenant| tenant.report.is_err())
    }

    /// Reports of those that could, where reports are kept.
    pub fn reports(&self) -> impl Iterator<Item = &AuditReport> {
        self.tenants.iter().filter_map(|tenant| tenant.report.as_ref().ok()?.as_ref())
    }

    /// The fleet's table.
    pub fn rows(&self) -> Vec<FleetRow> {
        self.tenants.iter().map(|tenant| tenant.row.clone()).collect()
    }

    /// The worst severity among all findings.
    pub fn worst(&self) -> Option<Severity> {
        self.tenants.iter().filter_map(|tenant| tenant.worst).max()
    }
}

/// The registered tenants by name and group; all of them where neither is given.
///
/// # Errors
/// [`StoreError::UnknownTenant`] where a name is not registered.
pub fn select(
    store: &Store,
    names: &[TenantSlug],
    groups: &[String],
) -> Result<Vec<Tenant>, StoreError> {
    let all = store.tenants()?;
    if let Some(unknown) = names.iter().find(|name| !all.iter().any(|t| t.slug == **name)) {
        return Err(StoreError::UnknownTenant(unknown.to_string()));
    }
    let everybody = names.is_empty() && groups.is_empty();
    let asked = |tenant: &Tenant| {
        everybody
            || names.contains(&tenant.slug)
            || tenant.groups.iter().any(|group| groups.contains(group))
    };
    Ok(all.into_iter().filter(asked).collect())
}

/// Audits tenants. One that fails does not stop the others.
///
/// # Errors
/// Where the work was stopped, or the database is busy or cannot be used: what was recorded before
/// that stays.
pub fn audit_fleet(
    store: &Store,
    tenants: Vec<Tenant>,
    request: &AuditRequest<'_>,
    progress: &dyn Progress,
    cancellation: &Cancellation,
) -> Result<FleetAudit, TenantAuditError> {
    let names: Vec<TenantSlug> = tenants.iter().map(|tenant| tenant.slug.clone()).collect();
    let mut task = progress.begin("auditing", Some(names.len() as u64));
    let mut out = FleetAudit::default();
    let mut waiting = tenants.into_iter();
    let counts = store.tenant_counts()?;
    store.for_each_batch(&names, |batch| {
        let mut audits = Vec::with_capacity(batch.len());
        for (snapshot, tenant) in batch.into_iter().zip(&mut waiting) {
            cancellation.check()?;
            let has_history =
                counts.get(tenant.slug.as_str()).is_some_and(|counts| counts.snapshots > 1);
            audits.push(Audit::of(store, tenant, snapshot, has_history, request));
            task.advance(1);
        }
        if request.record {
            record(store, &mut audits, request.catalogue)?;
        }
        out.tenants.extend(audits.into_iter().map(|audit| audit.told(request.keep_reports)));
        Ok::<_, TenantAuditError>(())
    })?;
    Ok(out)
}

/// An audit that is not recorded yet.
struct Audit {
    run_id: String,
    started: Timestamp,
    tenant: Tenant,
    users: usize,
    policies: usize,
    report: Result<AuditReport, TenantAuditError>,
    merged: MergeCounts,
}

impl Audit {
    fn of(
        store: &Store,
        tenant: Tenant,
        snapshot: Option<TenantSnapshot>,
        has_history: bool,
        request: &AuditRequest<'_>,
    ) -> Self {
        let started = Timestamp::now();
        let (users, policies) = snapshot
            .as_ref()
            .map_or((0, 0), |snapshot| (snapshot.users.len(), snapshot.policies.len()));
        let report = snapshot
            .ok_or_else(|| TenantAuditError::Empty(tenant.slug.clone()))
            .and_then(|snapshot| audit(store, &tenant, &snapshot, has_history, request));
        Self {
            run_id: uuid::Uuid::now_v7().to_string(),
            started,
            tenant,
            users,
            policies,
            report,
            merged: MergeCounts::default(),
        }
    }

    fn run(&self) -> RunRecord {
        RunRecord {
            id: self.run_id.clone(),
            tenant: self.tenant.slug.clone(),
            stage: "audit".into(),
            started_at: self.started,
            ended_at: Some(Timestamp::now()),
            outcome: if self.report.is_ok() { "ok" } else { "failed" }.into(),
            detail: detail(&self.report, &self.merged),
        }
    }

    fn told(self, keep_report: bool) -> TenantAudit {
        let Self { tenant, users, policies, report, merged, .. } = self;
        let row = match &report {
            Ok(report) => FleetRow::of_audit(&tenant, users, policies, report),
            Err(error) => FleetRow::failed(&tenant, error.to_string()),
        };
        let worst = report.as_ref().ok().and_then(AuditReport::worst);
        let report = report.map(|report| keep_report.then_some(report));
        TenantAudit { tenant, row, worst, report, merged }
    }
}

fn audit(
    store: &Store,
    tenant: &Tenant,
    snapshot: &TenantSnapshot,
    has_history: bool,
    request: &AuditRequest<'_>,
) -> Result<AuditReport, TenantAuditError> {
    let as_of = request.as_of.or(tenant.as_of).unwrap_or(request.now);
    let mut options = options_for(request.config, request.catalogue, Some(tenant), as_of);
    if has_history {
        options.excluded_before = before(store, &tenant.slug, &options)?;
    }
    Ok(audit_tenant(snapshot, request.catalogue, &options)?)
}

/// How many each policy excluded in the snapshot before the current one.
fn before(
    store: &Store,
    tenant: &TenantSlug,
    options: &AuditOptions,
) -> Result<BTreeMap<String, usize>, TenantAuditError> {
    let history = store.snapshots(tenant)?;
    let Some(earlier) = history.get(1) else { return Ok(BTreeMap::new()) };
    let snapshot = store.load_snapshot_at(tenant, earlier)?;
    Ok(excluded_counts(&snapshot, options)?)
}

/// Records audits and what they found, together: a database costs more to open than to write to.
fn record(store: &Store, audits: &mut [Audit], catalogue: &Catalogue) -> Result<(), StoreError> {
    merge(store, audits, catalogue)?;
    let runs: Vec<_> = audits.iter().map(Audit::run).collect();
    store.record_runs(&runs)
}

/// Takes the findings in. A finding whose rule looked at its subject and no longer fails is
/// resolved; where the rule could not tell, it stays.
fn merge(store: &Store, audits: &mut [Audit], catalogue: &Catalogue) -> Result<(), StoreError> {
    let seen: Vec<TenantSlug> = audits
        .iter()
        .filter(|audit| audit.report.is_ok())
        .map(|audit| audit.tenant.slug.clone())
        .collect();
    let mut unresolved = store.unresolved_subjects(&seen)?;
    let runs = audits.iter().filter_map(|audit| {
        let report = audit.report.as_ref().ok()?;
        let passed = unresolved
            .remove(&report.tenant)
            .unwrap_or_default()
            .into_iter()
            .filter(|(rule, subject)| passes(report, catalogue, rule, subject));
        Some(MergeRun {
            tenant: report.tenant.clone(),
            run_id: audit.run_id.clone(),
            as_of: report.as_of,
            findings: report.findings.clone(),
            passed: passed.collect(),
            retired_subjects: BTreeSet::new(),
        })
    });
    let counts = store.merge_runs(runs.collect())?;
    let merged = audits.iter_mut().filter(|audit| audit.report.is_ok());
    for (audit, counts) in merged.zip(counts) {
        audit.merged = counts;
    }
    Ok(())
}

/// Whether a rule looked at a subject and found nothing wrong with it.
fn passes(report: &AuditReport, catalogue: &Catalogue, rule: &str, subject: &[String]) -> bool {
    let mut of_rule = report.results.iter().filter(|result| result.rule == rule).peekable();
    if of_rule.peek().is_none() {
        return false;
    }
    let mut listed = None;
    let mut looked = true;
    for result in of_rule {
        if result.subject == subject {
            listed = Some(result.status);
        }
        // A result about the whole tenant that is not a verdict is one about no subject at all.
        let whole = result.subject.first().is_some_and(|id| id == "tenant");
        looked &=
            !(whole && matches!(result.status, RuleStatus::Unknown | RuleStatus::NotApplicable));
    }
    let per_subject = catalogue.get(rule).is_some_and(|rule| {
        matches!(rule.meta.subject, SubjectKind::Policy | SubjectKind::Principal)
    });
    match listed {
        Some(status) => status == RuleStatus::Pass,
        // A rule about policies or principals lists those that are not well: the rest are.
        None => looked && per_subject,
    }
}

fn detail(
    report: &Result<AuditReport, TenantAuditError>,
    merged: &MergeCounts,
) -> serde_json::Value {
    match report {
        Ok(report) => json!({
            "findings": report.findings.len(),
            "pass": report.count(RuleStatus::Pass),
            "fail": report.count(RuleStatus::Fail),
            "unknown": report.count(RuleStatus::Unknown),
            "notApplicable": report.count(RuleStatus::NotApplicable),
            "score": report.coverage.score,
            "merged": merged,
        }),
        Err(error) => json!({ "error": error.to_string() }),
    }
}
