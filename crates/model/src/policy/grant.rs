//! What a policy requires before it lets a sign-in through.

use serde::{Deserialize, Serialize};

use crate::open::{Extra, null_as_default};
use crate::strength::AuthenticationStrengthPolicy;

crate::open_enum!(
    /// How the items of a grant combine.
    GrantOperator {
        /// Every item.
        And = "AND",
        /// Any one item.
        Or = "OR",
    }
);

crate::open_enum!(
    /// A built-in control.
    GrantControl {
        /// No access.
        Block = "block",
        /// Multifactor authentication of any kind.
        Mfa = "mfa",
        /// A device that Intune calls compliant.
        CompliantDevice = "compliantDevice",
        /// A hybrid-joined device.
        DomainJoinedDevice = "domainJoinedDevice",
        /// An approved client application (retired in 2026).
        ApprovedApplication = "approvedApplication",
        /// An application under an app-protection policy.
        CompliantApplication = "compliantApplication",
        /// A password change.
        PasswordChange = "passwordChange",
        /// Remediation of the user's risk.
        RiskRemediation = "riskRemediation",
    }
);

/// The grant part of a policy.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GrantControls {
    /// How the items combine; absent counts as OR, Graph's default for a single item.
    pub operator: Option<GrantOperator>,
    /// Built-in controls.
    #[serde(deserialize_with = "null_as_default")]
    pub built_in_controls: Vec<GrantControl>,
    /// Third-party controls.
    #[serde(deserialize_with = "null_as_default")]
    pub custom_authentication_factors: Vec<String>,
    /// Terms of use that must be accepted, by id.
    #[serde(deserialize_with = "null_as_default")]
    pub terms_of_use: Vec<String>,
    /// The authentication strength, by reference and often expanded.
    pub authentication_strength: Option<StrengthReference>,
    /// Properties this build does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A strength as a grant names it: an id alone, or the whole policy.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StrengthReference {
    /// Id of the strength policy.
    #[serde(deserialize_with = "null_as_default")]
    pub id: String,
    /// Its name, where expanded.
    pub display_name: Option<String>,
    /// Its combinations, where expanded.
    #[serde(deserialize_with = "null_as_default")]
    pub allowed_combinations: Vec<String>,
    /// Properties kept as they came.
    #[serde(flatten)]
    pub extra: Extra,
}

impl StrengthReference {
    /// The strength policy itself, where the export expanded it.
    pub fn expanded(&self) -> Option<AuthenticationStrengthPolicy> {
        (!self.allowed_combinations.is_empty()).then(|| AuthenticationStrengthPolicy {
            id: self.id.clone(),
            display_name: self.display_name.clone().unwrap_or_default(),
            allowed_combinations: self.allowed_combinations.clone(),
            ..AuthenticationStrengthPolicy::default()
        })
    }
}
