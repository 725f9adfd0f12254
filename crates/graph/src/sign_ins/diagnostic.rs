//! The Event Hub and storage record: Graph's shape inside an envelope.

use model::sign_in::{RecordShape, SignIn, SignInKind};
use serde::Deserialize;

use super::Told;
use super::lenient::{Nested, Text};
use super::wire::Wire;

/// The envelope.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Envelope {
    time: Text,
    category: Text,
    result_type: Text,
    result_description: Text,
    caller_ip_address: Text,
    properties: Nested<Wire>,
}

/// The kind of log that a diagnostic category or a table of Log Analytics is.
pub(super) fn kind_of(name: &str) -> Option<SignInKind> {
    let name = name.strip_prefix("AAD").unwrap_or(name);
    [
        ("SignInLogs", SignInKind::InteractiveUser),
        ("NonInteractiveUserSignInLogs", SignInKind::NonInteractiveUser),
        ("ServicePrincipalSignInLogs", SignInKind::ServicePrincipal),
        ("ManagedIdentitySignInLogs", SignInKind::ManagedIdentity),
    ]
    .into_iter()
    .find(|(known, _)| known.eq_ignore_ascii_case(name))
    .map(|(_, kind)| kind)
}

/// The code of a result that may be a number or a word.
pub(super) fn code(result: &str) -> Option<i64> {
    let result = result.trim();
    if result.eq_ignore_ascii_case("success") {
        return Some(0);
    }
    result.parse().ok()
}

/// Reads a record.
pub(super) fn read(text: &str) -> Result<Told, serde_path_to_error::Error<serde_json::Error>> {
    let mut input = serde_json::Deserializer::from_str(text);
    let envelope: Envelope = serde_path_to_error::deserialize(&mut input)?;
    let category = envelope.category.0.unwrap_or_default();
    let Some(kind) = kind_of(&category) else {
        return Ok(Told::Other(category));
    };
    let mut wire = envelope.properties.0;
    if wire.created_date_time.0.is_none() {
        wire.created_date_time = envelope.time;
    }
    if wire.ip_address.0.is_none() {
        wire.ip_address = envelope.caller_ip_address;
    }
    let told = envelope.result_type.0.as_deref().and_then(code);
    if wire.status.0.error_code.0.is_none() {
        wire.status.0.error_code.0 = told;
    }
    if wire.status.0.failure_reason.0.is_none() {
        wire.status.0.failure_reason = envelope.result_description;
    }
    Ok(match wire.sign_in(RecordShape::Diagnostic, Some(kind)) {
        Ok(sign_in) => Told::SignIn(Box::new(no_user_in_workloads(sign_in))),
        Err(lacking) => Told::Lacking(lacking),
    })
}

/// A workload without a service principal's id is known by its application.
pub(super) fn no_user_in_workloads(mut sign_in: SignIn) -> SignIn {
    if !sign_in.kind.is_user() && sign_in.account.id.is_none() {
        sign_in.account.id.clone_from(&sign_in.app.id);
    }
    sign_in
}
