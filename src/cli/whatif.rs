//! `cstack whatif`

use std::collections::BTreeMap;
use std::net::IpAddr;

use clap::ValueEnum;
use model::decision::{
    DeviceValue, ScenarioDevice, ScenarioPrincipal, ScenarioTarget, SignInScenario,
};
use model::policy::{
    ClientAppType, GuestType, InsiderRisk, Platform, RiskLevel, TransferMethod, UserAction,
};
use model::tenant::TenantSlug;
use ops::whatif::Subject;
use report::WhatIf;

use super::rendering::{envelope, format, style};
use super::{CliError, Context, Outcome};

/// Ask what the policies say to one sign-in, policy by policy
///
/// What is not told is not known, and a condition on it is undecided; but a browser, no risk and
/// the ordinary flow are taken for granted.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("who").required(true))]
#[command(group = clap::ArgGroup::new("what").required(true))]
pub(super) struct Args {
    /// The tenant
    #[arg(short, long, value_name = "NAME")]
    tenant: TenantSlug,

    /// A user, by sign-in name, name or object id
    #[arg(short, long, group = "who", value_name = "USER")]
    user: Option<String>,

    /// A service principal, by name or id
    #[arg(long, group = "who", value_name = "NAME")]
    service_principal: Option<String>,

    /// An external user without an account here: serviceProvider, b2bDirectConnectUser, ...
    #[arg(long, group = "who", value_name = "KIND")]
    external: Option<String>,

    /// With --external: the home tenant
    #[arg(long, value_name = "ID", requires = "external")]
    home_tenant: Option<String>,

    /// An application, by id, by its name in the tenant or by its well-known name
    #[arg(short, long, group = "what", value_name = "APP")]
    app: Option<String>,

    /// A user action
    #[arg(long, group = "what", value_name = "ACTION")]
    user_action: Option<ActionFlag>,

    /// An authentication context (c1 to c99)
    #[arg(long, group = "what", value_name = "ID", value_parser = context_id)]
    auth_context: Option<String>,

    /// Client kind
    #[arg(long, value_name = "KIND", default_value = "browser")]
    client: ClientFlag,

    /// Platform: android, iOS, windows, windowsPhone, macOS, linux, or another for unknown
    #[arg(long, value_name = "NAME")]
    platform: Option<String>,

    /// Address, IPv4 or IPv6
    #[arg(long, value_name = "ADDRESS")]
    ip: Option<IpAddr>,

    /// Country, two letters; `unknown` for an address that maps to none
    #[arg(long, value_name = "CODE", value_parser = country)]
    country: Option<String>,

    /// Through the tenant's compliant network
    #[arg(long, value_name = "YES|NO", value_parser = yes_or_no)]
    compliant_network: Option<bool>,

    /// The device
    #[arg(long, value_name = "STATE")]
    device: Option<DeviceFlag>,

    /// A property of the registered device, as in filters: `model=Surface`
    #[arg(long, value_name = "NAME=VALUE", value_parser = property)]
    device_property: Vec<(String, String)>,

    /// Sign-in risk: none, low, medium, high
    #[arg(long, value_name = "LEVEL", default_value = "none", value_parser = risk)]
    signin_risk: RiskLevel,

    /// User risk: none, low, medium, high
    #[arg(long, value_name = "LEVEL", default_value = "none", value_parser = risk)]
    user_risk: RiskLevel,

    /// Service-principal risk: none, low, medium, high
    #[arg(long, value_name = "LEVEL", default_value = "none", value_parser = risk)]
    service_principal_risk: RiskLevel,

    /// Insider risk: none, minor, moderate, elevated
    #[arg(long, value_name = "LEVEL", default_value = "none")]
    insider_risk: InsiderFlag,

    /// Authentication flow
    #[arg(long, value_name = "FLOW", default_value = "none")]
    flow: FlowFlag,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ActionFlag {
    /// Registering security information
    RegisterSecurityInfo,
    /// Registering or joining a device
    RegisterDevice,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ClientFlag {
    /// A browser
    Browser,
    /// A modern client
    ModernClient,
    /// Exchange ActiveSync
    ExchangeActivesync,
    /// Another legacy protocol
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DeviceFlag {
    /// Not registered
    Unregistered,
    /// Registered, neither compliant nor joined
    Registered,
    /// Compliant
    Compliant,
    /// Hybrid-joined, not compliant
    Hybrid,
    /// Hybrid-joined and compliant
    CompliantHybrid,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum InsiderFlag {
    /// No risk
    None,
    /// Minor
    Minor,
    /// Moderate
    Moderate,
    /// Elevated
    Elevated,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FlowFlag {
    /// The ordinary flow
    None,
    /// The device code flow
    DeviceCode,
    /// Authentication transfer
    AuthenticationTransfer,
}

fn yes_or_no(text: &str) -> Result<bool, String> {
    match text {
        "yes" | "true" => Ok(true),
        "no" | "false" => Ok(false),
        _ => Err("say yes or no".into()),
    }
}

fn risk(text: &str) -> Result<RiskLevel, String> {
    match RiskLevel::from(text) {
        RiskLevel::Unknown(_) | RiskLevel::Hidden => Err("use none, low, medium or high".into()),
        level => Ok(level),
    }
}

/// An address that maps to no country is written as an empty one.
fn country(text: &str) -> Result<String, String> {
    if text.eq_ignore_ascii_case("unknown") {
        return Ok(String::new());
    }
    if text.len() == 2 && text.chars().all(|c| c.is_ascii_alphabetic()) {
        return Ok(text.to_ascii_uppercase());
    }
    Err("use two letters, such as GB, or unknown".into())
}

fn context_id(text: &str) -> Result<String, String> {
    let id = text.to_ascii_lowercase();
    if (1..=99).any(|number| id == format!("c{number}")) {
        Ok(id)
    } else {
        Err("use c1 to c99".into())
    }
}

fn property(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned()))
        .ok_or_else(|| "write NAME=VALUE".into())
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Outcome, CliError> {
    let store = ops::database::open(context.config(), context.paths());
    let subject = Subject::load(&store, &args.tenant, &context.config().audit, context.now())?;
    let (principal, who) = principal(args, &subject)?;
    let (target, what) = target(args, &subject)?;
    let scenario = SignInScenario {
        principal,
        target,
        client: Some(match args.client {
            ClientFlag::Browser => ClientAppType::Browser,
            ClientFlag::ModernClient => ClientAppType::MobileAppsAndDesktopClients,
            ClientFlag::ExchangeActivesync => ClientAppType::ExchangeActiveSync,
            ClientFlag::Other => ClientAppType::Other,
        }),
        platform: args.platform.as_deref().map(Platform::from),
        ip: args.ip,
        country: args.country.clone(),
        compliant_network: args.compliant_network,
        device: device(args),
        sign_in_risk: Some(args.signin_risk.clone()),
        user_risk: Some(args.user_risk.clone()),
        service_principal_risk: Some(args.service_principal_risk.clone()),
        insider_risk: Some(match args.insider_risk {
            InsiderFlag::None => None,
            InsiderFlag::Minor => Some(InsiderRisk::Minor),
            InsiderFlag::Moderate => Some(InsiderRisk::Moderate),
            InsiderFlag::Elevated => Some(InsiderRisk::Elevated),
        }),
        flow: Some(match args.flow {
            FlowFlag::None => TransferMethod::None,
            FlowFlag::DeviceCode => TransferMethod::DeviceCodeFlow,
            FlowFlag::AuthenticationTransfer => TransferMethod::AuthenticationTransfer,
        }),
    };
    let decision = subject.judge(&scenario)?;
    let asked = WhatIf {
        tenant: &args.tenant,
        principal: &who,
        target: &what,
        scenario: &scenario,
        decision: &decision,
    };
    let text = report::decision(&asked, &envelope(context), format(context), &style(context))?;
    context.output().write(&text)?;
    Ok(Outcome::Done)
}

fn principal(args: &Args, subject: &Subject) -> Result<(ScenarioPrincipal, String), CliError> {
    if let Some(name) = &args.user {
        let (id, label) = subject.user(name)?;
        return Ok((ScenarioPrincipal::User { id }, label));
    }
    if let Some(name) = &args.service_principal {
        let (id, label) = subject.workload(name)?;
        return Ok((ScenarioPrincipal::ServicePrincipal { id }, label));
    }
    let kind = args.external.as_deref().unwrap_or_default();
    let guest_type = GuestType::from(kind);
    if !guest_type.is_known() {
        let known: Vec<&str> = GuestType::KNOWN.iter().map(GuestType::as_str).collect();
        return Err(CliError::usage(format!("{kind:?} is no kind of external user"))
            .remedy(format!("use one of {}", known.join(", "))));
    }
    let label = format!("any {guest_type}");
    Ok((ScenarioPrincipal::External { guest_type, tenant_id: args.home_tenant.clone() }, label))
}

fn target(args: &Args, subject: &Subject) -> Result<(ScenarioTarget, String), CliError> {
    if let Some(name) = &args.app {
        let (id, label) = subject.application(name)?;
        return Ok((ScenarioTarget::Application(id), label));
    }
    if let Some(id) = &args.auth_context {
        let label = format!("authentication context {id}");
        return Ok((ScenarioTarget::AuthenticationContext(id.clone()), label));
    }
    Ok(match args.user_action {
        Some(ActionFlag::RegisterDevice) => (
            ScenarioTarget::UserAction(UserAction::RegisterDevice),
            "registering a device".to_owned(),
        ),
        _ => (
            ScenarioTarget::UserAction(UserAction::RegisterSecurityInfo),
            "registering security information".to_owned(),
        ),
    })
}

fn device(args: &Args) -> ScenarioDevice {
    if args.device == Some(DeviceFlag::Unregistered) {
        return ScenarioDevice::Unregistered;
    }
    let mut properties: BTreeMap<String, DeviceValue> = BTreeMap::new();
    let mut state = |compliant: bool, trust: Option<&str>| {
        properties.insert("iscompliant".into(), DeviceValue::Flag(compliant));
        if let Some(trust) = trust {
            properties.insert("trusttype".into(), DeviceValue::Text(trust.into()));
        }
    };
    match args.device {
        Some(DeviceFlag::Registered) => state(false, Some("Workplace")),
        Some(DeviceFlag::Compliant) => state(true, Some("AzureAD")),
        Some(DeviceFlag::Hybrid) => state(false, Some("ServerAD")),
        Some(DeviceFlag::CompliantHybrid) => state(true, Some("ServerAD")),
        _ => {}
    }
    for (name, value) in &args.device_property {
        let value = match value.as_str() {
            "true" | "True" => DeviceValue::Flag(true),
            "false" | "False" => DeviceValue::Flag(false),
            text => DeviceValue::Text(text.to_owned()),
        };
        properties.insert(name.clone(), value);
    }
    if properties.is_empty() {
        ScenarioDevice::Unspecified
    } else {
        ScenarioDevice::Registered { properties }
    }
}
