//! The tenant that an export is of: registered where it is new, checked where it is known.

use std::collections::BTreeSet;

use jiff::Timestamp;
use model::object::{ExportedObject, ObjectKind};
use model::tenant::{Licences, Tenant, TenantSlug, TenantSource};
use model::tenant_settings::SubscribedSku;
use serde::Deserialize as _;
use store::{Store, StoreError};

use super::ImportError;

/// What an export says of its tenant.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    tenant_id: Option<String>,
    display_name: Option<String>,
    licence_tier: Option<String>,
}

/// What was done to the registry, so that it can be undone.
#[derive(Debug)]
pub(super) enum Change {
    None,
    Added,
    Changed(Box<Tenant>),
}

/// The registered tenant of that name.
pub(super) fn registered(store: &Store, slug: &TenantSlug) -> Result<Option<Tenant>, ImportError> {
    let tenants = store.tenants()?;
    if tenants.iter().any(|tenant| tenant.source == TenantSource::Demonstration) {
        return Err(ImportError::Demonstration);
    }
    Ok(tenants.into_iter().find(|tenant| tenant.slug == *slug))
}

/// Reads what the export says of its tenant: the organisation, and the licences where all of its
/// products are there.
pub(super) fn told_by(
    objects: &[ExportedObject],
    complete: &BTreeSet<ObjectKind>,
) -> Result<Told, ImportError> {
    let of = |kind: ObjectKind| objects.iter().filter(move |object| object.kind == kind);
    let organisations: Vec<&ExportedObject> = of(ObjectKind::Organization).collect();
    if organisations.len() > 1 {
        let found = organisations.iter().map(|object| object.id.clone()).collect();
        return Err(ImportError::SeveralTenants { found });
    }
    let mut told = Told::default();
    if let Some(organisation) = organisations.first() {
        told.tenant_id = Some(organisation.id.clone());
        told.display_name =
            Some(organisation.display_name.clone()).filter(|name| !name.trim().is_empty());
    }
    if complete.contains(&ObjectKind::SubscribedSku) {
        // The reader has checked the shape.
        let products: Vec<SubscribedSku> = of(ObjectKind::SubscribedSku)
            .filter_map(|object| SubscribedSku::deserialize(&object.body).ok())
            .collect();
        let licences = Licences::from_skus(&products);
        told.licence_tier = licences.known.then(|| licences.tier().to_owned());
    }
    Ok(told)
}

/// Refuses an export of another tenant: it would retire everything that this one has.
pub(super) fn check(
    slug: &TenantSlug,
    registered: Option<&Tenant>,
    told: &Told,
) -> Result<(), ImportError> {
    let known = registered.and_then(|tenant| tenant.tenant_id.as_deref());
    match (known, told.tenant_id.as_deref()) {
        (Some(known), Some(found)) if !known.eq_ignore_ascii_case(found) => {
            Err(ImportError::OtherTenant {
                tenant: slug.clone(),
                registered: known.to_owned(),
                found: found.to_owned(),
            })
        }
        _ => Ok(()),
    }
}

/// Registers the tenant, or completes what the registry knows of it.
pub(super) fn put(
    store: &Store,
    slug: &TenantSlug,
    registered: Option<&Tenant>,
    told: Told,
    now: Timestamp,
) -> Result<Change, StoreError> {
    let Some(held) = registered else {
        store.add_tenant(&Tenant {
            slug: slug.clone(),
            display_name: told.display_name.unwrap_or_else(|| slug.to_string()),
            tenant_id: told.tenant_id,
            groups: Vec::new(),
            licence_tier: told.licence_tier,
            source: TenantSource::Files,
            added_at: now,
            as_of: None,
        })?;
        return Ok(Change::Added);
    };
    let mut tenant = held.clone();
    tenant.tenant_id = tenant.tenant_id.or(told.tenant_id);
    // What the data says wins over what was declared: it is what the tenant really has.
    tenant.licence_tier = told.licence_tier.or(tenant.licence_tier);
    if tenant == *held {
        return Ok(Change::None);
    }
    store.update_tenant(&tenant)?;
    Ok(Change::Changed(Box::new(held.clone())))
}

/// Makes the registry what it was. Where that fails too, the first error is the one to tell.
pub(super) fn undo(store: &Store, slug: &TenantSlug, change: Change) {
    let undone = match change {
        Change::None => Ok(()),
        Change::Added => store.remove_tenant(slug).map(|_| ()),
        Change::Changed(before) => store.update_tenant(&before),
    };
    if let Err(error) = undone {
        tracing::warn!(tenant = %slug, %error, "the registry could not be brought back");
    }
}
