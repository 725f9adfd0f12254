//! What a policy limits in the session it lets through.

use serde::{Deserialize, Serialize};

use crate::open::{Extra, null_as_default};

/// The session part of a policy.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SessionControls {
    /// How often the user signs in again.
    pub sign_in_frequency: Option<SignInFrequency>,
    /// Whether a browser session outlives the browser.
    pub persistent_browser: Option<PersistentBrowser>,
    /// Restrictions that Exchange and SharePoint enforce themselves.
    pub application_enforced_restrictions: Option<SwitchedOn>,
    /// Defender for Cloud Apps.
    pub cloud_app_security: Option<CloudAppSecurity>,
    /// Continuous access evaluation; `mode` is `disabled`, `strictEnforcement` or `strictLocation`.
    pub continuous_access_evaluation: Option<ContinuousAccessEvaluation>,
    /// Whether sessions lapse when the service cannot evaluate policy.
    pub disable_resilience_defaults: Option<bool>,
    /// Token protection.
    pub secure_sign_in_session: Option<SwitchedOn>,
    /// Controls this build does not know (network access among them).
    #[serde(flatten)]
    pub extra: Extra,
}

/// A control that is on or off.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SwitchedOn {
    /// On or off.
    #[serde(deserialize_with = "null_as_default")]
    pub is_enabled: bool,
}

/// Sign-in frequency.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SignInFrequency {
    /// On or off.
    #[serde(deserialize_with = "null_as_default")]
    pub is_enabled: bool,
    /// How many of `type`; absent with `everyTime`.
    pub value: Option<u32>,
    /// `hours` or `days`.
    #[serde(rename = "type")]
    pub unit: Option<String>,
    /// `timeBased` or `everyTime`.
    pub frequency_interval: Option<String>,
    /// `primaryAndSecondaryAuthentication` or `secondaryAuthentication`.
    pub authentication_type: Option<String>,
}

impl SignInFrequency {
    /// The longest time between sign-ins in hours: 0 for every time; none where off or not readable.
    pub fn hours(&self) -> Option<u32> {
        if !self.is_enabled {
            return None;
        }
        if self.frequency_interval.as_deref().is_some_and(|i| i.eq_ignore_ascii_case("everyTime")) {
            return Some(0);
        }
        let value = self.value?;
        match self.unit.as_deref() {
            Some(unit) if unit.eq_ignore_ascii_case("days") => value.checked_mul(24),
            Some(unit) if unit.eq_ignore_ascii_case("hours") => Some(value),
            _ => None,
        }
    }
}

/// Browser persistence.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PersistentBrowser {
    /// On or off.
    #[serde(deserialize_with = "null_as_default")]
    pub is_enabled: bool,
    /// `always` or `never`.
    pub mode: Option<String>,
}

/// Defender for Cloud Apps.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CloudAppSecurity {
    /// On or off.
    #[serde(deserialize_with = "null_as_default")]
    pub is_enabled: bool,
    /// `mcasConfigured`, `monitorOnly` or `blockDownloads`.
    pub cloud_app_security_type: Option<String>,
}

/// Continuous access evaluation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContinuousAccessEvaluation {
    /// `disabled`, `strictEnforcement` or `strictLocation`.
    pub mode: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::SignInFrequency;

    #[test]
    fn every_time_is_shorter_than_any_number_of_hours() {
        let every: SignInFrequency =
            serde_json::from_str(r#"{"isEnabled":true,"frequencyInterval":"everyTime"}"#).unwrap();
        let week: SignInFrequency =
            serde_json::from_str(r#"{"isEnabled":true,"value":7,"type":"days"}"#).unwrap();
        assert_eq!((every.hours(), week.hours()), (Some(0), Some(168)));
    }
}
