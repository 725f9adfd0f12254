//! `cstack run`: for each tenant import, audit, report. One tenant's failure stops no other.

use std::collections::BTreeMap;

use model::run::MergeCounts;
use model::tenant::{Tenant, TenantSlug};
use store::Store;

use crate::Cancellation;
use crate::auditing::{
    AuditRequest, FleetAudit, TenantAudit, TenantAuditError, audit_fleet, select,
};
use crate::config::SourceConfig;
use crate::import::{Completeness, ImportError, ImportOutcome, ImportRequest, ReadLimits, import};
use crate::progress::Progress;

/// What to run.
pub struct RunRequest<'a> {
    /// Tenants by name; with no names and no groups, all that are registered or have a source.
    pub tenants: &'a [TenantSlug],
    /// Tenants by group.
    pub groups: &'a [String],
    /// Configured sources by tenant.
    pub sources: &'a BTreeMap<TenantSlug, SourceConfig>,
    /// The audit.
    pub audit: AuditRequest<'a>,
}

/// One tenant's import.
#[derive(Debug)]
pub struct TenantImport {
    /// The tenant.
    pub tenant: TenantSlug,
    /// What came of it.
    pub outcome: Result<ImportOutcome, ImportError>,
}

/// What a run did.
#[derive(Debug, Default)]
pub struct RunOutcome {
    /// Imports of configured sources.
    pub imports: Vec<TenantImport>,
    /// Audits.
    pub fleet: FleetAudit,
}

impl RunOutcome {
    /// Whether some tenant failed, in any stage.
    pub fn some_failed(&self) -> bool {
        self.fleet.some_failed()
            || self.imports.iter().any(|import| match &import.outcome {
                Ok(outcome) => !outcome.refused.is_empty(),
                Err(_) => true,
            })
    }

    /// What the run changed in findings, over all tenants.
    pub fn merged(&self) -> MergeCounts {
        self.fleet.tenants.iter().fold(MergeCounts::default(), |sum, tenant| {
            let more = tenant.merged;
            MergeCounts {
                opened: sum.opened + more.opened,
                reopened: sum.reopened + more.reopened,
                resolved: sum.resolved + more.resolved,
                worsened: sum.worsened + more.worsened,
                changed: sum.changed + more.changed,
                unchanged: sum.unchanged + more.unchanged,
                expired: sum.expired + more.expired,
            }
        })
    }
}

/// Runs all stages for the tenants asked for. A tenant whose import failed is audited as it was.
///
/// # Errors
/// Where the work was stopped, a tenant is not known, or the database cannot be read at all.
pub fn run(
    store: &Store,
    request: &RunRequest<'_>,
    progress: &dyn Progress,
    cancellation: &Cancellation,
) -> Result<RunOutcome, TenantAuditError> {
    let mut out = RunOutcome::default();
    let everybody = request.tenants.is_empty() && request.groups.is_empty();
    let registered = select(store, &[], &[])?;
    for (slug, source) in request.sources {
        let groups = registered.iter().find(|t| t.slug == *slug).map(|t| t.groups.as_slice());
        let wanted = everybody
            || request.tenants.contains(slug)
            || groups.is_some_and(|of| of.iter().any(|group| request.groups.contains(group)));
        if !wanted || source.paths.is_empty() {
            continue;
        }
        cancellation.check()?;
        let import_request = ImportRequest {
            tenant: slug.clone(),
            paths: source.paths.clone(),
            completeness: if source.partial { Completeness::Partial } else { Completeness::Judged },
            keep_going: false,
            dry_run: false,
            taken_at: request.audit.now,
            limits: ReadLimits::default(),
        };
        let outcome = import(store, &import_request, request.audit.now, progress, cancellation);
        out.imports.push(TenantImport { tenant: slug.clone(), outcome });
    }
    let (newcomers, asked): (Vec<_>, Vec<_>) = request.tenants.iter().cloned().partition(|slug| {
        out.imports.iter().any(|import| {
            import.tenant == *slug && import.outcome.is_err() && !is_registered(&registered, slug)
        })
    });
    // Asked for by name only, and none of them can be audited: nobody else is.
    if newcomers.is_empty() || !asked.is_empty() || !request.groups.is_empty() {
        let tenants = select(store, &asked, request.groups)?;
        out.fleet = audit_fleet(store, tenants, &request.audit, progress, cancellation)?;
    }
    tell_of_imports(&mut out, &registered);
    Ok(out)
}

fn is_registered(registered: &[Tenant], slug: &TenantSlug) -> bool {
    registered.iter().any(|tenant| tenant.slug == *slug)
}

/// A failed import shows in the fleet's table: beside the audit of what was there before, or as a
/// tenant that failed where there was nothing.
fn tell_of_imports(out: &mut RunOutcome, registered: &[Tenant]) {
    for import in &out.imports {
        let Err(error) = &import.outcome else { continue };
        let error = error.to_string();
        let audited =
            out.fleet.tenants.iter_mut().find(|audited| audited.tenant.slug == import.tenant);
        if let Some(audited) = audited {
            audited.row.import_error = Some(error);
        } else if !is_registered(registered, &import.tenant) {
            out.fleet.tenants.push(TenantAudit::never_imported(&import.tenant, error));
        }
    }
    out.fleet.tenants.sort_by(|one, other| one.tenant.slug.cmp(&other.tenant.slug));
}
