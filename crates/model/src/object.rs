//! Kinds of directory object, and an object as it was exported.

use serde::{Deserialize, Serialize};
use serde_json::Value;

macro_rules! object_kinds {
    ($($(#[$meta:meta])* $variant:ident = $name:literal / $plural:literal),+ $(,)?) => {
        /// What a directory object is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum ObjectKind { $($(#[$meta])* $variant),+ }

        impl ObjectKind {
            /// Every kind.
            pub const ALL: &'static [ObjectKind] = &[$(ObjectKind::$variant),+];

            /// The name in the store and in messages.
            pub fn as_str(self) -> &'static str {
                match self { $(ObjectKind::$variant => $name),+ }
            }

            /// The name for several of them.
            pub fn plural(self) -> &'static str {
                match self { $(ObjectKind::$variant => $plural),+ }
            }

            /// The kind with that name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($name => Some(ObjectKind::$variant),)+ _ => None }
            }
        }
    };
}

object_kinds! {
    /// A Conditional Access policy.
    Policy = "policy" / "policies",
    /// A named location.
    NamedLocation = "named-location" / "named locations",
    /// A user.
    User = "user" / "users",
    /// A group.
    Group = "group" / "groups",
    /// The members of one group.
    GroupMembership = "group-membership" / "group memberships",
    /// A role definition.
    RoleDefinition = "role-definition" / "role definitions",
    /// An activated directory role.
    DirectoryRole = "directory-role" / "directory roles",
    /// An active role assignment.
    RoleAssignment = "role-assignment" / "role assignments",
    /// An eligible role assignment (PIM).
    RoleEligibility = "role-eligibility" / "role eligibilities",
    /// A service principal.
    ServicePrincipal = "service-principal" / "service principals",
    /// An authentication strength.
    AuthenticationStrength = "authentication-strength" / "authentication strengths",
    /// An authentication context.
    AuthenticationContext = "authentication-context" / "authentication contexts",
    /// Security defaults.
    SecurityDefaults = "security-defaults" / "security defaults",
    /// A subscribed product.
    SubscribedSku = "subscribed-sku" / "subscribed products",
    /// Cross-tenant access, default or for a partner.
    CrossTenantAccess = "cross-tenant-access" / "cross-tenant access settings",
    /// The organisation.
    Organization = "organization" / "organisations",
}

impl std::fmt::Display for ObjectKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An object as it was exported: recognised, checked against its type, body kept verbatim but for
/// `OData` annotations.
#[derive(Debug, Clone, PartialEq)]
pub struct ExportedObject {
    /// What it is.
    pub kind: ObjectKind,
    /// Its identity within the tenant and kind.
    pub id: String,
    /// Its name, for messages; may be empty.
    pub display_name: String,
    /// The body.
    pub body: Value,
}
