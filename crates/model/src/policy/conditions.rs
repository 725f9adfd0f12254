//! The conditions of a policy: who, reaching what, and in which situation.

use serde::{Deserialize, Serialize};

use crate::open::{Extra, Flags, null_as_default};

crate::open_enum!(
    /// How the client speaks. `easSupported` is deprecated; Graph still lists it.
    ClientAppType {
        /// Every client.
        All = "all",
        /// A web browser.
        Browser = "browser",
        /// Modern authentication from an application.
        MobileAppsAndDesktopClients = "mobileAppsAndDesktopClients",
        /// Exchange ActiveSync.
        ExchangeActiveSync = "exchangeActiveSync",
        /// Exchange ActiveSync, supported platforms (deprecated).
        EasSupported = "easSupported",
        /// Other legacy protocols (IMAP, POP, SMTP AUTH and their like).
        Other = "other",
    }
);

crate::open_enum!(
    /// Device platform, as derived from the user agent.
    Platform {
        /// Every platform, unknown ones included.
        All = "all",
        /// Android.
        Android = "android",
        /// iOS and iPadOS.
        Ios = "iOS",
        /// Windows.
        Windows = "windows",
        /// Windows Phone.
        WindowsPhone = "windowsPhone",
        /// macOS.
        MacOs = "macOS",
        /// Linux.
        Linux = "linux",
    }
);

crate::open_enum!(
    /// Level of sign-in, user, service-principal or agent risk.
    RiskLevel {
        /// No risk seen.
        None = "none",
        /// Low.
        Low = "low",
        /// Medium.
        Medium = "medium",
        /// High.
        High = "high",
        /// Not shown to the caller (no P2 licence).
        Hidden = "hidden",
    }
);

crate::open_enum!(
    /// Level of insider risk, from Purview Adaptive Protection.
    InsiderRisk {
        /// Minor.
        Minor = "minor",
        /// Moderate.
        Moderate = "moderate",
        /// Elevated.
        Elevated = "elevated",
    }
);

crate::open_enum!(
    /// How an authentication was carried between devices.
    TransferMethod {
        /// No transfer.
        None = "none",
        /// The device code flow.
        DeviceCodeFlow = "deviceCodeFlow",
        /// Authentication transfer.
        AuthenticationTransfer = "authenticationTransfer",
    }
);

crate::open_enum!(
    /// Kinds of guest and external user.
    GuestType {
        /// Nobody.
        None = "none",
        /// A guest account whose home is this tenant.
        InternalGuest = "internalGuest",
        /// An invited guest.
        B2bCollaborationGuest = "b2bCollaborationGuest",
        /// An external user with member type.
        B2bCollaborationMember = "b2bCollaborationMember",
        /// A direct-connect user; has no object in the directory.
        B2bDirectConnectUser = "b2bDirectConnectUser",
        /// Any other external user.
        OtherExternalUser = "otherExternalUser",
        /// A partner's technician (CSP, GDAP); has no object in the directory.
        ServiceProvider = "serviceProvider",
    }
);

crate::open_enum!(
    /// Whether a filter limits a policy to what matches, or frees what matches.
    FilterMode {
        /// The policy applies to what matches.
        Include = "include",
        /// The policy does not apply to what matches.
        Exclude = "exclude",
    }
);

crate::open_enum!(
    /// Something a user does that is not the use of an application.
    UserAction {
        /// Registering security information.
        RegisterSecurityInfo = "urn:user:registersecurityinfo",
        /// Registering or joining a device.
        RegisterDevice = "urn:user:registerdevice",
    }
);

/// A policy's conditions; all that are present must match.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Conditions {
    /// Users, groups, roles and guests.
    #[serde(deserialize_with = "null_as_default")]
    pub users: Users,
    /// Applications, user actions and authentication contexts.
    #[serde(deserialize_with = "null_as_default")]
    pub applications: Applications,
    /// Workload identities; present only in policies for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_applications: Option<ClientApplications>,
    /// Client kinds; empty counts as all.
    #[serde(deserialize_with = "null_as_default")]
    pub client_app_types: Vec<ClientAppType>,
    /// Device platforms.
    pub platforms: Option<Platforms>,
    /// Network locations.
    pub locations: Option<Locations>,
    /// Device filter and (deprecated) device lists.
    pub devices: Option<Devices>,
    /// Device states, the deprecated preview of device filters.
    pub device_states: Option<DeviceStates>,
    /// Sign-in risk levels; empty counts as any.
    #[serde(deserialize_with = "null_as_default")]
    pub sign_in_risk_levels: Vec<RiskLevel>,
    /// User risk levels; empty counts as any.
    #[serde(deserialize_with = "null_as_default")]
    pub user_risk_levels: Vec<RiskLevel>,
    /// Service-principal risk levels; empty counts as any.
    #[serde(deserialize_with = "null_as_default")]
    pub service_principal_risk_levels: Vec<RiskLevel>,
    /// Insider risk levels; empty counts as any.
    #[serde(deserialize_with = "null_as_default")]
    pub insider_risk_levels: Flags<InsiderRisk>,
    /// Device code flow and authentication transfer.
    pub authentication_flows: Option<AuthenticationFlows>,
    /// Conditions this build does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Who a policy is for. Exclusion always wins.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Users {
    /// User ids, or `All`, `None`, `GuestsOrExternalUsers`.
    #[serde(deserialize_with = "null_as_default")]
    pub include_users: Vec<String>,
    /// User ids, or `GuestsOrExternalUsers`.
    #[serde(deserialize_with = "null_as_default")]
    pub exclude_users: Vec<String>,
    /// Group ids; nested members count.
    #[serde(deserialize_with = "null_as_default")]
    pub include_groups: Vec<String>,
    /// Group ids; nested members count.
    #[serde(deserialize_with = "null_as_default")]
    pub exclude_groups: Vec<String>,
    /// Role template ids.
    #[serde(deserialize_with = "null_as_default")]
    pub include_roles: Vec<String>,
    /// Role template ids.
    #[serde(deserialize_with = "null_as_default")]
    pub exclude_roles: Vec<String>,
    /// Guests by type and home tenant.
    pub include_guests_or_external_users: Option<GuestsOrExternalUsers>,
    /// Guests by type and home tenant.
    pub exclude_guests_or_external_users: Option<GuestsOrExternalUsers>,
    /// Properties this build does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Guests by type and home tenant; both must match.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GuestsOrExternalUsers {
    /// The kinds meant.
    #[serde(deserialize_with = "null_as_default")]
    pub guest_or_external_user_types: Flags<GuestType>,
    /// The home tenants meant; absent counts as all.
    pub external_tenants: Option<ExternalTenants>,
}

/// Home tenants of guests.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ExternalTenants {
    /// `all` or `enumerated`.
    #[serde(deserialize_with = "null_as_default")]
    pub membership_kind: String,
    /// Tenant ids where enumerated.
    #[serde(deserialize_with = "null_as_default")]
    pub members: Vec<String>,
}

/// What is reached. Exclusion always wins.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Applications {
    /// Application ids, or `All`, `None`, `Office365`, `MicrosoftAdminPortals`.
    #[serde(deserialize_with = "null_as_default")]
    pub include_applications: Vec<String>,
    /// Application ids, or `Office365`, `MicrosoftAdminPortals`.
    #[serde(deserialize_with = "null_as_default")]
    pub exclude_applications: Vec<String>,
    /// User actions.
    #[serde(deserialize_with = "null_as_default")]
    pub include_user_actions: Vec<UserAction>,
    /// Authentication contexts (`c1` to `c99`).
    #[serde(deserialize_with = "null_as_default")]
    pub include_authentication_context_class_references: Vec<String>,
    /// Filter on custom security attributes of the application.
    pub application_filter: Option<ApplicationFilter>,
    /// Properties this build does not know (traffic profiles among them).
    #[serde(flatten)]
    pub extra: Extra,
}

/// A filter on custom security attributes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApplicationFilter {
    /// Include or exclude.
    pub mode: FilterMode,
    /// The rule in Microsoft's language.
    pub rule: String,
}

/// Workload identities.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ClientApplications {
    /// Service principal object ids, or `ServicePrincipalsInMyTenant`.
    #[serde(deserialize_with = "null_as_default")]
    pub include_service_principals: Vec<String>,
    /// Service principal object ids.
    #[serde(deserialize_with = "null_as_default")]
    pub exclude_service_principals: Vec<String>,
    /// Filter on custom security attributes.
    pub service_principal_filter: Option<ApplicationFilter>,
    /// Agent identities, or `All` (beta).
    #[serde(deserialize_with = "null_as_default")]
    pub include_agent_id_service_principals: Vec<String>,
    /// Agent identities (beta).
    #[serde(deserialize_with = "null_as_default")]
    pub exclude_agent_id_service_principals: Vec<String>,
    /// Properties this build does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Device platforms. Exclusion wins.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Platforms {
    /// Platforms meant.
    #[serde(deserialize_with = "null_as_default")]
    pub include_platforms: Vec<Platform>,
    /// Platforms left out.
    #[serde(deserialize_with = "null_as_default")]
    pub exclude_platforms: Vec<Platform>,
}

/// Network locations. Exclusion wins.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Locations {
    /// Named location ids, or `All`, `AllTrusted`.
    #[serde(deserialize_with = "null_as_default")]
    pub include_locations: Vec<String>,
    /// Named location ids, or `AllTrusted`.
    #[serde(deserialize_with = "null_as_default")]
    pub exclude_locations: Vec<String>,
}

/// Devices: the filter, and deprecated lists kept for reporting.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Devices {
    /// The filter for devices.
    pub device_filter: Option<DeviceFilter>,
    /// Deprecated: `All`, `Compliant`, `DomainJoined`.
    #[serde(deserialize_with = "null_as_default")]
    pub include_device_states: Vec<String>,
    /// Deprecated: `All`, `Compliant`, `DomainJoined`.
    #[serde(deserialize_with = "null_as_default")]
    pub exclude_device_states: Vec<String>,
    /// Properties this build does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A filter for devices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeviceFilter {
    /// Include or exclude.
    pub mode: FilterMode,
    /// The rule in Microsoft's language.
    pub rule: String,
}

/// Device states, the deprecated preview of device filters.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeviceStates {
    /// `All`, `Compliant`, `DomainJoined`.
    #[serde(deserialize_with = "null_as_default")]
    pub include_states: Vec<String>,
    /// `All`, `Compliant`, `DomainJoined`.
    #[serde(deserialize_with = "null_as_default")]
    pub exclude_states: Vec<String>,
}

/// Authentication flows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AuthenticationFlows {
    /// The flows meant.
    #[serde(deserialize_with = "null_as_default")]
    pub transfer_methods: Flags<TransferMethod>,
}
