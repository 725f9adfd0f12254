//! Graph's shape of a sign-in, v1.0 and beta: what the other shapes are brought to as well.

use model::sign_in::{
    Account, AppliedPolicy, AuthenticationStep, Coordinates, Device, Named, Network, Outcome,
    Place, RecordShape, Requirement, Risk, SignIn, SignInKind,
};
use serde::Deserialize;

use super::address::address;
use super::lenient::{Flag, Nested, Real, Text, Texts, Whole};
use super::moment::moment;

/// A sign-in record. Properties that are not named are passed over; the original is kept.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Wire {
    pub(super) id: Text,
    pub(super) created_date_time: Text,
    user_id: Text,
    user_principal_name: Text,
    user_display_name: Text,
    user_type: Text,
    home_tenant_id: Text,
    cross_tenant_access_type: Text,
    service_principal_id: Text,
    service_principal_name: Text,
    app_id: Text,
    app_display_name: Text,
    resource_id: Text,
    resource_display_name: Text,
    pub(super) ip_address: Text,
    #[serde(alias = "ipAddressFromResourceProvider")]
    provider_address: Text,
    autonomous_system_number: Whole,
    location: Nested<WirePlace>,
    client_app_used: Text,
    user_agent: Text,
    authentication_protocol: Text,
    original_transfer_method: Text,
    incoming_token_type: Text,
    device_detail: Nested<WireDevice>,
    session_id: Text,
    unique_token_identifier: Text,
    correlation_id: Text,
    authentication_requirement: Text,
    authentication_details: Nested<Vec<WireStep>>,
    pub(super) status: Nested<WireStatus>,
    conditional_access_status: Text,
    #[serde(alias = "conditionalAccessPolicies")]
    applied_conditional_access_policies: Nested<Vec<WirePolicy>>,
    is_interactive: Flag,
    sign_in_event_types: Texts,
    risk_level_during_sign_in: Text,
    risk_level_aggregated: Text,
    risk_state: Text,
    risk_detail: Text,
    #[serde(alias = "riskEventTypes")]
    risk_event_types_v2: Texts,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WirePlace {
    city: Text,
    state: Text,
    country_or_region: Text,
    geo_coordinates: Nested<WirePoint>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WirePoint {
    latitude: Real,
    longitude: Real,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WireDevice {
    device_id: Text,
    display_name: Text,
    operating_system: Text,
    browser: Text,
    is_compliant: Flag,
    is_managed: Flag,
    trust_type: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WireStep {
    authentication_step_date_time: Text,
    authentication_method: Text,
    authentication_method_detail: Text,
    /// The misspelt name is what one connector writes.
    #[serde(alias = "sucess")]
    succeeded: Flag,
    authentication_step_result_detail: Text,
    authentication_step_requirement: Text,
}

/// How a record says that it ended.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct WireStatus {
    pub(super) error_code: Whole,
    pub(super) failure_reason: Text,
    additional_details: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WirePolicy {
    id: Text,
    display_name: Text,
    result: Text,
    enforced_grant_controls: Texts,
    enforced_session_controls: Texts,
}

/// What a record lacks that a sign-in must have: the property and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lacking {
    pub(super) path: &'static str,
    pub(super) reason: String,
}

/// An object id; the zeros that stand for an unknown user are none.
fn object_id(Text(id): Text) -> Option<String> {
    id.filter(|id| id != "00000000-0000-0000-0000-000000000000")
}

/// Microsoft's opinion where it has one: without P2 the fields are there and say nothing.
fn opinion(Text(text): Text) -> Option<String> {
    const NOTHING: [&str; 4] = ["none", "hidden", "unknownFutureValue", "unknown"];
    text.filter(|text| !NOTHING.iter().any(|nothing| text.eq_ignore_ascii_case(nothing)))
}

impl Wire {
    /// The kind of the log: told by the record's own words, else by what it has.
    fn kind(&self) -> SignInKind {
        let told = self.sign_in_event_types.0.iter().find_map(|word| SignInKind::from_name(word));
        told.unwrap_or({
            if self.service_principal_id.0.is_some() && object_id(self.user_id.clone()).is_none() {
                SignInKind::ServicePrincipal
            } else if self.is_interactive.0 == Some(false) {
                SignInKind::NonInteractiveUser
            } else {
                SignInKind::InteractiveUser
            }
        })
    }

    /// The sign-in. `kind` is what a diagnostic category or a table says; it is surer.
    pub(super) fn sign_in(
        self,
        shape: RecordShape,
        kind: Option<SignInKind>,
    ) -> Result<SignIn, Lacking> {
        let kind = kind.unwrap_or_else(|| self.kind());
        // Some exports leave the time out and keep that of the first factor.
        let step = self.authentication_details.0.first();
        let step = step.and_then(|step| step.authentication_step_date_time.0.as_deref());
        let time = self.created_date_time.0.as_deref().or(step);
        let at = time.and_then(moment).ok_or_else(|| Lacking {
            path: ".createdDateTime",
            reason: time.map_or_else(
                || "it does not say when it happened".to_owned(),
                |time| format!("{time:?} is no time"),
            ),
        })?;
        let mut out = SignIn::blank(self.id.0.unwrap_or_default(), at, kind, shape);
        out.account = if kind.is_user() {
            Account {
                id: object_id(self.user_id),
                name: self.user_principal_name.0,
                display_name: self.user_display_name.0,
                user_type: self.user_type.0,
                home_tenant_id: self.home_tenant_id.0,
                cross_tenant_access: self.cross_tenant_access_type.0.filter(|text| text != "none"),
            }
        } else {
            Account {
                id: object_id(self.service_principal_id),
                display_name: self.service_principal_name.0.clone(),
                name: self.service_principal_name.0,
                ..Account::default()
            }
        };
        out.app = Named { id: self.app_id.0, name: self.app_display_name.0 };
        out.resource = Named { id: self.resource_id.0, name: self.resource_display_name.0 };
        let ip = self.ip_address.0.or(self.provider_address.0);
        out.ip = ip.as_deref().and_then(address);
        let asn = self.autonomous_system_number.0.and_then(|asn| u32::try_from(asn).ok());
        out.network = Network { asn: asn.filter(|asn| *asn != 0), organisation: None };
        out.place = self.location.0.place();
        out.client = self.client_app_used.0;
        out.user_agent = self.user_agent.0;
        out.protocol = self.authentication_protocol.0;
        out.transfer_method = self.original_transfer_method.0;
        out.incoming_token = self.incoming_token_type.0;
        out.device = self.device_detail.0.device();
        out.session_id = self.session_id.0;
        out.token_id = self.unique_token_identifier.0;
        out.correlation_id = self.correlation_id.0;
        out.requirement =
            self.authentication_requirement.0.as_deref().and_then(Requirement::from_name);
        out.steps = self.authentication_details.0.into_iter().map(WireStep::step).collect();
        let status = self.status.0;
        out.outcome = Outcome {
            code: status.error_code.0.unwrap_or(0),
            reason: status.failure_reason.0.filter(|reason| reason != "Other."),
            detail: status.additional_details.0,
        };
        out.conditional_access = self.conditional_access_status.0;
        let policies = self.applied_conditional_access_policies.0.into_iter();
        out.policies = policies.map(WirePolicy::policy).collect();
        out.risk = Risk {
            during_sign_in: opinion(self.risk_level_during_sign_in),
            aggregated: opinion(self.risk_level_aggregated),
            state: opinion(self.risk_state),
            detail: opinion(self.risk_detail),
            event_types: self.risk_event_types_v2.0,
        };
        Ok(out)
    }
}

impl WirePlace {
    fn place(self) -> Place {
        let point = self.geo_coordinates.0;
        let coordinates = point.latitude.0.zip(point.longitude.0);
        Place {
            country: self.country_or_region.0.map(|country| country.to_uppercase()),
            region: self.state.0,
            city: self.city.0,
            coordinates: coordinates
                .and_then(|(latitude, longitude)| Coordinates::new(latitude, longitude)),
        }
    }
}

impl WireDevice {
    fn device(self) -> Device {
        Device {
            id: object_id(self.device_id),
            name: self.display_name.0,
            operating_system: self.operating_system.0,
            browser: self.browser.0,
            is_compliant: self.is_compliant.0,
            is_managed: self.is_managed.0,
            trust_type: self.trust_type.0,
        }
    }
}

impl WireStep {
    fn step(self) -> AuthenticationStep {
        AuthenticationStep {
            at: self.authentication_step_date_time.0.as_deref().and_then(moment),
            method: self.authentication_method.0,
            method_detail: self.authentication_method_detail.0,
            succeeded: self.succeeded.0,
            result: self.authentication_step_result_detail.0,
            requirement: self.authentication_step_requirement.0,
        }
    }
}

impl WirePolicy {
    fn policy(self) -> AppliedPolicy {
        AppliedPolicy {
            id: self.id.0.unwrap_or_default(),
            name: self.display_name.0.unwrap_or_default(),
            result: self.result.0,
            grant_controls: self.enforced_grant_controls.0,
            session_controls: self.enforced_session_controls.0,
        }
    }
}
