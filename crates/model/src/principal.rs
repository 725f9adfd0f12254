//! Users, groups, memberships and service principals.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::open::null_as_default;

crate::open_enum!(
    /// Whether an account is a member or a guest of the tenant.
    UserType {
        /// A member.
        Member = "Member",
        /// A guest.
        Guest = "Guest",
    }
);

/// A user account.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct User {
    /// Object id.
    pub id: String,
    /// Name.
    #[serde(deserialize_with = "null_as_default")]
    pub display_name: String,
    /// Sign-in name.
    #[serde(deserialize_with = "null_as_default")]
    pub user_principal_name: String,
    /// Whether the account may sign in; absent where it was not collected.
    pub account_enabled: Option<bool>,
    /// Member or guest; absent counts as member, as Graph documents for old accounts.
    pub user_type: Option<UserType>,
    /// Creation time.
    pub created_date_time: Option<Timestamp>,
    /// Deletion time, for accounts in the recycle bin.
    pub deleted_date_time: Option<Timestamp>,
    /// When the account last signed in; absent where it was not collected or never happened.
    pub sign_in_activity: Option<SignInActivity>,
    /// Licences assigned to the account.
    #[serde(deserialize_with = "null_as_default")]
    pub assigned_licenses: Vec<AssignedLicense>,
    /// Whether the account comes from an on-premises directory.
    pub on_premises_sync_enabled: Option<bool>,
    /// How an external account came to be (`Invitation`, `LocalAccount`, ...).
    pub creation_type: Option<String>,
    /// State of an invitation.
    pub external_user_state: Option<String>,
    /// Mail address; tells a guest's home domain.
    pub mail: Option<String>,
    /// Job title.
    pub job_title: Option<String>,
    /// Identities, which tell an external account's issuer.
    #[serde(deserialize_with = "null_as_default")]
    pub identities: Vec<ObjectIdentity>,
}

impl User {
    /// Whether the account is a guest by type.
    pub fn is_guest(&self) -> bool {
        self.user_type == Some(UserType::Guest)
    }

    /// The name to show: sign-in name, else display name, else id.
    pub fn label(&self) -> &str {
        [&self.user_principal_name, &self.display_name, &self.id]
            .into_iter()
            .find(|text| !text.is_empty())
            .map_or("", String::as_str)
    }
}

/// When an account last signed in.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SignInActivity {
    /// The last interactive attempt, failed ones included.
    pub last_sign_in_date_time: Option<Timestamp>,
    /// The last non-interactive attempt.
    pub last_non_interactive_sign_in_date_time: Option<Timestamp>,
    /// The last success; filled since December 2023 and not before.
    pub last_successful_sign_in_date_time: Option<Timestamp>,
}

/// A licence assigned to an account.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AssignedLicense {
    /// Product id.
    pub sku_id: String,
}

/// A sign-in identity of an account.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ObjectIdentity {
    /// `userPrincipalName`, `federated`, `emailAddress`, ...
    #[serde(deserialize_with = "null_as_default")]
    pub sign_in_type: String,
    /// Issuing tenant or provider.
    #[serde(deserialize_with = "null_as_default")]
    pub issuer: String,
}

/// A group.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Group {
    /// Object id.
    pub id: String,
    /// Name.
    #[serde(deserialize_with = "null_as_default")]
    pub display_name: String,
    /// What it is for.
    pub description: Option<String>,
    /// `DynamicMembership`, `Unified`.
    #[serde(deserialize_with = "null_as_default")]
    pub group_types: Vec<String>,
    /// The rule of a dynamic group.
    pub membership_rule: Option<String>,
    /// Whether it grants access.
    pub security_enabled: Option<bool>,
    /// Whether roles can be assigned to it, which also limits who can change it.
    pub is_assignable_to_role: Option<bool>,
    /// Whether it sits in a restricted management administrative unit.
    pub is_management_restricted: Option<bool>,
    /// Whether it comes from an on-premises directory.
    pub on_premises_sync_enabled: Option<bool>,
    /// Direct members, where the export expanded them.
    pub members: Option<Vec<DirectoryReference>>,
    /// All members through nesting, where the export expanded them.
    pub transitive_members: Option<Vec<DirectoryReference>>,
}

impl Group {
    /// Whether a rule, and not a person, decides who is in it.
    pub fn is_dynamic(&self) -> bool {
        self.group_types.iter().any(|kind| kind.eq_ignore_ascii_case("DynamicMembership"))
            || self.membership_rule.as_deref().is_some_and(|rule| !rule.is_empty())
    }
}

/// A directory object named by another: id and, where told, type.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DirectoryReference {
    /// Graph's type name (`#microsoft.graph.user`).
    #[serde(rename = "@odata.type")]
    pub odata_type: Option<String>,
    /// Object id.
    pub id: String,
}

impl DirectoryReference {
    /// Whether the type is told and is `name` (`user`, `group`, `servicePrincipal`, `device`).
    pub fn is(&self, name: &str) -> bool {
        self.odata_type
            .as_deref()
            .and_then(|full| full.rsplit('.').next())
            .is_some_and(|short| short.eq_ignore_ascii_case(name))
    }
}

/// Members of one group, as a listing of its members gives them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GroupMembership {
    /// The group.
    pub group_id: String,
    /// Whether nested members are already included.
    pub transitive: bool,
    /// Members.
    pub members: Vec<DirectoryReference>,
}

/// A service principal: the local side of an application or a managed identity.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServicePrincipal {
    /// Object id.
    pub id: String,
    /// Application id.
    #[serde(deserialize_with = "null_as_default")]
    pub app_id: String,
    /// Name.
    #[serde(deserialize_with = "null_as_default")]
    pub display_name: String,
    /// `Application`, `ManagedIdentity`, `Legacy`, `SocialIdp`.
    pub service_principal_type: Option<String>,
    /// Tenant in which the application is registered.
    pub app_owner_organization_id: Option<String>,
    /// Whose accounts the application takes: `AzureADMyOrg` for this tenant's alone.
    pub sign_in_audience: Option<String>,
    /// Whether it may sign in.
    pub account_enabled: Option<bool>,
    /// Tags; `WindowsAzureActiveDirectoryIntegratedApp` and their like.
    #[serde(deserialize_with = "null_as_default")]
    pub tags: Vec<String>,
    /// Custom security attributes by set; absent where it was not collected.
    pub custom_security_attributes: Option<Value>,
}
