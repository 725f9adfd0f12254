//! Settings of the whole tenant: security defaults, licences, cross-tenant trust, contexts.

use serde::{Deserialize, Serialize};

use crate::open::{Extra, null_as_default};

/// Security defaults.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SecurityDefaults {
    /// Object id.
    #[serde(deserialize_with = "null_as_default")]
    pub id: String,
    /// On or off.
    #[serde(deserialize_with = "null_as_default")]
    pub is_enabled: bool,
}

/// A product the tenant subscribes to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SubscribedSku {
    /// Object id.
    #[serde(deserialize_with = "null_as_default")]
    pub id: String,
    /// Product id.
    #[serde(deserialize_with = "null_as_default")]
    pub sku_id: String,
    /// Product's part number (`SPE_E5`, `AAD_PREMIUM_P2`).
    #[serde(deserialize_with = "null_as_default")]
    pub sku_part_number: String,
    /// `Enabled`, `Warning`, `Suspended`, `Deleted`, `LockedOut`.
    pub capability_status: Option<String>,
    /// Plans within.
    #[serde(deserialize_with = "null_as_default")]
    pub service_plans: Vec<ServicePlan>,
}

impl SubscribedSku {
    /// Whether the product can be used; `Warning` is its grace period.
    pub fn is_usable(&self) -> bool {
        self.capability_status
            .as_deref()
            .is_none_or(|s| s.eq_ignore_ascii_case("Enabled") || s.eq_ignore_ascii_case("Warning"))
    }

    /// Whether a plan is part of it and provisioned.
    pub fn has_plan(&self, name: &str) -> bool {
        self.service_plans.iter().any(|plan| {
            plan.service_plan_name.eq_ignore_ascii_case(name)
                && plan
                    .provisioning_status
                    .as_deref()
                    .is_none_or(|s| !s.eq_ignore_ascii_case("Disabled"))
        })
    }
}

/// A plan within a product.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServicePlan {
    /// Plan id.
    #[serde(deserialize_with = "null_as_default")]
    pub service_plan_id: String,
    /// Plan name (`AAD_PREMIUM`, `AAD_PREMIUM_P2`).
    #[serde(deserialize_with = "null_as_default")]
    pub service_plan_name: String,
    /// `Success`, `Disabled`, `PendingActivation`.
    pub provisioning_status: Option<String>,
}

/// An authentication context.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AuthenticationContext {
    /// `c1` to `c99`.
    pub id: String,
    /// Name.
    #[serde(deserialize_with = "null_as_default")]
    pub display_name: String,
    /// Whether applications may ask for it.
    pub is_available: Option<bool>,
}

/// What the tenant accepts from guests' home tenants.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct InboundTrust {
    /// MFA done at home counts.
    pub is_mfa_accepted: Option<bool>,
    /// Compliance attested at home counts.
    pub is_compliant_device_accepted: Option<bool>,
    /// A hybrid join at home counts.
    pub is_hybrid_azure_a_d_joined_device_accepted: Option<bool>,
}

/// Cross-tenant access: the default, or for one partner.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CrossTenantAccess {
    /// The partner; absent for the default.
    pub tenant_id: Option<String>,
    /// Whether the partner is a service provider.
    pub is_service_provider: Option<bool>,
    /// Inbound trust.
    pub inbound_trust: Option<InboundTrust>,
    /// Properties this build does not read.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The organisation itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Organization {
    /// Tenant id.
    pub id: String,
    /// Name.
    #[serde(deserialize_with = "null_as_default")]
    pub display_name: String,
    /// Verified domains.
    #[serde(deserialize_with = "null_as_default")]
    pub verified_domains: Vec<VerifiedDomain>,
}

/// A verified domain.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VerifiedDomain {
    /// Domain name.
    #[serde(deserialize_with = "null_as_default")]
    pub name: String,
}
