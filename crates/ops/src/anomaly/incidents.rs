//! Incidents in the store: as findings, and listed.

use std::collections::{BTreeMap, BTreeSet};

use detect::inquiry::Pardon;
use jiff::Timestamp;
use model::evidence::Evidence;
use model::finding::{Finding, FindingState, TrackedFinding};
use model::incident::IncidentStory;
use model::rule::Severity;
use model::tenant::TenantSlug;
use store::{FindingFilter, Store, StoredIncident};

use super::AnomalyError;

/// What findings of incidents begin with.
pub(super) const RULE: &str = "anomaly.";

/// A story for the store.
pub(super) fn stored(story: &IncidentStory) -> Result<StoredIncident, AnomalyError> {
    let what = || format!("incident {}", story.id);
    Ok(StoredIncident {
        id: story.id.clone(),
        kind: story.kind.clone(),
        severity_rank: story.severity.rank(),
        score: story.score,
        first_at: story.first_at,
        last_at: story.last_at,
        told_at: story.told_at,
        body: serde_json::to_value(story)
            .map_err(|source| AnomalyError::Stored { what: what(), source })?,
    })
}

/// A story as a finding. The evidence is what a colleague needs to decide; the whole story is with
/// the incident.
pub(super) fn finding(tenant: &TenantSlug, story: &IncidentStory) -> Result<Finding, AnomalyError> {
    let what = || format!("incident {}", story.id);
    let facts = serde_json::json!({
        "incident": story.id,
        "accounts": story.accounts,
        "signIns": story.count,
        "firstAt": story.first_at,
        "lastAt": story.last_at,
        "letIn": story.succeeded,
        "rightPassword": story.right_password,
        "layers": story.layers,
        "patterns": story.patterns.iter().map(|of| &of.title).collect::<Vec<_>>(),
        "contributions": story.contributions.iter().map(|of| &of.words).collect::<Vec<_>>(),
        "strangest": story.strangest,
    });
    let evidence =
        Evidence::new(&facts).map_err(|source| AnomalyError::Stored { what: what(), source })?;
    let label = match story.accounts.as_slice() {
        [one] if story.account_count == 1 => one.name.clone(),
        _ => format!("{} accounts", story.account_count),
    };
    Ok(Finding::new(
        tenant,
        &format!("{RULE}{}", story.kind),
        "sign-in",
        story.title.clone(),
        story.severity,
        vec![story.id.clone()],
        label,
        evidence,
    ))
}

/// The story of a stored incident.
pub(super) fn told(incident: StoredIncident) -> Result<IncidentStory, AnomalyError> {
    let what = format!("incident {}", incident.id);
    serde_json::from_value(incident.body).map_err(|source| AnomalyError::Stored { what, source })
}

/// Which alerts are wanted.
#[derive(Debug, Clone, Default)]
pub struct AlertFilter {
    /// At most so many, the worst first.
    pub most: Option<usize>,
    /// At least this bad.
    pub severity: Option<Severity>,
    /// That went on since then.
    pub since: Option<Timestamp>,
    /// Whether those that somebody has decided about are wanted too.
    pub all: bool,
}

/// An incident, and where its finding stands.
pub type Listed = (IncidentStory, Option<FindingState>);

/// A tenant's incidents with where their findings stand, the worst first, and how many there are.
///
/// # Errors
/// [`AnomalyError`].
pub fn alerts(
    store: &Store,
    tenant: &TenantSlug,
    filter: &AlertFilter,
    as_of: Timestamp,
) -> Result<(Vec<Listed>, usize), AnomalyError> {
    store.tenant(tenant)?;
    let states = states(store, tenant, as_of)?;
    let mut out = Vec::new();
    for incident in store.incidents(tenant)? {
        let state = states.get(&incident.id).map(|finding| finding.state);
        let tale = told(incident)?;
        let wanted = filter.severity.is_none_or(|least| tale.severity >= least)
            && filter.since.is_none_or(|since| tale.last_at >= since)
            && (filter.all || state.is_none_or(FindingState::is_active));
        if wanted {
            out.push((tale, state));
        }
    }
    let total = out.len();
    out.truncate(filter.most.unwrap_or(usize::MAX));
    Ok((out, total))
}

/// One incident, by the beginning of its id.
///
/// # Errors
/// [`AnomalyError`].
pub fn incident(
    store: &Store,
    tenant: &TenantSlug,
    id: &str,
    as_of: Timestamp,
) -> Result<(IncidentStory, Option<TrackedFinding>), AnomalyError> {
    store.tenant(tenant)?;
    let mut states = states(store, tenant, as_of)?;
    let wanted = id.trim().to_lowercase();
    let by_finding = |known: &TrackedFinding| known.finding.fingerprint.starts_with(&wanted);
    let mut found: Vec<StoredIncident> = store
        .incidents(tenant)?
        .into_iter()
        .filter(|of| of.id.starts_with(&wanted) || states.get(&of.id).is_some_and(by_finding))
        .collect();
    match found.len() {
        0 => Err(AnomalyError::NoIncident { tenant: tenant.clone(), id: id.to_owned() }),
        1 => {
            let of = found.remove(0);
            let finding = states.remove(&of.id);
            Ok((told(of)?, finding))
        }
        _ => Err(AnomalyError::Ambiguous {
            id: id.to_owned(),
            candidates: found.into_iter().map(|of| of.id).collect(),
        }),
    }
}

fn states(
    store: &Store,
    tenant: &TenantSlug,
    as_of: Timestamp,
) -> Result<BTreeMap<String, TrackedFinding>, AnomalyError> {
    let filter = FindingFilter {
        tenants: vec![tenant.clone()],
        rules: vec![RULE.to_owned()],
        ..FindingFilter::everything()
    };
    let page = store.findings(&filter, as_of)?;
    let by_incident = page.findings.into_iter().filter_map(|finding| {
        let id = finding.finding.subject.first()?.clone();
        Some((id, finding))
    });
    Ok(by_incident.collect())
}

/// Ids of incidents that were called harmless.
pub(super) fn pardoned(
    store: &Store,
    tenant: &TenantSlug,
) -> Result<BTreeSet<String>, AnomalyError> {
    let states = states(store, tenant, Timestamp::MAX)?;
    let harmless = states.into_iter().filter(|(_, of)| of.state == FindingState::FalsePositive);
    Ok(harmless.map(|(id, _)| id).collect())
}

/// What verdicts say of the next sign-ins: what was called harmless within so many days, and what
/// was confirmed.
pub(super) fn verdicts(
    store: &Store,
    tenant: &TenantSlug,
    days: u16,
    now: Timestamp,
) -> Result<(Vec<Pardon>, Vec<Pardon>), AnomalyError> {
    let states = states(store, tenant, now)?;
    let oldest = now.as_second() - i64::from(days) * 86_400;
    let (mut harmless, mut hostile) = (Vec::new(), Vec::new());
    for incident in store.incidents(tenant)? {
        let Some(finding) = states.get(&incident.id) else { continue };
        let into = match finding.state {
            FindingState::FalsePositive => &mut harmless,
            FindingState::Confirmed => &mut hostile,
            _ => continue,
        };
        let events = store.finding_history(&finding.finding.fingerprint)?;
        let decided = events.iter().map(|event| event.occurred_at).max();
        if decided.is_none_or(|at| at.as_second() < oldest) {
            continue;
        }
        let tale = told(incident)?;
        let Some(strangest) = &tale.strangest else { continue };
        let Some(record) = store.sign_in(tenant, &strangest.id)? else { continue };
        let accounts = tale.accounts.iter().map(|account| account.id.clone()).collect();
        into.push(Pardon {
            accounts,
            asn: record.sign_in.network.asn.unwrap_or(0),
            prefix: record.sign_in.ip.map(detect::address::prefix),
        });
    }
    Ok((harmless, hostile))
}
