//! Conditional Access policies as Graph gives them (v1.0 and beta), unknown properties kept.

mod conditions;
mod grant;
mod session;

pub use conditions::{
    ApplicationFilter, Applications, AuthenticationFlows, ClientAppType, ClientApplications,
    Conditions, DeviceFilter, DeviceStates, Devices, ExternalTenants, FilterMode, GuestType,
    GuestsOrExternalUsers, InsiderRisk, Locations, Platform, Platforms, RiskLevel, TransferMethod,
    UserAction, Users,
};
pub use grant::{GrantControl, GrantControls, GrantOperator, StrengthReference};
pub use session::{
    CloudAppSecurity, ContinuousAccessEvaluation, PersistentBrowser, SessionControls,
    SignInFrequency, SwitchedOn,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::open::{Extra, null_as_default};

crate::open_enum!(
    /// Whether a policy acts.
    PolicyState {
        /// Evaluated and enforced.
        Enabled = "enabled",
        /// Neither evaluated nor enforced.
        Disabled = "disabled",
        /// Evaluated and logged, never enforced.
        ReportOnly = "enabledForReportingButNotEnforced",
    }
);

/// One Conditional Access policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConditionalAccessPolicy {
    /// Object id; templates carry none and get one from their name at import.
    #[serde(default, deserialize_with = "null_as_default")]
    pub id: String,
    /// The name an administrator gave it.
    #[serde(default, deserialize_with = "null_as_default")]
    pub display_name: String,
    /// The administrator's description, where one was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether it acts.
    pub state: PolicyState,
    /// Creation time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_date_time: Option<Timestamp>,
    /// Last change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified_date_time: Option<Timestamp>,
    /// Template it was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template_id: Option<String>,
    /// When it applies; absent counts as no condition at all, and so as nobody.
    #[serde(default, deserialize_with = "null_as_default")]
    pub conditions: Conditions,
    /// What it requires; absent for a session-only policy.
    #[serde(default)]
    pub grant_controls: Option<GrantControls>,
    /// What it limits in the session.
    #[serde(default)]
    pub session_controls: Option<SessionControls>,
    /// Properties this build does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl ConditionalAccessPolicy {
    /// Last change, or creation where it was never changed.
    pub fn last_changed(&self) -> Option<Timestamp> {
        self.modified_date_time.or(self.created_date_time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nulls_in_the_place_of_lists_and_objects_read_as_empty() {
        let policy: ConditionalAccessPolicy = serde_json::from_str(
            r#"{"displayName":"p","state":"enabled","grantControls":null,
                "conditions":{"users":null,"applications":{"includeApplications":null},"platforms":null}}"#,
        )
        .unwrap();
        assert!(policy.conditions.users.include_users.is_empty());
        assert!(policy.conditions.platforms.is_none());
    }

    #[test]
    fn an_unknown_condition_is_kept_verbatim() {
        let policy: ConditionalAccessPolicy = serde_json::from_str(
            r#"{"displayName":"p","state":"enabled","conditions":{"moonPhase":{"include":["full"]}}}"#,
        )
        .unwrap();
        let names: Vec<_> =
            policy.conditions.extra.meaningful().map(|(k, _)| k.to_owned()).collect();
        assert_eq!(names, ["moonPhase"]);
        let back = serde_json::to_value(&policy).unwrap();
        assert_eq!(back["conditions"]["moonPhase"]["include"][0], "full");
    }

    #[test]
    fn a_wrong_type_is_refused() {
        let read = serde_json::from_str::<ConditionalAccessPolicy>(
            r#"{"displayName":"p","state":"enabled","conditions":{"clientAppTypes":"all"}}"#,
        );
        assert!(read.is_err());
    }
}
