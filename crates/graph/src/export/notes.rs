//! Whether an object has its kind's shape, and what in it this build does not know.

use model::location::NamedLocation;
use model::object::ObjectKind;
use model::open::Extra;
use model::policy::ConditionalAccessPolicy;
use model::principal::{Group, GroupMembership, ServicePrincipal, User};
use model::role::{DirectoryRole, RoleAssignment, RoleDefinition};
use model::strength::AuthenticationStrengthPolicy;
use model::tenant_settings::{
    AuthenticationContext, CrossTenantAccess, Organization, SecurityDefaults, SubscribedSku,
};
use serde::de::DeserializeOwned;

/// A path within the object (`.conditions.users`) and what is wrong there.
type Misfit = (String, serde_json::Error);

/// Checks the shape; gives what is worth telling.
pub(super) fn check(kind: ObjectKind, text: &str) -> Result<Vec<String>, Misfit> {
    match kind {
        ObjectKind::Policy => {
            read::<ConditionalAccessPolicy>(text).map(|policy| policy_notes(&policy))
        }
        ObjectKind::NamedLocation => {
            let location = read::<NamedLocation>(text)?;
            let unknown = location.kind() == model::location::LocationKind::Unknown;
            Ok(unknown
                .then(|| {
                    format!(
                        "named location {:?} is of a kind this build does not know",
                        location.display_name
                    )
                })
                .into_iter()
                .collect())
        }
        ObjectKind::User => read::<User>(text).map(|_| Vec::new()),
        ObjectKind::Group => read::<Group>(text).map(|_| Vec::new()),
        ObjectKind::GroupMembership => read::<GroupMembership>(text).map(|_| Vec::new()),
        ObjectKind::RoleDefinition => read::<RoleDefinition>(text).map(|_| Vec::new()),
        ObjectKind::DirectoryRole => read::<DirectoryRole>(text).map(|_| Vec::new()),
        ObjectKind::RoleAssignment | ObjectKind::RoleEligibility => {
            read::<RoleAssignment>(text).map(|_| Vec::new())
        }
        ObjectKind::ServicePrincipal => read::<ServicePrincipal>(text).map(|_| Vec::new()),
        ObjectKind::AuthenticationStrength => {
            read::<AuthenticationStrengthPolicy>(text).map(|_| Vec::new())
        }
        ObjectKind::AuthenticationContext => {
            read::<AuthenticationContext>(text).map(|_| Vec::new())
        }
        ObjectKind::SecurityDefaults => read::<SecurityDefaults>(text).map(|_| Vec::new()),
        ObjectKind::SubscribedSku => read::<SubscribedSku>(text).map(|_| Vec::new()),
        ObjectKind::CrossTenantAccess => read::<CrossTenantAccess>(text).map(|_| Vec::new()),
        ObjectKind::Organization => read::<Organization>(text).map(|_| Vec::new()),
    }
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T, Misfit> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let path = if path == "." { String::new() } else { format!(".{path}") };
        (path, error.into_inner())
    })
}

/// Conditions, controls and values of a policy that this build does not know.
fn policy_notes(policy: &ConditionalAccessPolicy) -> Vec<String> {
    let mut unknown: Vec<String> = Vec::new();
    let mut extra = |prefix: &str, extra: &Extra| {
        unknown.extend(extra.meaningful().map(|(name, _)| format!("{prefix}{name}")));
    };
    let conditions = &policy.conditions;
    extra("conditions.", &conditions.extra);
    extra("conditions.users.", &conditions.users.extra);
    extra("conditions.applications.", &conditions.applications.extra);
    if let Some(clients) = &conditions.client_applications {
        extra("conditions.clientApplications.", &clients.extra);
    }
    if let Some(grant) = &policy.grant_controls {
        extra("grantControls.", &grant.extra);
    }
    if let Some(devices) = &conditions.devices {
        unknown.extend(
            devices.extra.meaningful().map(|(name, _)| format!("conditions.devices.{name}")),
        );
    }
    unknown.extend(unknown_values(policy));
    // Traffic profiles are known as targets that are no applications.
    unknown.retain(|name| {
        !["conditions.applications.networkAccess", "conditions.applications.globalSecureAccess"]
            .contains(&name.as_str())
    });
    if unknown.is_empty() {
        return Vec::new();
    }
    vec![format!(
        "policy {:?} has what this build does not know: {}; it is kept, and the audit answers unknown where it matters",
        policy.display_name,
        unknown.join(", ")
    )]
}

/// Values of open enumerations that this build does not know.
fn unknown_values(policy: &ConditionalAccessPolicy) -> Vec<String> {
    let c = &policy.conditions;
    let mut out = Vec::new();
    let mut see = |what: &str, known: bool, value: &dyn std::fmt::Display| {
        if !known {
            out.push(format!("{what} {value}"));
        }
    };
    see("state", policy.state.is_known(), &policy.state);
    for client in &c.client_app_types {
        see("client type", client.is_known(), client);
    }
    if let Some(platforms) = &c.platforms {
        for one in platforms.include_platforms.iter().chain(&platforms.exclude_platforms) {
            see("platform", one.is_known(), one);
        }
    }
    let risks = [&c.sign_in_risk_levels, &c.user_risk_levels, &c.service_principal_risk_levels];
    for level in risks.into_iter().flatten() {
        see("risk level", level.is_known(), level);
    }
    for level in &c.insider_risk_levels.0 {
        see("insider risk level", level.is_known(), level);
    }
    for method in c.authentication_flows.iter().flat_map(|flows| &flows.transfer_methods.0) {
        see("authentication flow", method.is_known(), method);
    }
    let guests =
        [&c.users.include_guests_or_external_users, &c.users.exclude_guests_or_external_users];
    for kind in guests.into_iter().flatten().flat_map(|g| &g.guest_or_external_user_types.0) {
        see("guest type", kind.is_known(), kind);
    }
    for action in &c.applications.include_user_actions {
        see("user action", action.is_known(), action);
    }
    if let Some(filter) = &c.applications.application_filter {
        see("filter mode", filter.mode.is_known(), &filter.mode);
    }
    for filter in c.devices.iter().filter_map(|devices| devices.device_filter.as_ref()) {
        see("filter mode", filter.mode.is_known(), &filter.mode);
    }
    if let Some(grant) = &policy.grant_controls {
        for control in &grant.built_in_controls {
            see("grant control", control.is_known(), control);
        }
        if let Some(operator) = &grant.operator {
            see("grant operator", operator.is_known(), operator);
        }
    }
    out
}
