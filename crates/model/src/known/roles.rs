//! Directory roles by template id, and named sets of them.
//!
//! Label and ids: Microsoft's built-in roles page (January 2026) and, for five later ones, a
//! generated list of August 2026. Tier-0 is this product's judgement: the role can reach Global
//! Administrator or switch protection off.

/// A built-in role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownRole {
    /// Template id.
    pub template_id: &'static str,
    /// Name.
    pub name: &'static str,
    /// Whether Microsoft labels it privileged.
    pub privileged: bool,
    /// Whether this product counts it as tier-0.
    pub tier_0: bool,
}

const fn role(
    template_id: &'static str,
    name: &'static str,
    privileged: bool,
    tier_0: bool,
) -> KnownRole {
    KnownRole { template_id, name, privileged, tier_0 }
}

/// Every role this build knows.
pub const ROLES: &[KnownRole] = &[
    role("db506228-d27e-4b7d-95e5-295956d6615f", "Agent ID Administrator", true, false),
    role("d2562ede-74db-457e-a7b6-544e236ebb61", "AI Administrator", true, false),
    role("1fe13547-53f6-408d-ac04-7f8eed167b38", "AI Reader", true, false),
    role("9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3", "Application Administrator", true, true),
    role("cf1c38e5-3621-4004-a7cb-879624dced7c", "Application Developer", true, false),
    role(
        "ecb2c6bf-0ab6-418e-bd87-7986f8d63bbe",
        "Attribute Provisioning Administrator",
        true,
        false,
    ),
    role("422218e4-db15-4ef9-bbe0-8afb41546d79", "Attribute Provisioning Reader", true, false),
    role("c4e39bd9-1100-46d3-8c65-fb160da0071f", "Authentication Administrator", true, false),
    role(
        "25a516ed-2fa0-40ea-a2d0-12923a21473a",
        "Authentication Extensibility Administrator",
        true,
        false,
    ),
    role(
        "0b00bede-4072-4d22-b441-e7df02a1ef63",
        "Authentication Extensibility Password Administrator",
        true,
        false,
    ),
    role("aaf43236-0c0d-4d5f-883a-6955382ac081", "B2C IEF Keyset Administrator", true, false),
    role("158c047a-c907-4556-b7ef-446551a6b5f7", "Cloud Application Administrator", true, true),
    role("7698a772-787b-4ac8-901f-60d6b08affd2", "Cloud Device Administrator", true, false),
    role("b1be1c3e-b65d-4f19-8427-f6fa0d97feb9", "Conditional Access Administrator", true, true),
    role("9360feb5-f418-4baa-8175-e2a00bac4301", "Directory Writers", true, false),
    role("8329153b-31d0-4727-b945-745eb3bc5f31", "Domain Name Administrator", true, true),
    role(
        "be2f45a1-457d-42af-a067-6ec1fa63bc45",
        "External Identity Provider Administrator",
        true,
        true,
    ),
    role("62e90394-69f5-4237-9190-012177145e10", "Global Administrator", true, true),
    role("f2ef992c-3afb-46b9-b7cf-a126ee74c451", "Global Reader", true, false),
    role("729827e3-9c14-49f7-bb1b-9608f156bbb8", "Helpdesk Administrator", true, false),
    role("8ac3fc64-6eca-42ea-9e69-59f4c7b60eb2", "Hybrid Identity Administrator", true, true),
    role("45d8d3c5-c802-45c6-b32a-1d70b5e1e86e", "Identity Governance Administrator", true, false),
    role("3a2c62db-5318-420d-8d74-23affee5d9d5", "Intune Administrator", true, true),
    role("59d46f88-662b-457b-bceb-5c3809e5908f", "Lifecycle Workflows Administrator", true, false),
    role("4ba39ca4-527c-499a-b93d-d9b492c50246", "Partner Tier1 Support", true, false),
    role("e00e864a-17c5-4a4b-9c06-f5b95a8d5bd8", "Partner Tier2 Support", true, true),
    role("966707d0-3269-4727-9be2-8c3a10f19b9d", "Password Administrator", true, false),
    role(
        "7be44c8a-adaf-4e2a-84d6-ab2649e08a13",
        "Privileged Authentication Administrator",
        true,
        true,
    ),
    role("e8611ab8-c189-46e8-94e1-60213ab1f814", "Privileged Role Administrator", true, true),
    role("194ae4cb-b126-40b2-bd5b-6091b380977d", "Security Administrator", true, true),
    role("5f2222b1-57c3-48ba-8ad5-d4759f1fde6f", "Security Operator", true, false),
    role("5d6b6bb7-de71-4623-b4af-96380a352509", "Security Reader", true, false),
    role("1981f584-96e9-4a6f-95b0-f522373f8fae", "Tenant Governance Administrator", true, false),
    role("fe930be7-5e62-47db-91af-98c3a49a38b1", "User Administrator", true, false),
    role("29232cdf-9323-42fd-ade2-1d097af3e4de", "Exchange Administrator", false, false),
    role("f28a1f50-f6e7-4571-818b-6a12f2af6b6c", "SharePoint Administrator", false, false),
    role("b0f54661-2d74-4c50-afa3-1ec803f12efe", "Billing Administrator", false, false),
    role("69091246-20e8-4a56-aa4d-066075b2a7a8", "Teams Administrator", false, false),
    role(
        "0526716b-113d-4c15-b2c8-68e3c22b9f80",
        "Authentication Policy Administrator",
        false,
        false,
    ),
    role("17315797-102d-40b4-93e0-432062caca18", "Compliance Administrator", false, false),
    role(
        "d29b2b05-8046-44ba-8758-1e26182fcf32",
        "Directory Synchronization Accounts",
        false,
        false,
    ),
    role(
        "a92aed5d-d78a-4d16-b381-09adb37eb3b0",
        "On Premises Directory Sync Account",
        false,
        false,
    ),
];

/// Tier-0 as the product's mission names it.
pub const MISSION_TIER_0: &[&str] = &[
    "62e90394-69f5-4237-9190-012177145e10", // Global
    "e8611ab8-c189-46e8-94e1-60213ab1f814", // Privileged Role
    "7be44c8a-adaf-4e2a-84d6-ab2649e08a13", // Privileged Authentication
    "194ae4cb-b126-40b2-bd5b-6091b380977d", // Security
];

/// Administrators as the product's mission names them.
pub const MISSION_ANY_ADMIN: &[&str] = &[
    "62e90394-69f5-4237-9190-012177145e10", // Global
    "e8611ab8-c189-46e8-94e1-60213ab1f814", // Privileged Role
    "7be44c8a-adaf-4e2a-84d6-ab2649e08a13", // Privileged Authentication
    "194ae4cb-b126-40b2-bd5b-6091b380977d", // Security
    "b1be1c3e-b65d-4f19-8427-f6fa0d97feb9", // Conditional Access
    "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3", // Application
    "158c047a-c907-4556-b7ef-446551a6b5f7", // Cloud Application
    "fe930be7-5e62-47db-91af-98c3a49a38b1", // User
    "729827e3-9c14-49f7-bb1b-9608f156bbb8", // Helpdesk
    "8ac3fc64-6eca-42ea-9e69-59f4c7b60eb2", // Hybrid Identity
    "c4e39bd9-1100-46d3-8c65-fb160da0071f", // Authentication
    "29232cdf-9323-42fd-ade2-1d097af3e4de", // Exchange
    "f28a1f50-f6e7-4571-818b-6a12f2af6b6c", // SharePoint
    "17315797-102d-40b4-93e0-432062caca18", // Compliance
];

/// The set in Microsoft's Conditional Access guidance for administrators (15 roles, August 2024).
pub const MICROSOFT_CA_ADMINS: &[&str] = &[
    "62e90394-69f5-4237-9190-012177145e10", // Global
    "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3", // Application
    "c4e39bd9-1100-46d3-8c65-fb160da0071f", // Authentication
    "b0f54661-2d74-4c50-afa3-1ec803f12efe", // Billing
    "158c047a-c907-4556-b7ef-446551a6b5f7", // Cloud Application
    "b1be1c3e-b65d-4f19-8427-f6fa0d97feb9", // Conditional Access
    "29232cdf-9323-42fd-ade2-1d097af3e4de", // Exchange
    "729827e3-9c14-49f7-bb1b-9608f156bbb8", // Helpdesk
    "966707d0-3269-4727-9be2-8c3a10f19b9d", // Password
    "7be44c8a-adaf-4e2a-84d6-ab2649e08a13", // Privileged Authentication
    "e8611ab8-c189-46e8-94e1-60213ab1f814", // Privileged Role
    "194ae4cb-b126-40b2-bd5b-6091b380977d", // Security
    "f28a1f50-f6e7-4571-818b-6a12f2af6b6c", // SharePoint
    "69091246-20e8-4a56-aa4d-066075b2a7a8", // Teams
    "fe930be7-5e62-47db-91af-98c3a49a38b1", // User
];

/// Roles that security defaults ask for MFA at every sign-in.
pub const SECURITY_DEFAULTS_ADMINS: &[&str] = &[
    "62e90394-69f5-4237-9190-012177145e10", // Global
    "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3", // Application
    "c4e39bd9-1100-46d3-8c65-fb160da0071f", // Authentication
    "b0f54661-2d74-4c50-afa3-1ec803f12efe", // Billing
    "158c047a-c907-4556-b7ef-446551a6b5f7", // Cloud Application
    "b1be1c3e-b65d-4f19-8427-f6fa0d97feb9", // Conditional Access
    "29232cdf-9323-42fd-ade2-1d097af3e4de", // Exchange
    "729827e3-9c14-49f7-bb1b-9608f156bbb8", // Helpdesk
    "966707d0-3269-4727-9be2-8c3a10f19b9d", // Password
    "7be44c8a-adaf-4e2a-84d6-ab2649e08a13", // Privileged Authentication
    "e8611ab8-c189-46e8-94e1-60213ab1f814", // Privileged Role
    "194ae4cb-b126-40b2-bd5b-6091b380977d", // Security
    "f28a1f50-f6e7-4571-818b-6a12f2af6b6c", // SharePoint
    "69091246-20e8-4a56-aa4d-066075b2a7a8", // Teams
    "fe930be7-5e62-47db-91af-98c3a49a38b1", // User
    "0526716b-113d-4c15-b2c8-68e3c22b9f80", // Authentication Policy
    "45d8d3c5-c802-45c6-b32a-1d70b5e1e86e", // Identity Governance
];

/// Highly privileged roles of CISA's SCuBA baseline.
pub const SCUBA_HIGHLY_PRIVILEGED: &[&str] = &[
    "62e90394-69f5-4237-9190-012177145e10", // Global
    "e8611ab8-c189-46e8-94e1-60213ab1f814", // Privileged Role
    "fe930be7-5e62-47db-91af-98c3a49a38b1", // User
    "f28a1f50-f6e7-4571-818b-6a12f2af6b6c", // SharePoint
    "29232cdf-9323-42fd-ade2-1d097af3e4de", // Exchange
    "8ac3fc64-6eca-42ea-9e69-59f4c7b60eb2", // Hybrid Identity
    "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3", // Application
    "158c047a-c907-4556-b7ef-446551a6b5f7", // Cloud Application
];

/// Accounts that synchronise an on-premises directory.
pub const DIRECTORY_SYNC: &[&str] = &[
    "d29b2b05-8046-44ba-8758-1e26182fcf32", // Directory Synchronization Accounts
    "a92aed5d-d78a-4d16-b381-09adb37eb3b0", // On Premises Directory Sync Account
];

/// The template ids of a named set: `mission-tier-0`, `mission-any-admin`, `microsoft-ca-admins`,
/// `microsoft-privileged`, `cstack-tier-0`, `security-defaults-admins`, `scuba-highly-privileged`,
/// `directory-sync`.
pub fn role_set(name: &str) -> Option<Vec<&'static str>> {
    let by = |keep: fn(&KnownRole) -> bool| {
        ROLES.iter().filter(|role| keep(role)).map(|role| role.template_id).collect()
    };
    match name {
        "mission-tier-0" => Some(MISSION_TIER_0.to_vec()),
        "mission-any-admin" => Some(MISSION_ANY_ADMIN.to_vec()),
        "microsoft-ca-admins" => Some(MICROSOFT_CA_ADMINS.to_vec()),
        "microsoft-privileged" => Some(by(|role| role.privileged)),
        "cstack-tier-0" => Some(by(|role| role.tier_0)),
        "security-defaults-admins" => Some(SECURITY_DEFAULTS_ADMINS.to_vec()),
        "scuba-highly-privileged" => Some(SCUBA_HIGHLY_PRIVILEGED.to_vec()),
        "directory-sync" => Some(DIRECTORY_SYNC.to_vec()),
        _ => None,
    }
}

/// Names that [`role_set`] knows.
pub const ROLE_SETS: &[&str] = &[
    "mission-tier-0",
    "mission-any-admin",
    "microsoft-ca-admins",
    "microsoft-privileged",
    "cstack-tier-0",
    "security-defaults-admins",
    "scuba-highly-privileged",
    "directory-sync",
];

/// The name of a role, where this build knows it.
pub fn role_name(template_id: &str) -> Option<&'static str> {
    ROLES
        .iter()
        .find(|role| role.template_id.eq_ignore_ascii_case(template_id))
        .map(|role| role.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_named_set_resolves_to_known_roles() {
        for name in ROLE_SETS {
            let ids = role_set(name).unwrap();
            assert!(!ids.is_empty(), "{name}");
            for id in ids {
                assert!(role_name(id).is_some(), "{name} has the unknown id {id}");
            }
        }
    }

    #[test]
    fn microsoft_labels_34_roles_privileged() {
        assert_eq!(role_set("microsoft-privileged").unwrap().len(), 34);
    }
}
