//! A sign-in record as Graph gives it (v1.0 and beta).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::open::{Extra, null_as_default};

/// A sign-in record. Fields that only beta has are absent in a v1.0 export.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SignIn {
    /// Record id; records repeat across exports and are told apart by it.
    pub id: String,
    /// When.
    pub created_date_time: Option<Timestamp>,
    /// Who, by object id.
    pub user_id: Option<String>,
    /// Who, by sign-in name.
    pub user_principal_name: Option<String>,
    /// Who, by name.
    pub user_display_name: Option<String>,
    /// Member or guest (beta).
    pub user_type: Option<String>,
    /// Client application.
    pub app_id: Option<String>,
    /// Its name.
    pub app_display_name: Option<String>,
    /// Resource.
    pub resource_id: Option<String>,
    /// Its name.
    pub resource_display_name: Option<String>,
    /// Address.
    pub ip_address: Option<String>,
    /// Autonomous system (beta).
    pub autonomous_system_number: Option<i64>,
    /// Client kind in Entra's words (`Browser`, `Mobile Apps and Desktop clients`, ...).
    pub client_app_used: Option<String>,
    /// User agent.
    pub user_agent: Option<String>,
    /// Session (beta).
    pub session_id: Option<String>,
    /// Token (beta).
    pub unique_token_identifier: Option<String>,
    /// Protocol (beta).
    pub authentication_protocol: Option<String>,
    /// Transfer method (beta).
    pub original_transfer_method: Option<String>,
    /// `singleFactorAuthentication` or `multiFactorAuthentication` (beta).
    pub authentication_requirement: Option<String>,
    /// Result.
    pub status: Option<SignInStatus>,
    /// Device.
    pub device_detail: Option<Value>,
    /// Place.
    pub location: Option<Value>,
    /// `success`, `failure`, `notApplied`, `unknownFutureValue`.
    pub conditional_access_status: Option<String>,
    /// What each policy said.
    #[serde(deserialize_with = "null_as_default")]
    pub applied_conditional_access_policies: Vec<AppliedPolicy>,
    /// `interactiveUser`, `nonInteractiveUser`, `servicePrincipal`, `managedIdentity` (beta).
    #[serde(deserialize_with = "null_as_default")]
    pub sign_in_event_types: Vec<String>,
    /// Whether it was interactive.
    pub is_interactive: Option<bool>,
    /// Properties this build does not read, kept verbatim.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Result of a sign-in.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SignInStatus {
    /// 0 for success.
    pub error_code: Option<i64>,
    /// Reason in words.
    pub failure_reason: Option<String>,
    /// More words.
    pub additional_details: Option<String>,
}

/// What one policy said to a sign-in.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AppliedPolicy {
    /// Policy id.
    #[serde(deserialize_with = "null_as_default")]
    pub id: String,
    /// Its name.
    #[serde(deserialize_with = "null_as_default")]
    pub display_name: String,
    /// `success`, `failure`, `notApplied`, `notEnabled`, `reportOnlySuccess`, ...
    pub result: Option<String>,
}
