//! Authentication strengths and the combinations they allow.

use serde::{Deserialize, Serialize};

use crate::open::{Extra, null_as_default};

/// Id of the built-in strength "Multifactor authentication".
pub const MULTIFACTOR: &str = "00000000-0000-0000-0000-000000000002";
/// Id of the built-in strength "Passwordless MFA".
pub const PASSWORDLESS: &str = "00000000-0000-0000-0000-000000000003";
/// Id of the built-in strength "Phishing-resistant MFA".
pub const PHISHING_RESISTANT: &str = "00000000-0000-0000-0000-000000000004";

/// Combinations of the built-in phishing-resistant strength.
pub const PHISHING_RESISTANT_COMBINATIONS: [&str; 3] =
    ["windowsHelloForBusiness", "fido2", "x509CertificateMultiFactor"];

/// Combinations of the built-in passwordless strength.
pub const PASSWORDLESS_COMBINATIONS: [&str; 4] =
    ["windowsHelloForBusiness", "fido2", "x509CertificateMultiFactor", "deviceBasedPush"];

/// Combinations of the built-in multifactor strength (17, as Microsoft lists them), and the two
/// with a certificate that some of its examples add.
pub const MULTIFACTOR_COMBINATIONS: [&str; 19] = [
    "windowsHelloForBusiness",
    "fido2",
    "x509CertificateMultiFactor",
    "deviceBasedPush",
    "temporaryAccessPassOneTime",
    "temporaryAccessPassMultiUse",
    "password,microsoftAuthenticatorPush",
    "password,softwareOath",
    "password,hardwareOath",
    "password,sms",
    "password,voice",
    "federatedMultiFactor",
    "microsoftAuthenticatorPush,federatedSingleFactor",
    "softwareOath,federatedSingleFactor",
    "hardwareOath,federatedSingleFactor",
    "sms,federatedSingleFactor",
    "voice,federatedSingleFactor",
    "password,x509CertificateSingleFactor",
    "password,x509CertificateMultiFactor",
];

/// Methods that are one factor when used alone.
pub const SINGLE_FACTORS: [&str; 6] = [
    "password",
    "sms",
    "x509CertificateSingleFactor",
    "federatedSingleFactor",
    "qrCodePin",
    "email",
];

/// A strength policy: built-in or the tenant's own.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AuthenticationStrengthPolicy {
    /// Object id.
    pub id: String,
    /// Name.
    #[serde(deserialize_with = "null_as_default")]
    pub display_name: String,
    /// `builtIn` or `custom`.
    pub policy_type: Option<String>,
    /// Microsoft's hint, `none` or `mfa`; the combinations decide.
    pub requirements_satisfied: Option<String>,
    /// Allowed combinations; each a comma-joined set in any order.
    #[serde(deserialize_with = "null_as_default")]
    pub allowed_combinations: Vec<String>,
    /// Properties kept as they came (combination configurations among them).
    #[serde(flatten)]
    pub extra: Extra,
}

/// A combination in canonical spelling: its methods sorted, joined by `+`.
pub fn canonical_combination(combination: &str) -> String {
    let mut methods: Vec<&str> =
        combination.split(',').map(str::trim).filter(|method| !method.is_empty()).collect();
    methods.sort_unstable();
    methods.join("+")
}

#[cfg(test)]
mod tests {
    use super::canonical_combination;

    #[test]
    fn order_within_a_combination_does_not_matter() {
        assert_eq!(canonical_combination("sms, password"), canonical_combination("password,sms"));
    }
}
