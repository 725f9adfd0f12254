//! What a set of policies enforces.
//!
//! A guarantee is the antichain of minimal *ways in*: every way that a sign-in can satisfy all
//! policies that apply to it. A demand holds if every way satisfies it; no way at all is a block.
//! The [`Rung`] is the reading for display.

use serde::{Deserialize, Serialize};

/// The guarantee in a word, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rung {
    /// A password is enough.
    None,
    /// Only report-only policies ask for more.
    ReportOnly,
    /// More is asked, but not in every situation.
    Conditional,
    /// A password is enough, with limits on the session.
    SingleFactorWithSession,
    /// A managed device, without a second factor.
    Device,
    /// Multifactor authentication.
    Mfa,
    /// Multifactor authentication and a managed device.
    MfaAndDevice,
    /// Passwordless multifactor authentication.
    Passwordless,
    /// Phishing-resistant multifactor authentication.
    PhishingResistant,
    /// No way in.
    Blocked,
}

impl Rung {
    /// Every rung, weakest first.
    pub const ALL: [Self; 10] = [
        Self::None,
        Self::ReportOnly,
        Self::Conditional,
        Self::SingleFactorWithSession,
        Self::Device,
        Self::Mfa,
        Self::MfaAndDevice,
        Self::Passwordless,
        Self::PhishingResistant,
        Self::Blocked,
    ];

    /// A letter of its own, so that a cell reads without colour.
    pub fn letter(self) -> char {
        match self {
            Self::None => '-',
            Self::ReportOnly => 'r',
            Self::Conditional => 'c',
            Self::SingleFactorWithSession => 's',
            Self::Device => 'D',
            Self::Mfa => 'M',
            Self::MfaAndDevice => 'X',
            Self::Passwordless => 'L',
            Self::PhishingResistant => 'P',
            Self::Blocked => 'B',
        }
    }

    /// The words for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ReportOnly => "report-only",
            Self::Conditional => "conditional",
            Self::SingleFactorWithSession => "password with session limits",
            Self::Device => "managed device",
            Self::Mfa => "MFA",
            Self::MfaAndDevice => "MFA and managed device",
            Self::Passwordless => "passwordless MFA",
            Self::PhishingResistant => "phishing-resistant MFA",
            Self::Blocked => "blocked",
        }
    }
}

/// How strongly a way in authenticates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuthenticationLevel {
    /// One factor.
    SingleFactor,
    /// Two factors.
    Mfa,
    /// Two factors, none of them a password.
    Passwordless,
    /// Two factors that cannot be relayed.
    PhishingResistant,
}

impl AuthenticationLevel {
    /// The words for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::SingleFactor => "a password alone",
            Self::Mfa => "MFA",
            Self::Passwordless => "passwordless MFA",
            Self::PhishingResistant => "phishing-resistant MFA",
        }
    }
}

/// Which devices a way in admits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceRequirement {
    /// Any device.
    Any,
    /// A compliant or a hybrid-joined device.
    CompliantOrHybrid,
    /// A compliant device.
    Compliant,
    /// A hybrid-joined device.
    HybridJoined,
    /// A device that is both.
    CompliantAndHybrid,
}

impl DeviceRequirement {
    /// The words for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Any => "any device",
            Self::CompliantOrHybrid => "a compliant or hybrid-joined device",
            Self::Compliant => "a compliant device",
            Self::HybridJoined => "a hybrid-joined device",
            Self::CompliantAndHybrid => "a device both compliant and hybrid-joined",
        }
    }
}

/// Limits on the session of a way in: the strictest of all policies that apply.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SessionLimits {
    /// Longest time between sign-ins in hours; 0 for every time; absent for no limit.
    pub sign_in_frequency_hours: Option<u32>,
    /// The browser session ends with the browser.
    pub browser_never_persistent: bool,
    /// Exchange and SharePoint restrict the session themselves.
    pub application_enforced: bool,
    /// The session runs through Defender for Cloud Apps.
    pub cloud_app_security: bool,
    /// Tokens are bound to the device.
    pub token_protection: bool,
}

impl SessionLimits {
    /// Whether there is no limit.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// One minimal way in, for display.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WayIn {
    /// Strength of authentication.
    pub authentication: AuthenticationLevel,
    /// Allowed combinations where they are narrower than the level says; of several lists, each
    /// must be met.
    pub combinations: Vec<Vec<String>>,
    /// Device.
    pub device: DeviceRequirement,
    /// Other controls: `approved app`, `terms of use`, `password change`, ...
    pub controls: Vec<String>,
    /// Session.
    pub session: SessionLimits,
}

impl std::fmt::Display for WayIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.authentication.words())?;
        if self.device != DeviceRequirement::Any {
            write!(f, " from {}", self.device.words())?;
        }
        for control in &self.controls {
            write!(f, " with {control}")?;
        }
        Ok(())
    }
}
