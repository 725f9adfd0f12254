//! The demonstration fleet in the store: three tenants with a story, and out again.
//!
//! It never mixes with real tenants. Its tenants carry their own time, so that it never ages.

use std::collections::BTreeSet;

use fixtures::demonstration::{DemonstrationError as EmbeddedError, DemonstrationTenant};
use graph::export::{ReadError, read_bytes};
use jiff::Timestamp;
use model::object::{ExportedObject, ObjectKind};
use model::tenant::{Licences, Tenant, TenantSource};
use store::{Registration, SnapshotImport, SnapshotOutcome, Store, StoreError, TenantRemoval};

use crate::progress::Progress;
use crate::{Cancellation, Cancelled};

/// Why the demonstration was not loaded or removed.
#[derive(Debug, thiserror::Error)]
pub enum DemonstrationError {
    /// The store holds real tenants.
    #[error(
        "the demonstration does not mix with real tenants, and this database has {}: give it one of \
         its own with --data-dir",
        .tenants.join(", ")
    )]
    RealTenants {
        /// Short names of the real tenants.
        tenants: Vec<String>,
    },
    /// The embedded files are not what this build expects.
    #[error("the demonstration of this build is broken")]
    Embedded(#[from] EmbeddedError),
    /// The reader refused an embedded file.
    #[error("the demonstration of this build is broken")]
    Unreadable(#[from] Box<ReadError>),
    /// The database.
    #[error("the demonstration could not be written to the database")]
    Store(#[from] StoreError),
    /// The work was stopped.
    #[error("the demonstration was not loaded completely: run it again")]
    Stopped(#[from] Cancelled),
}

/// A tenant of the demonstration, as it stands in the store.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadedTenant {
    /// The registered tenant.
    pub tenant: Tenant,
    /// Its story in a paragraph.
    pub story: String,
    /// What its snapshot changed; nothing where it was loaded before.
    pub outcome: SnapshotOutcome,
}

/// A tenant read from the embedded export files, ready to be written.
struct Prepared {
    embedded: DemonstrationTenant,
    objects: Vec<ExportedObject>,
    complete_kinds: BTreeSet<ObjectKind>,
    licences: Licences,
}

/// Loads the three tenants with their emergency accounts and exceptions. A store that has them
/// already is brought back to their state as shipped; triage of their findings stays.
///
/// # Errors
/// [`DemonstrationError`] where the store holds real tenants, is busy or cannot be written, or
/// where the work was stopped.
pub fn load(
    store: &Store,
    now: Timestamp,
    progress: &dyn Progress,
    cancellation: &Cancellation,
) -> Result<Vec<LoadedTenant>, DemonstrationError> {
    let held = store.tenants()?;
    let real: Vec<String> = held
        .iter()
        .filter(|tenant| tenant.source != TenantSource::Demonstration)
        .map(|tenant| tenant.slug.to_string())
        .collect();
    if !real.is_empty() {
        return Err(DemonstrationError::RealTenants { tenants: real });
    }
    let fleet = fixtures::demonstration::demonstration()?;
    let mut task = progress.begin("loading the demonstration", Some(fleet.len() as u64));
    let mut loaded = Vec::new();
    for embedded in fleet {
        cancellation.check()?;
        task.note(embedded.slug.as_str());
        let prepared = prepare(embedded)?;
        let slug = &prepared.embedded.slug;
        let before = held.iter().find(|tenant| tenant.slug == *slug);
        loaded.push(write(store, prepared, before, now)?);
        task.advance(1);
    }
    Ok(loaded)
}

/// Takes the demonstration out of the store: its tenants, and everything of them. Gives what went
/// with each; nothing where the store has no demonstration.
///
/// # Errors
/// [`DemonstrationError::Store`] where the store is busy or cannot be written.
pub fn remove(store: &Store) -> Result<Vec<(Tenant, TenantRemoval)>, DemonstrationError> {
    let mut removed = Vec::new();
    for tenant in store.tenants()? {
        if tenant.source == TenantSource::Demonstration {
            let removal = store.remove_tenant(&tenant.slug)?;
            removed.push((tenant, removal));
        }
    }
    Ok(removed)
}

/// Reads a tenant's files as an import reads those of a user.
fn prepare(embedded: DemonstrationTenant) -> Result<Prepared, DemonstrationError> {
    let mut objects = Vec::new();
    let mut complete_kinds = BTreeSet::new();
    for file in &embedded.files {
        let reading = read_bytes(&format!("{}/{}", embedded.slug, file.name), file.bytes)
            .map_err(Box::new)?;
        objects.extend(reading.objects);
        complete_kinds.extend(reading.complete_kinds);
    }
    let licences = embedded.snapshot()?.licences();
    Ok(Prepared { embedded, objects, complete_kinds, licences })
}

fn write(
    store: &Store,
    prepared: Prepared,
    before: Option<&Tenant>,
    now: Timestamp,
) -> Result<LoadedTenant, DemonstrationError> {
    let Prepared { embedded, objects, complete_kinds, licences } = prepared;
    let tenant = Tenant {
        slug: embedded.slug.clone(),
        display_name: embedded.display_name,
        tenant_id: Some(embedded.tenant_id),
        groups: embedded.groups,
        licence_tier: licences.known.then(|| licences.tier().to_owned()),
        source: TenantSource::Demonstration,
        added_at: before.map_or(now, |before| before.added_at),
        as_of: Some(embedded.as_of),
    };
    let registration = match before {
        None => Registration::New(Box::new(tenant.clone())),
        Some(before) if *before != tenant => Registration::Changed(Box::new(tenant.clone())),
        Some(_) => Registration::Kept,
    };
    let outcome = store.import_snapshot(SnapshotImport {
        tenant: tenant.slug.clone(),
        registration,
        taken_at: embedded.as_of,
        origin: "demonstration".to_owned(),
        partial: false,
        complete_kinds,
        objects,
    })?;
    for account in &embedded.break_glass {
        let (actor, at) = (&account.declared_by, account.declared_at);
        store.declare_break_glass(&tenant.slug, account, actor, at)?;
    }
    for entry in &embedded.exceptions {
        store.put_exception(&tenant.slug, entry, &entry.added_by, entry.added_at)?;
    }
    Ok(LoadedTenant { tenant, story: embedded.story, outcome })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use model::tenant::TenantSlug;
    use store::StoreSettings;

    use super::*;
    use crate::progress::Silent;

    fn now() -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    fn store(folder: &Path) -> Store {
        Store::new(StoreSettings::in_folder(folder))
    }

    fn load_into(store: &Store) -> Result<Vec<LoadedTenant>, DemonstrationError> {
        load(store, now(), &Silent, &Cancellation::new())
    }

    #[test]
    fn an_empty_store_holds_three_tenants_with_their_own_time_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        load_into(&store).unwrap();
        let tenants = store.tenants().unwrap();
        let slugs: Vec<&str> = tenants.iter().map(|tenant| tenant.slug.as_str()).collect();
        assert_eq!(slugs, ["tenant-a", "tenant-b", "tenant-c"]);
        for tenant in &tenants {
            assert_eq!(tenant.source, TenantSource::Demonstration);
            assert_eq!(tenant.as_of.unwrap().to_string(), fixtures::demonstration::AS_OF);
        }
        let tiers: Vec<_> = tenants.iter().map(|tenant| tenant.licence_tier.as_deref()).collect();
        assert_eq!(tiers, [Some("P2"), Some("P1"), Some("P2")]);
    }

    #[test]
    fn what_the_store_gives_back_is_what_the_files_say() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        load_into(&store).unwrap();
        for embedded in fixtures::demonstration::demonstration().unwrap() {
            let stored = store.load_snapshot(&embedded.slug).unwrap().unwrap();
            let direct = embedded.snapshot().unwrap();
            let sizes = |snapshot: &model::snapshot::TenantSnapshot| {
                (
                    (snapshot.users.len(), snapshot.groups.len(), snapshot.memberships.len()),
                    (snapshot.policies.len(), snapshot.named_locations.len()),
                    (snapshot.role_assignments.len(), snapshot.role_eligibilities.len()),
                    (snapshot.break_glass.len(), snapshot.exceptions.len()),
                    (snapshot.service_principals.len(), snapshot.cross_tenant_access.len()),
                    snapshot.security_defaults.is_some(),
                )
            };
            assert_eq!(sizes(&stored), sizes(&direct), "{}", embedded.slug);
            assert_eq!(stored.licences(), direct.licences());
            for kind in [ObjectKind::User, ObjectKind::Group, ObjectKind::GroupMembership] {
                assert!(stored.has_all(kind), "{}: {kind}", embedded.slug);
            }
        }
    }

    #[test]
    fn loading_again_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        load_into(&store).unwrap();
        let before = store.tenants().unwrap();
        let again = load_into(&store).unwrap();
        assert!(again.iter().all(|tenant| !tenant.outcome.changed_anything()));
        assert_eq!(store.tenants().unwrap(), before);
        let slug = TenantSlug::new("tenant-a").unwrap();
        assert_eq!(store.break_glass_accounts(&slug).unwrap().len(), 2);
    }

    #[test]
    fn a_store_with_a_real_tenant_is_refused_and_stays_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        let slug = TenantSlug::new("contoso").unwrap();
        let real = crate::tenants::add(
            &store,
            &slug,
            crate::tenants::TenantDetails::default(),
            &[],
            now(),
        )
        .unwrap();
        let refused = load_into(&store).unwrap_err();
        assert!(refused.to_string().contains("contoso"), "{refused}");
        assert_eq!(store.tenants().unwrap(), [real]);
    }

    #[test]
    fn removing_takes_all_of_it_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        load_into(&store).unwrap();
        // As a database of an earlier version may have it.
        store
            .add_tenant(&Tenant {
                display_name: "Contoso".into(),
                ..Tenant::of_files(&TenantSlug::new("contoso").unwrap(), now())
            })
            .unwrap();
        let removed = remove(&store).unwrap();
        assert_eq!(removed.len(), 3);
        assert!(removed.iter().all(|(_, removal)| !removal.rows.is_empty()));
        let left: Vec<String> =
            store.tenants().unwrap().into_iter().map(|tenant| tenant.slug.to_string()).collect();
        assert_eq!(left, ["contoso"]);
        assert!(remove(&store).unwrap().is_empty());
    }
}
