//! One Entra sign-in, in one shape whatever log it came from.
//!
//! Graph, Event Hub records, Log Analytics exports and the Unified Audit Log tell the same event in
//! four shapes; the readers in `graph` bring each into this one. `None` means that the record did
//! not say, never "no".

use std::collections::BTreeMap;
use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One sign-in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignIn {
    /// Record id. Records repeat across exports and are told apart by it.
    pub id: String,
    /// When it happened (not when the log received it).
    pub at: Timestamp,
    /// What kind of principal signs in, and how.
    pub kind: SignInKind,
    /// The log that it was read from.
    pub shape: RecordShape,
    /// Who.
    pub account: Account,
    /// Client application.
    pub app: Named,
    /// What it asked a token for.
    pub resource: Named,
    /// Address; `None` where the record has none or one that is no address.
    pub ip: Option<IpAddr>,
    /// Autonomous system of the address.
    pub network: Network,
    /// Place of the address.
    pub place: Place,
    /// Client kind in Entra's words (`Browser`, `Mobile Apps and Desktop clients`, `IMAP4`, ...).
    pub client: Option<String>,
    /// User agent, as sent.
    pub user_agent: Option<String>,
    /// `none`, `oAuth2`, `ropc`, `wsFederation`, `saml20`, `deviceCode`, ...
    pub protocol: Option<String>,
    /// How the token moved: `none`, `deviceCodeFlow`, `authenticationTransfer`.
    pub transfer_method: Option<String>,
    /// What the client showed: `none`, `primaryRefreshToken`, `refreshToken`, ...
    pub incoming_token: Option<String>,
    /// Device.
    pub device: Device,
    /// Session, the same through all tokens that one interactive sign-in begot.
    pub session_id: Option<String>,
    /// The token that was issued.
    pub token_id: Option<String>,
    /// The request, shared by the records of one attempt.
    pub correlation_id: Option<String>,
    /// What was required of the user.
    pub requirement: Option<Requirement>,
    /// The factors, in the order in which they were tried.
    pub steps: Vec<AuthenticationStep>,
    /// How it ended.
    pub outcome: Outcome,
    /// `success`, `failure`, `notApplied`, `unknownFutureValue`.
    pub conditional_access: Option<String>,
    /// What each policy said.
    pub policies: Vec<AppliedPolicy>,
    /// Microsoft's own opinion; absent on a tenant without Entra ID P2.
    pub risk: Risk,
}

impl SignIn {
    /// A sign-in of which nothing else is known.
    pub fn blank(id: String, at: Timestamp, kind: SignInKind, shape: RecordShape) -> Self {
        Self {
            id,
            at,
            kind,
            shape,
            account: Account::default(),
            app: Named::default(),
            resource: Named::default(),
            ip: None,
            network: Network::default(),
            place: Place::default(),
            client: None,
            user_agent: None,
            protocol: None,
            transfer_method: None,
            incoming_token: None,
            device: Device::default(),
            session_id: None,
            token_id: None,
            correlation_id: None,
            requirement: None,
            steps: Vec::new(),
            outcome: Outcome::default(),
            conditional_access: None,
            policies: Vec::new(),
            risk: Risk::default(),
        }
    }
}

/// The four logs that Entra keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SignInKind {
    /// A person at a prompt.
    InteractiveUser,
    /// A client on a person's behalf, with a token it holds.
    NonInteractiveUser,
    /// An application with its own secret or certificate.
    ServicePrincipal,
    /// A workload in Azure with an identity that Azure keeps.
    ManagedIdentity,
}

impl SignInKind {
    /// All kinds, in the order of their declaration.
    pub const ALL: [Self; 4] = [
        Self::InteractiveUser,
        Self::NonInteractiveUser,
        Self::ServicePrincipal,
        Self::ManagedIdentity,
    ];

    /// Graph's word for it (`signInEventTypes`).
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InteractiveUser => "interactiveUser",
            Self::NonInteractiveUser => "nonInteractiveUser",
            Self::ServicePrincipal => "servicePrincipal",
            Self::ManagedIdentity => "managedIdentity",
        }
    }

    /// The kind of that name in any case; `None` for another word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str().eq_ignore_ascii_case(name))
    }

    /// Whether a person, and not a workload, is behind it.
    pub const fn is_user(self) -> bool {
        matches!(self, Self::InteractiveUser | Self::NonInteractiveUser)
    }
}

/// The shapes of record that the readers know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RecordShape {
    /// Graph v1.0 or beta `signIn`.
    Graph,
    /// Event Hub or storage diagnostic record.
    Diagnostic,
    /// Log Analytics `SigninLogs` and its siblings, JSON or CSV.
    LogAnalytics,
    /// Office 365 Unified Audit Log `UserLoggedIn`, `UserLoginFailed`.
    UnifiedAudit,
}

impl RecordShape {
    /// All shapes.
    pub const ALL: [Self; 4] =
        [Self::Graph, Self::Diagnostic, Self::LogAnalytics, Self::UnifiedAudit];

    /// Its name in the store and on the screen.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Graph => "graph",
            Self::Diagnostic => "diagnostic",
            Self::LogAnalytics => "logAnalytics",
            Self::UnifiedAudit => "unifiedAudit",
        }
    }

    /// The shape of that name; `None` for another word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|shape| shape.as_str() == name)
    }
}

/// Who signs in: a user, or a service principal in the two workload kinds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Account {
    /// Object id; empty where the log has none (an unknown user name that was tried).
    pub id: Option<String>,
    /// User principal name, lower case as logs write it or as typed.
    pub name: Option<String>,
    /// Name on the screen.
    pub display_name: Option<String>,
    /// `member`, `guest` or a word that Microsoft adds.
    pub user_type: Option<String>,
    /// The tenant that the account lives in, where it is another one.
    pub home_tenant_id: Option<String>,
    /// `none`, `b2bCollaboration`, `serviceProvider`, ...
    pub cross_tenant_access: Option<String>,
}

impl Account {
    /// What tells this account from others: its object id, else its name in lower case.
    pub fn key(&self) -> Option<std::borrow::Cow<'_, str>> {
        match (&self.id, &self.name) {
            (Some(id), _) => Some(id.as_str().into()),
            (None, Some(name)) => Some(name.to_lowercase().into()),
            (None, None) => None,
        }
    }
}

/// An application or resource: id and name.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Named {
    /// Application id.
    pub id: Option<String>,
    /// Name on the screen.
    pub name: Option<String>,
}

/// Autonomous system of an address.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Network {
    /// Number, as the record or the MaxMind file gives it.
    pub asn: Option<u32>,
    /// Organisation that announces it.
    pub organisation: Option<String>,
}

/// Place of an address.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Place {
    /// ISO 3166-1 alpha-2, upper case.
    pub country: Option<String>,
    /// State or region, as given.
    pub region: Option<String>,
    /// City, as given.
    pub city: Option<String>,
    /// Degrees north and east; `None` unless both are there and on the globe.
    pub coordinates: Option<Coordinates>,
}

/// A point on the globe.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Coordinates {
    /// Degrees north, -90 to 90.
    pub latitude: f64,
    /// Degrees east, -180 to 180.
    pub longitude: f64,
    /// Radius in kilometres within which the address is thought to be (MaxMind's
    /// `accuracy_radius`); `None` where the record gave the point.
    pub accuracy_km: Option<u16>,
}

impl Coordinates {
    /// A point, where it lies on the globe and is not the null island that empty logs write.
    pub fn new(latitude: f64, longitude: f64) -> Option<Self> {
        let on_globe = (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
        let somewhere = latitude != 0.0 || longitude != 0.0;
        (on_globe && somewhere).then_some(Self { latitude, longitude, accuracy_km: None })
    }
}

/// The device, as the client told it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Device {
    /// Entra device id; `None` where the device is not known to the tenant.
    pub id: Option<String>,
    /// Name on the screen.
    pub name: Option<String>,
    /// `Windows 10`, `MacOs`, `Ios 17.2`, ...
    pub operating_system: Option<String>,
    /// `Edge 120.0`, `Rich Client 4.5`, ...
    pub browser: Option<String>,
    /// Whether management finds it compliant.
    pub is_compliant: Option<bool>,
    /// Whether it is managed.
    pub is_managed: Option<bool>,
    /// `AzureAd`, `ServerAd` (hybrid), `Workplace`, as given.
    pub trust_type: Option<String>,
}

/// What was required of the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Requirement {
    /// One factor was enough.
    SingleFactor,
    /// More than one.
    MultiFactor,
}

impl Requirement {
    /// Graph's word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SingleFactor => "singleFactorAuthentication",
            Self::MultiFactor => "multiFactorAuthentication",
        }
    }

    /// The requirement of that name in any case; `None` for another word.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::SingleFactor, Self::MultiFactor]
            .into_iter()
            .find(|requirement| requirement.as_str().eq_ignore_ascii_case(name))
    }
}

/// One factor as it was tried (`authenticationDetails`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AuthenticationStep {
    /// When.
    pub at: Option<Timestamp>,
    /// `Password`, `Previously satisfied`, `Mobile app notification`, ...
    pub method: Option<String>,
    /// `Password Hash Sync`, ...
    pub method_detail: Option<String>,
    /// Whether it was passed.
    pub succeeded: Option<bool>,
    /// Microsoft's words for the result (`MFA denied; user declined the authentication`).
    pub result: Option<String>,
    /// Who asked for it.
    pub requirement: Option<String>,
}

/// How a sign-in ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Outcome {
    /// AADSTS code; 0 for success.
    pub code: i64,
    /// Reason in words.
    pub reason: Option<String>,
    /// More words.
    pub detail: Option<String>,
}

impl Outcome {
    /// Whether a token was issued.
    pub const fn succeeded(&self) -> bool {
        self.code == 0
    }
}

/// What one policy said to a sign-in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AppliedPolicy {
    /// Policy id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `success`, `failure`, `notApplied`, `notEnabled`, `reportOnlySuccess`, ...
    pub result: Option<String>,
    /// Grant controls that it enforced.
    pub grant_controls: Vec<String>,
    /// Session controls that it enforced.
    pub session_controls: Vec<String>,
}

/// Microsoft's risk fields. On a tenant without P2 they are absent, `none` or `hidden`: that is
/// "not known", and readers leave them out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Risk {
    /// `low`, `medium`, `high` for this sign-in.
    pub during_sign_in: Option<String>,
    /// The same for the user over time.
    pub aggregated: Option<String>,
    /// `atRisk`, `remediated`, `dismissed`, `confirmedCompromised`, ...
    pub state: Option<String>,
    /// Why it is so.
    pub detail: Option<String>,
    /// Detections (`unfamiliarFeatures`, `generic`, ...).
    pub event_types: Vec<String>,
}

/// How many sign-ins there are, of which kinds, and how much they tell.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignInStats {
    /// All of them.
    pub total: u64,
    /// The earliest.
    pub first_at: Option<Timestamp>,
    /// The latest.
    pub last_at: Option<Timestamp>,
    /// By log.
    pub by_kind: BTreeMap<String, u64>,
    /// By the shape of the record.
    pub by_shape: BTreeMap<String, u64>,
    /// Users and service principals.
    pub accounts: u64,
    /// Applications.
    pub apps: u64,
    /// Addresses.
    pub addresses: u64,
    /// Countries.
    pub countries: u64,
    /// Those that ended with a token.
    pub succeeded: u64,
    /// Those with an autonomous system.
    pub with_asn: u64,
    /// Those with a place on the map.
    pub with_place: u64,
    /// Those with a session id.
    pub with_session: u64,
    /// Those with Microsoft's opinion of the risk.
    pub with_risk: u64,
    /// Error codes, the most frequent first; at most twenty.
    pub codes: Vec<(i64, u64)>,
    /// Bytes that original records take.
    pub raw_bytes: u64,
    /// The earliest original record.
    pub raw_since: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_off_the_globe_or_on_null_island_is_no_point() {
        assert!(Coordinates::new(91.0, 0.0).is_none());
        assert!(Coordinates::new(0.0, f64::NAN).is_none());
        assert!(Coordinates::new(0.0, 0.0).is_none());
        assert!(Coordinates::new(-33.9, 151.2).is_some());
    }

    #[test]
    fn an_account_without_an_object_id_is_known_by_its_name_in_any_case() {
        let tried = Account { name: Some("Info@Contoso.com".into()), ..Account::default() };
        assert_eq!(tried.key().as_deref(), Some("info@contoso.com"));
        assert_eq!(Account::default().key(), None);
    }
}
