//! One sign-in and what the policies say to it (What-If).

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::guarantee::WayIn;
use crate::policy::{
    ClientAppType, GuestType, InsiderRisk, Platform, PolicyState, RiskLevel, TransferMethod,
    UserAction,
};

/// A sign-in to be judged. A field that is absent is not known, and conditions on it are undecided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignInScenario {
    /// Who signs in.
    pub principal: ScenarioPrincipal,
    /// What is reached.
    pub target: ScenarioTarget,
    /// Client kind.
    pub client: Option<ClientAppType>,
    /// Platform; `Unknown` text for one that Entra does not recognise.
    pub platform: Option<Platform>,
    /// Address.
    pub ip: Option<IpAddr>,
    /// ISO 3166-1 alpha-2 code; `Some("")` for an address that maps to no country.
    pub country: Option<String>,
    /// Whether the sign-in comes through the tenant's compliant network.
    pub compliant_network: Option<bool>,
    /// The device.
    pub device: ScenarioDevice,
    /// Sign-in risk.
    pub sign_in_risk: Option<RiskLevel>,
    /// User risk.
    pub user_risk: Option<RiskLevel>,
    /// Service-principal risk.
    pub service_principal_risk: Option<RiskLevel>,
    /// Insider risk; `None` inside for no risk.
    pub insider_risk: Option<Option<InsiderRisk>>,
    /// Authentication flow.
    pub flow: Option<TransferMethod>,
}

/// Who signs in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum ScenarioPrincipal {
    /// A user of the directory, by object id.
    User {
        /// Object id.
        id: String,
    },
    /// An external user without an object in the directory.
    External {
        /// Kind.
        guest_type: GuestType,
        /// Home tenant, where told.
        tenant_id: Option<String>,
    },
    /// A service principal, by object id.
    ServicePrincipal {
        /// Object id.
        id: String,
    },
}

/// What is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind", content = "id")]
pub enum ScenarioTarget {
    /// An application, by application id.
    Application(String),
    /// A user action.
    UserAction(UserAction),
    /// An authentication context.
    AuthenticationContext(String),
}

/// A device, as a filter sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum ScenarioDevice {
    /// Nothing is said of the device.
    Unspecified,
    /// Not registered with the tenant: every property is null.
    Unregistered,
    /// Registered, with the properties given (names in lower case); others are not known.
    Registered {
        /// Properties by lower-case name.
        properties: std::collections::BTreeMap<String, DeviceValue>,
    },
}

/// A device property's value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum DeviceValue {
    /// True or false.
    Flag(bool),
    /// Text.
    Text(String),
    /// Several texts (`physicalIds`, `systemLabels`).
    List(Vec<String>),
    /// Null.
    Null,
}

/// Whether a policy applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Applies {
    /// It applies.
    Yes,
    /// It does not.
    No,
    /// The data cannot tell.
    Unknown,
}

/// Why a policy does or does not apply, in the words of Microsoft's What-If API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AnalysisReason {
    /// It applies.
    NotSet,
    /// Something needed to decide is missing.
    NotEnoughInformation,
    /// A condition that this build cannot evaluate.
    InvalidCondition,
    /// Users.
    Users,
    /// Workload identities.
    WorkloadIdentities,
    /// Application.
    Application,
    /// User action.
    UserActions,
    /// Authentication context.
    AuthenticationContext,
    /// Platform.
    DevicePlatform,
    /// Device filter.
    Devices,
    /// Client application.
    ClientApps,
    /// Location.
    Location,
    /// Sign-in risk.
    SignInRisk,
    /// Nothing is asked.
    EmptyPolicy,
    /// The policy contradicts itself.
    InvalidPolicy,
    /// Disabled.
    PolicyNotEnabled,
    /// User risk.
    UserRisk,
    /// Time.
    Time,
    /// Insider risk.
    InsiderRisk,
    /// Authentication flow.
    AuthenticationFlow,
    /// Service-principal risk. (Graph has no name of its own for it on v1.0.)
    ServicePrincipalRisk,
}

impl AnalysisReason {
    /// Graph's spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotSet => "notSet",
            Self::NotEnoughInformation => "notEnoughInformation",
            Self::InvalidCondition => "invalidCondition",
            Self::Users => "users",
            Self::WorkloadIdentities => "workloadIdentities",
            Self::Application => "application",
            Self::UserActions => "userActions",
            Self::AuthenticationContext => "authenticationContext",
            Self::DevicePlatform => "devicePlatform",
            Self::Devices => "devices",
            Self::ClientApps => "clientApps",
            Self::Location => "location",
            Self::SignInRisk => "signInRisk",
            Self::EmptyPolicy => "emptyPolicy",
            Self::InvalidPolicy => "invalidPolicy",
            Self::PolicyNotEnabled => "policyNotEnabled",
            Self::UserRisk => "userRisk",
            Self::Time => "time",
            Self::InsiderRisk => "insiderRisk",
            Self::AuthenticationFlow => "authenticationFlow",
            Self::ServicePrincipalRisk => "servicePrincipalRisk",
        }
    }
}

/// One policy's part in a decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyVerdict {
    /// Policy id.
    pub policy_id: String,
    /// Its name.
    pub display_name: String,
    /// Its state.
    pub state: PolicyState,
    /// Whether it applies; report-only policies apply too, as in Microsoft's tool.
    pub policy_applies: Applies,
    /// Why (not); the first that decides, in the order in which Entra evaluates.
    pub analysis_reasons: AnalysisReason,
    /// More words on the reason: what is missing, or which condition does not match.
    pub detail: String,
    /// What it asks for where it applies.
    pub requires: Vec<String>,
    /// What it limits in the session where it applies.
    pub session: Vec<String>,
}

/// What all policies together say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// No access.
    Block,
    /// Access once the requirements are met.
    Grant,
    /// Access with a password alone.
    NoControl,
    /// Depends on what the data cannot tell.
    Unknown,
}

/// The decision on one sign-in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// The verdict.
    pub outcome: Outcome,
    /// The minimal ways in where access is granted; empty where blocked.
    pub ways: Vec<WayIn>,
    /// What would be granted if every undecided policy did not apply; equals `ways` where none is.
    pub weakest_ways: Vec<WayIn>,
    /// What report-only policies would make of it.
    pub with_report_only: Vec<WayIn>,
    /// Why the outcome is unknown, or what else to know (security defaults, platform MFA).
    pub notes: Vec<String>,
    /// Policy by policy.
    pub policies: Vec<PolicyVerdict>,
}
