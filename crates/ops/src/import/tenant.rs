//! The tenant that an export is of: registered where it is new, checked where it is known.

use std::collections::BTreeSet;

use jiff::Timestamp;
use model::object::{ExportedObject, ObjectKind};
use model::tenant::{Licences, Tenant, TenantSlug};
use model::tenant_settings::SubscribedSku;
use serde::Deserialize as _;
use store::{Registration, Store};

use super::ImportError;

/// What an export says of its tenant.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    tenant_id: Option<String>,
    display_name: Option<String>,
    licence_tier: Option<String>,
}

/// The registered tenant of that name.
pub(super) fn registered(store: &Store, slug: &TenantSlug) -> Result<Option<Tenant>, ImportError> {
    let tenants = store.tenants()?;
    if crate::tenants::has_demonstration(&tenants) {
        return Err(ImportError::Demonstration(crate::tenants::TenantError::Demonstration));
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

/// What the import makes of the tenant's entry: a new one, or what the registry lacks of it.
pub(super) fn registration(
    slug: &TenantSlug,
    registered: Option<&Tenant>,
    told: Told,
    now: Timestamp,
) -> Registration {
    let Some(held) = registered else {
        let mut tenant = Tenant::of_files(slug, now);
        if let Some(name) = told.display_name {
            tenant.display_name = name;
        }
        tenant.tenant_id = told.tenant_id;
        tenant.licence_tier = told.licence_tier;
        return Registration::New(Box::new(tenant));
    };
    let mut tenant = held.clone();
    tenant.tenant_id = tenant.tenant_id.or(told.tenant_id);
    // What the data says wins over what was declared: it is what the tenant really has.
    tenant.licence_tier = told.licence_tier.or(tenant.licence_tier);
    if tenant == *held { Registration::Kept } else { Registration::Changed(Box::new(tenant)) }
}
