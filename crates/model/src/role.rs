//! Directory roles, their assignments and eligibilities.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::open::null_as_default;
use crate::principal::DirectoryReference;

/// A role definition: built-in or custom.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RoleDefinition {
    /// Object id; equal to the template id for built-in roles.
    pub id: String,
    /// Name.
    #[serde(deserialize_with = "null_as_default")]
    pub display_name: String,
    /// Template id; what Conditional Access compares.
    pub template_id: Option<String>,
    /// Whether Microsoft defines it; Conditional Access knows only built-in roles.
    pub is_built_in: Option<bool>,
    /// Microsoft's own judgement (beta only).
    pub is_privileged: Option<bool>,
}

impl RoleDefinition {
    /// The id that Conditional Access compares.
    pub fn template(&self) -> &str {
        self.template_id.as_deref().filter(|id| !id.is_empty()).unwrap_or(&self.id)
    }
}

/// An activated directory role with its members (the older listing).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DirectoryRole {
    /// Object id.
    pub id: String,
    /// Name.
    #[serde(deserialize_with = "null_as_default")]
    pub display_name: String,
    /// Template id.
    #[serde(deserialize_with = "null_as_default")]
    pub role_template_id: String,
    /// Members, where the export expanded them.
    pub members: Option<Vec<DirectoryReference>>,
}

/// Somebody holds a role, now or (with PIM) on activation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RoleAssignment {
    /// Object id.
    pub id: String,
    /// Who holds it: a user, a group or a service principal.
    pub principal_id: String,
    /// Which role.
    pub role_definition_id: String,
    /// `/` for the tenant, `/administrativeUnits/{id}` or an object's path otherwise.
    pub directory_scope_id: Option<String>,
    /// `/` for every application, or one application's own scope.
    pub app_scope_id: Option<String>,
    /// End of the assignment, where it has one.
    pub end_date_time: Option<Timestamp>,
}

impl RoleAssignment {
    /// Whether it is for the whole tenant; only these count for Conditional Access.
    pub fn is_tenant_wide(&self) -> bool {
        let whole = |scope: &Option<String>| {
            scope.as_deref().is_none_or(|scope| scope.is_empty() || scope == "/")
        };
        whole(&self.directory_scope_id) && whole(&self.app_scope_id)
    }
}
