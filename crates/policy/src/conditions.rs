//! Conditions of a policy other than who and what, compiled to three-valued tables.

use model::policy::{ClientAppType, Conditions, InsiderRisk, Platform, RiskLevel, TransferMethod};

use crate::Tri;
use crate::device::DeviceMatcher;
use crate::place::{Locations, PlaceMatcher};

/// Client kinds in the order of the tables.
pub(crate) const CLIENTS: [ClientAppType; 4] = [
    ClientAppType::Browser,
    ClientAppType::MobileAppsAndDesktopClients,
    ClientAppType::ExchangeActiveSync,
    ClientAppType::Other,
];

/// Platforms in the order of the tables; the last stands for one that Entra does not recognise.
pub(crate) const PLATFORMS: [&str; 7] =
    ["android", "iOS", "windows", "windowsPhone", "macOS", "linux", "unknown"];

/// Risk levels in the order of the tables.
pub(crate) const RISKS: [RiskLevel; 4] =
    [RiskLevel::None, RiskLevel::Low, RiskLevel::Medium, RiskLevel::High];

/// Insider risk in the order of the tables; the first is none.
pub(crate) const INSIDER: [&str; 4] = ["none", "minor", "moderate", "elevated"];

/// Flows in the order of the tables.
pub(crate) const FLOWS: [TransferMethod; 3] =
    [TransferMethod::None, TransferMethod::DeviceCodeFlow, TransferMethod::AuthenticationTransfer];

/// A policy's conditions.
#[derive(Debug, Clone)]
pub(crate) struct ConditionSet {
    pub(crate) clients: [Tri; 4],
    pub(crate) platforms: [Tri; 7],
    pub(crate) places: PlaceMatcher,
    pub(crate) device: DeviceMatcher,
    pub(crate) sign_in_risk: [Tri; 4],
    pub(crate) user_risk: [Tri; 4],
    pub(crate) workload_risk: [Tri; 4],
    pub(crate) insider_risk: [Tri; 4],
    pub(crate) flows: [Tri; 3],
    /// Conditions that this build cannot evaluate, by name.
    pub(crate) unknown: Vec<String>,
}

impl ConditionSet {
    pub(crate) fn compile(conditions: &Conditions, locations: &mut Locations) -> Self {
        let mut unknown: Vec<String> =
            conditions.extra.meaningful().map(|(name, _)| name.to_owned()).collect();
        unknown
            .extend(conditions.users.extra.meaningful().map(|(name, _)| format!("users.{name}")));
        if let Some(clients) = &conditions.client_applications {
            unknown.extend(
                clients.extra.meaningful().map(|(name, _)| format!("clientApplications.{name}")),
            );
        }
        let device = DeviceMatcher::compile(conditions);
        if let DeviceMatcher::Unreadable(reason) = &device {
            unknown.push(reason.clone());
        }
        Self {
            clients: clients(&conditions.client_app_types),
            platforms: platforms(conditions.platforms.as_ref()),
            places: locations.compile(conditions.locations.as_ref()),
            device,
            sign_in_risk: risks(&conditions.sign_in_risk_levels),
            user_risk: risks(&conditions.user_risk_levels),
            workload_risk: risks(&conditions.service_principal_risk_levels),
            insider_risk: insider(&conditions.insider_risk_levels.0),
            flows: flows(conditions),
            unknown,
        }
    }
}

/// A table over known values: listed ones match; where a value that this build does not know is
/// listed too, the others are undecided.
fn table<const N: usize>(listed: impl Fn(usize) -> bool, unknown: bool) -> [Tri; N] {
    std::array::from_fn(|at| match (listed(at), unknown) {
        (true, _) => Tri::Yes,
        (false, true) => Tri::Unknown,
        (false, false) => Tri::No,
    })
}

fn clients(types: &[ClientAppType]) -> [Tri; 4] {
    if types.is_empty() || types.contains(&ClientAppType::All) {
        return [Tri::Yes; 4];
    }
    let unknown = types.iter().any(|kind| !kind.is_known());
    let mut out: [Tri; 4] =
        table(|at| CLIENTS.get(at).is_some_and(|kind| types.contains(kind)), unknown);
    // Only the platforms that support Exchange ActiveSync: undecided for the rest.
    if types.contains(&ClientAppType::EasSupported) {
        out[2] = out[2].or(Tri::Unknown);
    }
    out
}

fn platforms(platforms: Option<&model::policy::Platforms>) -> [Tri; 7] {
    let Some(platforms) = platforms else {
        return [Tri::Yes; 7];
    };
    let set = |listed: &[Platform]| -> [Tri; 7] {
        if listed.contains(&Platform::All) {
            return [Tri::Yes; 7];
        }
        let unknown = listed.iter().any(|platform| !platform.is_known());
        table(
            |at| {
                PLATFORMS
                    .get(at)
                    .is_some_and(|name| listed.iter().any(|p| p.is_known() && p.as_str() == *name))
            },
            unknown,
        )
    };
    let include = if platforms.include_platforms.is_empty() {
        [Tri::Yes; 7]
    } else {
        set(&platforms.include_platforms)
    };
    let exclude = set(&platforms.exclude_platforms);
    std::array::from_fn(|at| include[at].and(!exclude[at]))
}

fn risks(levels: &[RiskLevel]) -> [Tri; 4] {
    if levels.is_empty() {
        return [Tri::Yes; 4];
    }
    let unknown = levels.iter().any(|level| !level.is_known() || *level == RiskLevel::Hidden);
    table(|at| RISKS.get(at).is_some_and(|level| levels.contains(level)), unknown)
}

fn insider(levels: &[InsiderRisk]) -> [Tri; 4] {
    if levels.is_empty() {
        return [Tri::Yes; 4];
    }
    let unknown = levels.iter().any(|level| !level.is_known());
    let mut out: [Tri; 4] = table(
        |at| INSIDER.get(at).is_some_and(|name| levels.iter().any(|l| l.as_str() == *name)),
        unknown,
    );
    // No risk at all is never a level of risk.
    out[0] = Tri::No;
    out
}

fn flows(conditions: &Conditions) -> [Tri; 3] {
    let Some(flows) = &conditions.authentication_flows else {
        return [Tri::Yes; 3];
    };
    let methods: Vec<&TransferMethod> =
        flows.transfer_methods.0.iter().filter(|m| **m != TransferMethod::None).collect();
    if methods.is_empty() {
        return [Tri::Yes; 3];
    }
    let unknown = methods.iter().any(|method| !method.is_known());
    let mut out: [Tri; 3] =
        table(|at| FLOWS.get(at).is_some_and(|flow| methods.contains(&flow)), unknown);
    out[0] = Tri::No;
    out
}
