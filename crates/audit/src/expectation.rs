//! The expectation of a rule: who, reaching what, by which client, in which situation, must at
//! least.

use model::known::applications as known;
use model::object::ObjectKind;
use model::policy::{InsiderRisk, Platform, RiskLevel, UserAction};
use model::snapshot::TenantSnapshot;
use policy::{
    ClientKind, Demand, DeviceCondition, FlowCondition, PlaceCondition, Population, Scope,
    Situation, Target,
};
use serde::Deserialize;

/// Part of what is reached, in the words of rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reaching {
    /// Every resource.
    AllResources,
    /// The core of Microsoft 365: Exchange, SharePoint, Teams and the portal page.
    Office365,
    /// Microsoft's admin portals.
    AdminPortals,
    /// Azure management.
    AzureManagement,
    /// An application.
    Application(String),
    /// A user action.
    Action(UserAction),
    /// An authentication context.
    Context(String),
    /// Every published authentication context of the tenant.
    EachContext,
}

impl Reaching {
    /// Reads the words of a rule.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text.split_once(':') {
            None => match text {
                "all-resources" => Self::AllResources,
                "office365" => Self::Office365,
                "admin-portals" => Self::AdminPortals,
                "azure-management" => Self::AzureManagement,
                "each-authentication-context" => Self::EachContext,
                _ => return None,
            },
            Some(("app", id)) => Self::Application(id.to_ascii_lowercase()),
            Some(("user-action", "register-security-info")) => {
                Self::Action(UserAction::RegisterSecurityInfo)
            }
            Some(("user-action", "register-device")) => Self::Action(UserAction::RegisterDevice),
            Some(("authentication-context", id)) => Self::Context(id.to_ascii_lowercase()),
            Some(_) => return None,
        })
    }

    fn words(&self) -> String {
        match self {
            Self::AllResources => "any application".into(),
            Self::Office365 => "Microsoft 365".into(),
            Self::AdminPortals => "the admin portals".into(),
            Self::AzureManagement => "Azure management".into(),
            Self::Application(id) => {
                known::application_name(id).map_or_else(|| id.clone(), str::to_owned)
            }
            Self::Action(UserAction::RegisterSecurityInfo) => {
                "the registration of security information".into()
            }
            Self::Action(_) => "the registration of devices".into(),
            Self::Context(id) => format!("authentication context {id}"),
            Self::EachContext => "authentication contexts".into(),
        }
    }
}

/// A scope for the evaluator, or nothing where the tenant has no such thing.
pub(crate) fn scope(parts: &[Reaching], snapshot: &TenantSnapshot) -> Option<Scope> {
    if parts.contains(&Reaching::AllResources) {
        return Some(Scope::AllResources);
    }
    let application = |id: &&str| Target::Application((*id).to_owned());
    let mut targets = Vec::new();
    for part in parts {
        match part {
            Reaching::AllResources => {}
            Reaching::Office365 => targets.extend(
                [known::EXCHANGE_ONLINE, known::SHAREPOINT_ONLINE, known::TEAMS]
                    .iter()
                    .map(application),
            ),
            Reaching::AdminPortals => {
                targets.extend(known::ADMIN_PORTAL_MEMBERS.iter().map(application));
            }
            Reaching::AzureManagement => {
                targets.extend([known::AZURE_MANAGEMENT].iter().map(application));
            }
            Reaching::Application(id) => targets.push(Target::Application(id.clone())),
            Reaching::Action(action) => targets.push(Target::UserAction(action.clone())),
            Reaching::Context(id) => targets.push(Target::AuthenticationContext(id.clone())),
            Reaching::EachContext => targets.extend(
                snapshot
                    .authentication_contexts
                    .iter()
                    .filter(|context| context.is_available != Some(false))
                    .map(|context| Target::AuthenticationContext(context.id.to_ascii_lowercase())),
            ),
        }
    }
    (!targets.is_empty()).then_some(Scope::Targets(targets))
}

/// Why an empty scope is empty, and whether that is known.
pub(crate) fn empty_scope(snapshot: &TenantSnapshot) -> (bool, &'static str) {
    if snapshot.has_all(ObjectKind::AuthenticationContext) {
        (true, "the tenant publishes no authentication context")
    } else {
        (false, "authentication contexts were not collected")
    }
}

/// A rule's expectation, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// Who.
    pub population: Population,
    /// Reaching what.
    pub reaching: Vec<Reaching>,
    /// By which client, in which situation.
    pub situation: Situation,
    /// Must at least.
    pub demand: Demand,
}

impl Expectation {
    /// What is reached, in words.
    pub(crate) fn reaching_words(&self) -> String {
        self.reaching.iter().map(Reaching::words).collect::<Vec<_>>().join(" and ")
    }
}

/// The `[expect.when]` table.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(crate) struct RawWhen {
    pub(crate) sign_in_risk: Vec<String>,
    pub(crate) user_risk: Vec<String>,
    pub(crate) insider_risk: Vec<String>,
    pub(crate) service_principal_risk: Vec<String>,
    pub(crate) platform: Vec<String>,
    pub(crate) location: Option<String>,
    pub(crate) device: Option<String>,
    pub(crate) flow: Option<String>,
}

/// Reads clients and situation.
///
/// # Errors
/// The word that is none of the vocabulary, with what it should be.
pub(crate) fn situation(by: &[String], when: &RawWhen) -> Result<Situation, String> {
    let mut out = Situation::default();
    if !by.is_empty() {
        out.clients = by
            .iter()
            .map(|word| {
                ClientKind::parse(word).ok_or_else(|| {
                    format!("{word:?} is not a client: use browser, modern-client, exchange-activesync or other")
                })
            })
            .collect::<Result<_, _>>()?;
    }
    let risks = |words: &[String]| -> Result<Vec<RiskLevel>, String> {
        words
            .iter()
            .map(|word| match RiskLevel::from(word.as_str()) {
                RiskLevel::Unknown(_) | RiskLevel::Hidden => {
                    Err(format!("{word:?} is not a level of risk: use none, low, medium or high"))
                }
                level => Ok(level),
            })
            .collect()
    };
    out.sign_in_risk = risks(&when.sign_in_risk)?;
    out.user_risk = risks(&when.user_risk)?;
    out.workload_risk = risks(&when.service_principal_risk)?;
    for word in &when.insider_risk {
        let level = InsiderRisk::from(word.as_str());
        if !level.is_known() && word != "none" {
            return Err(format!(
                "{word:?} is not a level of insider risk: use none, minor, moderate or elevated"
            ));
        }
        out.insider_risk.push(word.to_ascii_lowercase());
    }
    for word in &when.platform {
        let name = if word == "windows-phone" { "windowsPhone" } else { word };
        if name != "unknown"
            && (!Platform::from(name).is_known() || Platform::from(name) == Platform::All)
        {
            return Err(format!(
                "{word:?} is not a platform: use android, ios, windows, macos, linux, windows-phone or unknown"
            ));
        }
        out.platforms.push(name.to_owned());
    }
    out.place = match when.location.as_deref() {
        None | Some("any") => PlaceCondition::Any,
        Some("trusted") => PlaceCondition::Trusted,
        Some("untrusted") => PlaceCondition::Untrusted,
        Some(word) => {
            return Err(format!("{word:?} is not a location: use any, trusted or untrusted"));
        }
    };
    out.device = match when.device.as_deref() {
        None | Some("any") => DeviceCondition::Any,
        Some("unmanaged") => DeviceCondition::Unmanaged,
        Some("managed") => DeviceCondition::Managed,
        Some("unregistered") => DeviceCondition::Unregistered,
        Some(word) => {
            return Err(format!(
                "{word:?} is not a device: use any, unmanaged, managed or unregistered"
            ));
        }
    };
    out.flow = match when.flow.as_deref() {
        None | Some("any") => FlowCondition::Any,
        Some("none") => FlowCondition::Ordinary,
        Some("device-code") => FlowCondition::DeviceCode,
        Some("authentication-transfer") => FlowCondition::AuthenticationTransfer,
        Some(word) => {
            return Err(format!(
                "{word:?} is not a flow: use any, none, device-code or authentication-transfer"
            ));
        }
    };
    Ok(out)
}
