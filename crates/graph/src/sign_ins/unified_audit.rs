//! The Office 365 Unified Audit Log: the one source of sign-ins without Entra ID P1.

use model::sign_in::{Account, Device, Named, Outcome, RecordShape, SignIn, SignInKind};
use serde::Deserialize;

use super::Told;
use super::address::address;
use super::lenient::{Nested, Text, Whole};
use super::moment::moment;
use super::wire::Lacking;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Record {
    id: Text,
    creation_time: Text,
    operation: Text,
    user_id: Text,
    user_key: Text,
    #[serde(alias = "ClientIPAddress")]
    #[serde(rename = "ClientIP")]
    client_ip: Text,
    actor_ip_address: Text,
    application_id: Text,
    object_id: Text,
    error_number: Whole,
    logon_error: Text,
    result_status: Text,
    inter_systems_id: Text,
    extended_properties: Nested<Vec<Property>>,
    device_properties: Nested<Vec<Property>>,
    target: Nested<Vec<Target>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Property {
    name: Text,
    value: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Target {
    #[serde(rename = "ID")]
    id: Text,
    #[serde(rename = "Type")]
    kind: Whole,
}

/// Whether an operation of the audit log is a sign-in.
pub(super) fn is_sign_in(operation: &str) -> bool {
    ["UserLoggedIn", "UserLoginFailed"].iter().any(|known| known.eq_ignore_ascii_case(operation))
}

fn property<'p>(properties: &'p [Property], name: &str) -> Option<&'p str> {
    let found = properties
        .iter()
        .find(|property| property.name.0.as_deref().is_some_and(|n| n.eq_ignore_ascii_case(name)));
    found?.value.0.as_deref()
}

/// Codes of the errors that old records name in words (`LogonError`).
fn code_of(words: &str) -> Option<i64> {
    [
        ("InvalidUserNameOrPassword", 50_126),
        ("IdsLocked", 50_053),
        ("UserAccountNotFound", 50_034),
        ("UserDisabled", 50_057),
        ("UserStrongAuthClientAuthNRequiredInterrupt", 50_074),
        ("UserStrongAuthClientAuthNRequired", 50_076),
        ("BlockedByConditionalAccess", 53_003),
        ("InvalidPasswordExpiredPassword", 50_055),
        ("UserStrongAuthEnrollmentRequired", 50_079),
        ("AuthenticationFailedSasError", 500_121),
    ]
    .into_iter()
    .find(|(known, _)| known.eq_ignore_ascii_case(words))
    .map(|(_, code)| code)
}

/// Reads a record.
pub(super) fn read(text: &str) -> Result<Told, serde_path_to_error::Error<serde_json::Error>> {
    let mut input = serde_json::Deserializer::from_str(text);
    let record: Record = serde_path_to_error::deserialize(&mut input)?;
    let operation = record.operation.0.unwrap_or_default();
    if !is_sign_in(&operation) {
        return Ok(Told::Other(operation));
    }
    let Some(at) = record.creation_time.0.as_deref().and_then(moment) else {
        return Ok(Told::Lacking(Lacking {
            path: ".CreationTime",
            reason: "it does not say when it happened".to_owned(),
        }));
    };
    let extended = record.extended_properties.0;
    let device = record.device_properties.0;
    let request = property(&extended, "RequestType").unwrap_or_default();
    // The log tells people at a prompt and their clients apart by the kind of request alone.
    let background = ["OAuth2:Token", "OrgIdWsTrust2:process", "SAS:ProcessAuth"]
        .iter()
        .any(|word| request.eq_ignore_ascii_case(word) && !request.contains("SAS"));
    let kind =
        if background { SignInKind::NonInteractiveUser } else { SignInKind::InteractiveUser };
    let mut out =
        SignIn::blank(record.id.0.unwrap_or_default(), at, kind, RecordShape::UnifiedAudit);
    let is_guid = |text: &String| text.len() == 36 && text.matches('-').count() == 4;
    out.account = Account {
        id: record.user_key.0.filter(is_guid),
        name: record.user_id.0.filter(|name| name != "Not Available"),
        ..Account::default()
    };
    out.app.id = record.application_id.0;
    // The resource is the target of type 0, where there is one.
    let target = record.target.0.into_iter().find(|target| target.kind.0 == Some(0));
    let resource = target.and_then(|target| target.id.0).or(record.object_id.0);
    out.resource = Named { id: resource.filter(|id| id != "Unknown"), name: None };
    out.ip = record.client_ip.0.or(record.actor_ip_address.0).as_deref().and_then(address);
    out.user_agent = property(&extended, "UserAgent").map(str::to_owned);
    let of_device = |name: &str| property(&device, name).map(str::to_owned);
    let flag = |name: &str| property(&device, name).map(|text| text.eq_ignore_ascii_case("true"));
    out.device = Device {
        id: of_device("Id"),
        name: of_device("DisplayName"),
        operating_system: of_device("OS"),
        browser: of_device("BrowserType"),
        is_compliant: flag("IsCompliant"),
        is_managed: flag("IsCompliantAndManaged"),
        trust_type: of_device("TrustType"),
    };
    out.session_id = of_device("SessionId");
    out.correlation_id = record.inter_systems_id.0;
    let failed = operation.eq_ignore_ascii_case("UserLoginFailed");
    let words = record.logon_error.0;
    let code = record.error_number.0.or_else(|| words.as_deref().and_then(code_of));
    out.outcome = Outcome {
        // A failure without a code is still none of the successes.
        code: match (failed, code) {
            (true, None | Some(0)) => -1,
            (_, code) => code.unwrap_or(0),
        },
        reason: words,
        detail: property(&extended, "ResultStatusDetail")
            .map(str::to_owned)
            .or(record.result_status.0),
    };
    Ok(Told::SignIn(Box::new(out)))
}
