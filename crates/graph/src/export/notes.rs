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
        unknown.extend(
            grant
                .built_in_controls
                .iter()
                .filter(|c| !c.is_known())
                .map(|c| format!("grant control {c}")),
        );
    }
    if !policy.state.is_known() {
        unknown.push(format!("state {}", policy.state));
    }
    unknown.extend(
        conditions
            .client_app_types
            .iter()
            .filter(|c| !c.is_known())
            .map(|c| format!("client type {c}")),
    );
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
