//! Fills a store with synthetic tenants, for the fleet's benchmark:
//! `cargo run --release -p cstack-ops --example synthetic_fleet FOLDER [TENANTS] [USERS] [POLICIES]`

use std::error::Error;
use std::path::Path;

use fixtures::synthetic::{SyntheticShape, tenant};
use model::object::{ExportedObject, ObjectKind};
use model::snapshot::TenantSnapshot;
use model::tenant::{Tenant, TenantSlug};
use serde::Serialize;
use store::{Registration, SnapshotImport, Store, StoreSettings};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, default: usize| -> Result<usize, std::num::ParseIntError> {
        arguments.get(at).map_or(Ok(default), |text| text.parse())
    };
    let folder = arguments.first().ok_or("name a folder for the database")?;
    let (tenants, users, policies) = (number(1, 500)?, number(2, 500)?, number(3, 15)?);
    let store = Store::new(StoreSettings::in_folder(Path::new(folder)));
    for at in 0..tenants {
        let seed = u64::try_from(at)?;
        let shape = SyntheticShape { users, groups: users / 10, depth: 3, policies, seed };
        let snapshot = tenant(&shape)?;
        let slug = TenantSlug::new(&format!("synthetic-{at:04}"))?;
        let entry =
            Tenant { as_of: Some(snapshot.taken_at), ..Tenant::of_files(&slug, snapshot.taken_at) };
        store.import_snapshot(SnapshotImport {
            tenant: slug,
            registration: Registration::New(Box::new(entry)),
            taken_at: snapshot.taken_at,
            origin: "synthetic".into(),
            partial: false,
            complete_kinds: snapshot.collected.clone(),
            objects: objects(&snapshot)?,
        })?;
    }
    Ok(())
}

fn objects(snapshot: &TenantSnapshot) -> Result<Vec<ExportedObject>, serde_json::Error> {
    let mut out = Vec::new();
    add(&mut out, ObjectKind::Policy, &snapshot.policies)?;
    add(&mut out, ObjectKind::NamedLocation, &snapshot.named_locations)?;
    add(&mut out, ObjectKind::User, &snapshot.users)?;
    add(&mut out, ObjectKind::Group, &snapshot.groups)?;
    add(&mut out, ObjectKind::GroupMembership, &snapshot.memberships)?;
    add(&mut out, ObjectKind::RoleDefinition, &snapshot.role_definitions)?;
    add(&mut out, ObjectKind::RoleAssignment, &snapshot.role_assignments)?;
    add(&mut out, ObjectKind::RoleEligibility, &snapshot.role_eligibilities)?;
    add(&mut out, ObjectKind::ServicePrincipal, &snapshot.service_principals)?;
    add(&mut out, ObjectKind::AuthenticationStrength, &snapshot.authentication_strengths)?;
    add(&mut out, ObjectKind::AuthenticationContext, &snapshot.authentication_contexts)?;
    add(&mut out, ObjectKind::SubscribedSku, &snapshot.subscribed_skus)?;
    add(&mut out, ObjectKind::SecurityDefaults, snapshot.security_defaults.as_slice())?;
    add(&mut out, ObjectKind::Organization, snapshot.organization.as_slice())?;
    Ok(out)
}

fn add<T: Serialize>(
    out: &mut Vec<ExportedObject>,
    kind: ObjectKind,
    objects: &[T],
) -> Result<(), serde_json::Error> {
    for (at, object) in objects.iter().enumerate() {
        let body = serde_json::to_value(object)?;
        let text =
            |name: &str| body.get(name).and_then(serde_json::Value::as_str).map(str::to_owned);
        let id = text("id").or_else(|| text("groupId")).unwrap_or_else(|| at.to_string());
        let display_name = text("displayName").unwrap_or_default();
        out.push(ExportedObject { kind, id, display_name, body });
    }
    Ok(())
}
