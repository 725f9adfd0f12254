//! The registry of tenants.

use std::collections::HashMap;

use jiff::Timestamp;
use model::tenant::{Tenant, TenantSlug, TenantSource};
use report::TenantRow;
use store::{Declared, FindingFilter, Store, StoreError};

pub use store::TenantRemoval;

/// Why the registry was left as it is.
#[derive(Debug, thiserror::Error)]
pub enum TenantError {
    /// The database is busy or broken, there is no such tenant, or the name is taken.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A name that nobody can read.
    #[error("a tenant's display name cannot be empty")]
    NoDisplayName,
    /// The demonstration is in this database.
    #[error(
        "this database has the demonstration in it, which does not mix with other tenants: choose \
         another with --data-dir, or take the demonstration out with `cstack demo --remove`"
    )]
    Demonstration,
    /// A group's name that nobody can type.
    #[error(
        "{name:?} is not a name for a group: use letters, digits, '-', '_' and '.', at most 64 \
         characters"
    )]
    InvalidGroup {
        /// The name.
        name: String,
    },
}

/// What an operator tells of a tenant; what is absent stays as it is, or unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TenantDetails {
    /// Name to show.
    pub display_name: Option<String>,
    /// Entra tenant id.
    pub tenant_id: Option<String>,
    /// Licence tier (`Free`, `P1`, `P2`); counts where the data does not tell.
    pub licence_tier: Option<String>,
}

impl TenantDetails {
    fn put_into(self, tenant: &mut Tenant) -> Result<(), TenantError> {
        if let Some(name) = self.display_name {
            if name.trim().is_empty() {
                return Err(TenantError::NoDisplayName);
            }
            name.trim().clone_into(&mut tenant.display_name);
        }
        if self.tenant_id.is_some() {
            tenant.tenant_id = self.tenant_id;
        }
        if self.licence_tier.is_some() {
            tenant.licence_tier = self.licence_tier;
        }
        Ok(())
    }
}

/// Registers a tenant, whose data comes from files until a source says otherwise.
///
/// # Errors
/// [`TenantError`] where the name is taken, a detail is wrong or the database cannot be written.
pub fn add(
    store: &Store,
    slug: &TenantSlug,
    details: TenantDetails,
    groups: &[String],
    at: Timestamp,
) -> Result<Tenant, TenantError> {
    let mut tenant = Tenant::of_files(slug, at);
    details.put_into(&mut tenant)?;
    join(&mut tenant, groups)?;
    if has_demonstration(&store.tenants()?) {
        return Err(TenantError::Demonstration);
    }
    store.add_tenant(&tenant)?;
    Ok(tenant)
}

/// Whether the demonstration is among the tenants: then no other tenant may come.
pub(crate) fn has_demonstration(tenants: &[Tenant]) -> bool {
    tenants.iter().any(|tenant| tenant.source == TenantSource::Demonstration)
}

/// Changes what is known of a tenant.
///
/// # Errors
/// [`TenantError`] where there is none, a detail is wrong or the database cannot be written.
pub fn set(
    store: &Store,
    slug: &TenantSlug,
    details: TenantDetails,
) -> Result<Tenant, TenantError> {
    change(store, slug, |tenant| details.put_into(tenant))
}

/// Gives a tenant another short name, everywhere; its findings keep their history.
///
/// # Errors
/// [`TenantError`] where there is none, the name is taken or the database cannot be written.
pub fn rename(store: &Store, from: &TenantSlug, to: &TenantSlug) -> Result<(), TenantError> {
    Ok(store.rename_tenant(from, to)?)
}

/// Puts a tenant into fleet groups.
///
/// # Errors
/// [`TenantError`] where there is no such tenant, a group's name is wrong or the database cannot
/// be written.
pub fn add_to_groups(
    store: &Store,
    slug: &TenantSlug,
    groups: &[String],
) -> Result<Tenant, TenantError> {
    change(store, slug, |tenant| join(tenant, groups))
}

/// Takes a tenant out of fleet groups.
///
/// # Errors
/// [`TenantError`] where there is no such tenant or the database cannot be written.
pub fn remove_from_groups(
    store: &Store,
    slug: &TenantSlug,
    groups: &[String],
) -> Result<Tenant, TenantError> {
    change(store, slug, |tenant| {
        tenant.groups.retain(|group| !groups.contains(group));
        Ok(())
    })
}

/// What would go with a tenant.
///
/// # Errors
/// [`TenantError`] where there is none or the database cannot be read.
pub fn removal(store: &Store, slug: &TenantSlug) -> Result<TenantRemoval, TenantError> {
    Ok(store.removal_of(slug)?)
}

/// Removes a tenant and everything of it.
///
/// # Errors
/// [`TenantError`] where there is none or the database cannot be written.
pub fn remove(store: &Store, slug: &TenantSlug) -> Result<TenantRemoval, TenantError> {
    Ok(store.remove_tenant(slug)?)
}

/// Every tenant (those in one of the groups, where any is given), by name, with how much there is
/// of it.
///
/// # Errors
/// [`TenantError`] where the database cannot be read.
pub fn list(
    store: &Store,
    groups: &[String],
    as_of: Timestamp,
) -> Result<Vec<TenantRow>, TenantError> {
    let mut tenants = store.tenants()?;
    tenants.retain(|tenant| groups.is_empty() || tenant.groups.iter().any(|g| groups.contains(g)));
    rows(store, tenants, as_of)
}

/// The time that a tenant is told at: its own where it has one, as the demonstration's have.
///
/// # Errors
/// [`StoreError`] where there is no such tenant or the database cannot be read.
pub fn as_of(store: &Store, slug: &TenantSlug, now: Timestamp) -> Result<Timestamp, StoreError> {
    Ok(store.tenant(slug)?.as_of.unwrap_or(now))
}

/// One tenant with how much there is of it.
///
/// # Errors
/// [`TenantError`] where there is none or the database cannot be read.
pub fn show(store: &Store, slug: &TenantSlug, as_of: Timestamp) -> Result<TenantRow, TenantError> {
    let tenant = store.tenant(slug)?;
    let unknown = || StoreError::UnknownTenant(slug.to_string());
    Ok(rows(store, vec![tenant], as_of)?.pop().ok_or_else(unknown)?)
}

/// The time that counts as now: the demonstration's own, where the store holds the demonstration,
/// so that it never ages.
///
/// # Errors
/// [`TenantError`] where the database cannot be read.
pub fn clock(store: &Store, now: Timestamp) -> Result<Timestamp, TenantError> {
    let tenants = store.tenants()?;
    Ok(tenants.iter().filter_map(|tenant| tenant.as_of).max().unwrap_or(now))
}

/// Registers a tenant, or makes the registered one say the same.
pub(crate) fn put(store: &Store, tenant: &Tenant) -> Result<Declared, StoreError> {
    let held = match store.tenant(&tenant.slug) {
        Ok(held) => held,
        Err(StoreError::UnknownTenant(_)) => {
            store.add_tenant(tenant)?;
            return Ok(Declared::Added);
        }
        Err(error) => return Err(error),
    };
    let wanted = Tenant { added_at: held.added_at, as_of: held.as_of, ..tenant.clone() };
    if wanted == held {
        return Ok(Declared::Unchanged);
    }
    store.update_tenant(&wanted)?;
    Ok(Declared::Changed)
}

fn change(
    store: &Store,
    slug: &TenantSlug,
    how: impl FnOnce(&mut Tenant) -> Result<(), TenantError>,
) -> Result<Tenant, TenantError> {
    let held = store.tenant(slug)?;
    let mut tenant = held.clone();
    how(&mut tenant)?;
    if tenant != held {
        store.update_tenant(&tenant)?;
    }
    Ok(tenant)
}

fn join(tenant: &mut Tenant, groups: &[String]) -> Result<(), TenantError> {
    for group in groups {
        let fits = |c: char| c.is_alphanumeric() || "-_.".contains(c);
        if group.is_empty() || group.chars().count() > 64 || !group.chars().all(fits) {
            return Err(TenantError::InvalidGroup { name: group.clone() });
        }
        if !tenant.groups.contains(group) {
            tenant.groups.push(group.clone());
        }
    }
    tenant.groups.sort();
    Ok(())
}

fn rows(
    store: &Store,
    tenants: Vec<Tenant>,
    as_of: Timestamp,
) -> Result<Vec<TenantRow>, TenantError> {
    if tenants.is_empty() {
        return Ok(Vec::new());
    }
    let counts = store.tenant_counts()?;
    let findings = store.tally_findings(&FindingFilter::default(), as_of)?;
    let mut active: HashMap<&TenantSlug, usize> = HashMap::new();
    for count in findings.iter().filter(|count| count.state.is_active()) {
        *active.entry(&count.tenant).or_default() += count.count;
    }
    let mut rows = Vec::with_capacity(tenants.len());
    for tenant in tenants {
        let counts = counts.get(tenant.slug.as_str()).copied().unwrap_or_default();
        rows.push(TenantRow {
            users: counts.users,
            policies: counts.policies,
            active_findings: active.get(&tenant.slug).copied().unwrap_or_default(),
            last_import: counts.last_taken_at,
            tenant,
        });
    }
    Ok(rows)
}
