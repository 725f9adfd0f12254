//! What an object is, from its content.

use model::object::ObjectKind;

use super::walk::{Fields, text};

/// What an `@odata.context` says of the objects below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Context {
    /// Objects of a kind.
    Kind(ObjectKind),
    /// The members of a group.
    Members {
        /// The group.
        group: String,
        /// Through all nesting.
        transitive: bool,
    },
    /// Directory objects of any kind: what Graph says of members, without saying whose.
    DirectoryObjects,
    /// Sign-in records.
    SignIns,
    /// Nothing that is known.
    Other,
}

impl Context {
    pub(super) fn parse(text: &str) -> Self {
        let Some((_, fragment)) = text.split_once('#') else { return Self::Other };
        let fragment = fragment.trim_end_matches("/$entity");
        let path = fragment.split_once("(id").map_or(fragment, |(head, _)| head);
        if let Some(rest) = path.strip_prefix("groups('")
            && let Some((group, tail)) = rest.split_once("')")
        {
            let members = |name: &str| tail.trim_start_matches('/').starts_with(name);
            if members("members") || members("transitiveMembers") {
                return Self::Members {
                    group: group.to_owned(),
                    transitive: members("transitiveMembers"),
                };
            }
        }
        // Selected properties follow in parentheses: `users(id,displayName)`.
        let path = path.split('(').next().unwrap_or(path).trim_end_matches('/');
        let kind = match path {
            "identity/conditionalAccess/policies" | "conditionalAccess/policies" => {
                ObjectKind::Policy
            }
            "identity/conditionalAccess/namedLocations" | "conditionalAccess/namedLocations" => {
                ObjectKind::NamedLocation
            }
            "identity/conditionalAccess/authenticationContextClassReferences"
            | "conditionalAccess/authenticationContextClassReferences" => {
                ObjectKind::AuthenticationContext
            }
            "policies/authenticationStrengthPolicies"
            | "identity/conditionalAccess/authenticationStrength/policies" => {
                ObjectKind::AuthenticationStrength
            }
            "policies/identitySecurityDefaultsEnforcementPolicy" => ObjectKind::SecurityDefaults,
            "policies/crossTenantAccessPolicy/default"
            | "policies/crossTenantAccessPolicy/partners" => ObjectKind::CrossTenantAccess,
            "users" => ObjectKind::User,
            "groups" => ObjectKind::Group,
            "directoryRoles" => ObjectKind::DirectoryRole,
            "roleManagement/directory/roleDefinitions" => ObjectKind::RoleDefinition,
            "roleManagement/directory/roleAssignments"
            | "roleManagement/directory/roleAssignmentSchedules"
            | "roleManagement/directory/roleAssignmentScheduleInstances" => {
                ObjectKind::RoleAssignment
            }
            "roleManagement/directory/roleEligibilitySchedules"
            | "roleManagement/directory/roleEligibilityScheduleInstances" => {
                ObjectKind::RoleEligibility
            }
            "servicePrincipals" => ObjectKind::ServicePrincipal,
            "subscribedSkus" => ObjectKind::SubscribedSku,
            "organization" => ObjectKind::Organization,
            "directoryObjects" => return Self::DirectoryObjects,
            "auditLogs/signIns" => return Self::SignIns,
            _ => return Self::Other,
        };
        Self::Kind(kind)
    }
}

/// The kind that a list's name in an object keyed by kind stands for.
pub(super) fn list_name(name: &str) -> Option<ObjectKind> {
    Some(match name {
        "policies" | "conditionalAccessPolicies" => ObjectKind::Policy,
        "namedLocations" => ObjectKind::NamedLocation,
        "users" => ObjectKind::User,
        "groups" => ObjectKind::Group,
        "groupMemberships" | "memberships" => ObjectKind::GroupMembership,
        "roleDefinitions" => ObjectKind::RoleDefinition,
        "directoryRoles" => ObjectKind::DirectoryRole,
        "roleAssignments" => ObjectKind::RoleAssignment,
        "roleEligibilities" | "roleEligibilitySchedules" => ObjectKind::RoleEligibility,
        "servicePrincipals" => ObjectKind::ServicePrincipal,
        "authenticationStrengths" | "authenticationStrengthPolicies" => {
            ObjectKind::AuthenticationStrength
        }
        "authenticationContexts" | "authenticationContextClassReferences" => {
            ObjectKind::AuthenticationContext
        }
        "securityDefaults" => ObjectKind::SecurityDefaults,
        "subscribedSkus" => ObjectKind::SubscribedSku,
        "crossTenantAccess" => ObjectKind::CrossTenantAccess,
        "organization" => ObjectKind::Organization,
        _ => return None,
    })
}

/// What an object is, or why that is not known.
pub(super) enum Recognised {
    Kind(ObjectKind),
    Unknown(String),
}

const SIGN_IN: &str =
    "a sign-in record; this build imports policies and the directory, and does not read sign-ins";

pub(super) fn recognise(fields: &Fields<'_>, context: Option<&Context>) -> Recognised {
    if let Some(name) = text(fields, "@odata.type")
        && let Some(known) = by_type(&name)
    {
        return known;
    }
    match context {
        Some(Context::Kind(kind)) => return Recognised::Kind(*kind),
        Some(Context::SignIns) => return Recognised::Unknown(SIGN_IN.to_owned()),
        _ => {}
    }
    // A type that is told and not known must not pass for another one by its looks.
    if let Some(name) = text(fields, "@odata.type").filter(|name| name.contains("microsoft.graph."))
    {
        return Recognised::Unknown(format!(
            "objects of the type {name} are not read: leave them out, or skip them with --keep-going"
        ));
    }
    by_shape(fields).unwrap_or_else(|| {
        let seen: Vec<&str> = fields.keys().map(AsRef::as_ref).take(12).collect();
        Recognised::Unknown(format!(
            "not an object that is known; it has {}. Known are policies (conditions and state), named \
             locations, users, groups and their members, roles and assignments, service principals, \
             authentication strengths and contexts, security defaults, subscribed products, \
             cross-tenant access and the organisation",
            if seen.is_empty() { "no properties".to_owned() } else { seen.join(", ") }
        ))
    })
}

fn by_type(name: &str) -> Option<Recognised> {
    let short = name.rsplit('.').next().unwrap_or(name).trim_start_matches('#');
    let kind = match short {
        "conditionalAccessPolicy" => ObjectKind::Policy,
        "ipNamedLocation"
        | "countryNamedLocation"
        | "compliantNetworkNamedLocation"
        | "namedLocation" => ObjectKind::NamedLocation,
        "user" => ObjectKind::User,
        "group" => ObjectKind::Group,
        "directoryRole" => ObjectKind::DirectoryRole,
        "unifiedRoleDefinition" => ObjectKind::RoleDefinition,
        "unifiedRoleAssignment"
        | "unifiedRoleAssignmentSchedule"
        | "unifiedRoleAssignmentScheduleInstance" => ObjectKind::RoleAssignment,
        "unifiedRoleEligibilitySchedule" | "unifiedRoleEligibilityScheduleInstance" => {
            ObjectKind::RoleEligibility
        }
        "servicePrincipal" => ObjectKind::ServicePrincipal,
        "authenticationStrengthPolicy" => ObjectKind::AuthenticationStrength,
        "authenticationContextClassReference" => ObjectKind::AuthenticationContext,
        "identitySecurityDefaultsEnforcementPolicy" => ObjectKind::SecurityDefaults,
        "subscribedSku" => ObjectKind::SubscribedSku,
        "crossTenantAccessPolicyConfigurationDefault"
        | "crossTenantAccessPolicyConfigurationPartner" => ObjectKind::CrossTenantAccess,
        "organization" => ObjectKind::Organization,
        "signIn" => return Some(Recognised::Unknown(SIGN_IN.to_owned())),
        _ => return None,
    };
    Some(Recognised::Kind(kind))
}

fn by_shape(fields: &Fields<'_>) -> Option<Recognised> {
    let has = |name: &str| fields.contains_key(name);
    let any = |names: &[&str]| names.iter().any(|name| has(name));
    let kind = if has("conditions") && any(&["state", "grantControls", "sessionControls"]) {
        ObjectKind::Policy
    } else if any(&["ipRanges", "countriesAndRegions"]) {
        ObjectKind::NamedLocation
    } else if has("groupId") && has("members") {
        ObjectKind::GroupMembership
    } else if has("roleTemplateId") {
        ObjectKind::DirectoryRole
    } else if has("principalId") && has("roleDefinitionId") {
        // PIM: a schedule says how its member came by it, an active one also in which way it is.
        let scheduled = any(&["memberType", "scheduleInfo", "roleEligibilityScheduleId"]);
        let eligible = scheduled && !has("assignmentType");
        if eligible { ObjectKind::RoleEligibility } else { ObjectKind::RoleAssignment }
    } else if has("rolePermissions") || has("isBuiltIn") && any(&["templateId", "isEnabled"]) {
        ObjectKind::RoleDefinition
    } else if has("allowedCombinations") {
        ObjectKind::AuthenticationStrength
    } else if has("skuPartNumber") {
        ObjectKind::SubscribedSku
    } else if any(&["inboundTrust", "b2bCollaborationInbound", "b2bDirectConnectInbound"]) {
        ObjectKind::CrossTenantAccess
    } else if has("verifiedDomains") {
        ObjectKind::Organization
    } else if is_context(fields) {
        ObjectKind::AuthenticationContext
    } else if is_security_defaults(fields) {
        ObjectKind::SecurityDefaults
    } else if has("appDisplayName") && any(&["ipAddress", "clientAppUsed", "correlationId"]) {
        return Some(Recognised::Unknown(SIGN_IN.to_owned()));
    } else if has("appId")
        && any(&["servicePrincipalType", "appOwnerOrganizationId", "servicePrincipalNames"])
    {
        ObjectKind::ServicePrincipal
    } else if has("userPrincipalName") {
        ObjectKind::User
    } else if any(&[
        "groupTypes",
        "securityEnabled",
        "mailEnabled",
        "membershipRule",
        "isAssignableToRole",
    ]) {
        ObjectKind::Group
    } else {
        return None;
    };
    Some(Recognised::Kind(kind))
}

fn is_context(fields: &Fields<'_>) -> bool {
    let id = text(fields, "id").unwrap_or_default();
    let number = id.strip_prefix('c').and_then(|rest| rest.parse::<u8>().ok());
    number.is_some_and(|n| (1..=99).contains(&n)) && fields.contains_key("displayName")
}

fn is_security_defaults(fields: &Fields<'_>) -> bool {
    fields.contains_key("isEnabled")
        && (text(fields, "id").as_deref() == Some("00000000-0000-0000-0000-000000000005")
            || text(fields, "displayName")
                .is_some_and(|name| name.to_lowercase().contains("security defaults")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_tells_kind_selection_and_members_apart() {
        let parse =
            |tail: &str| Context::parse(&format!("https://graph.example/v1.0/$metadata#{tail}"));
        assert_eq!(parse("users(id,displayName)"), Context::Kind(ObjectKind::User));
        assert_eq!(
            parse("identity/conditionalAccess/policies/$entity"),
            Context::Kind(ObjectKind::Policy)
        );
        assert_eq!(
            parse("groups('abc')/transitiveMembers(id)"),
            Context::Members { group: "abc".into(), transitive: true }
        );
        assert_eq!(parse("directoryObjects(id)"), Context::DirectoryObjects);
        assert_eq!(parse("devices"), Context::Other);
    }
}
