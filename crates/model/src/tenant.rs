//! Tenants as the registry knows them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A tenant's short name on the command line and in the store: lower-case letters, digits, `-`,
/// `_` and `.`, at most 64 characters, beginning with a letter or digit.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct TenantSlug(String);

/// Why a text is not a tenant slug.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a tenant name: use lower-case letters, digits, '-', '_' and '.', \
     beginning with a letter or digit, at most 64 characters"
)]
pub struct InvalidSlug(pub String);

impl TenantSlug {
    /// Checks and wraps a name; upper-case letters are lowered.
    ///
    /// # Errors
    /// [`InvalidSlug`] where the text is empty, too long or has other characters.
    pub fn new(text: &str) -> Result<Self, InvalidSlug> {
        let lowered = text.to_ascii_lowercase();
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
        let starts = lowered.starts_with(|c: char| c.is_ascii_alphanumeric());
        if starts && lowered.len() <= 64 && lowered.chars().all(fits) {
            Ok(Self(lowered))
        } else {
            Err(InvalidSlug(text.to_owned()))
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::borrow::Borrow<str> for TenantSlug {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for TenantSlug {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for TenantSlug {
    type Err = InvalidSlug;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::new(text)
    }
}

impl<'de> Deserialize<'de> for TenantSlug {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// Where a tenant's data comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TenantSource {
    /// Export files.
    Files,
    /// Microsoft Graph.
    Graph,
    /// The built-in demonstration fleet.
    Demonstration,
}

impl TenantSource {
    /// Every source.
    pub const ALL: [Self; 3] = [Self::Files, Self::Graph, Self::Demonstration];

    /// The name in the store and in messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Graph => "graph",
            Self::Demonstration => "demonstration",
        }
    }
}

/// What the tenant may use, as far as Conditional Access is concerned.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Licences {
    /// Whether the tenant's products are known at all; the rest means nothing otherwise.
    pub known: bool,
    /// Entra ID P1: Conditional Access.
    pub entra_p1: bool,
    /// Entra ID P2: risk.
    pub entra_p2: bool,
    /// Workload Identities Premium: policies for service principals.
    pub workload_identities: bool,
    /// Purview Adaptive Protection (E5 Compliance): insider risk.
    pub insider_risk: bool,
    /// Whether only the tier is known, by declaration: nothing follows for products beside it.
    pub tier_only: bool,
}

impl Licences {
    /// Reads the licences from the tenant's products.
    pub fn from_skus(skus: &[crate::tenant_settings::SubscribedSku]) -> Self {
        let has = |plans: &[&str]| {
            skus.iter().any(|sku| sku.is_usable() && plans.iter().any(|plan| sku.has_plan(plan)))
        };
        let entra_p2 = has(&["AAD_PREMIUM_P2"]);
        Self {
            known: !skus.is_empty(),
            entra_p1: entra_p2 || has(&["AAD_PREMIUM"]),
            entra_p2,
            workload_identities: has(&["AAD_WRKLDID_P1", "AAD_WRKLDID_P2"]),
            insider_risk: has(&["INSIDER_RISK_MANAGEMENT", "INSIDER_RISK"]),
            tier_only: false,
        }
    }

    /// The licences that follow from a declared tier, in the words of [`Licences::tier`].
    pub fn from_tier(tier: &str) -> Self {
        let (known, entra_p1, entra_p2) = match tier {
            "P2" => (true, true, true),
            "P1" => (true, true, false),
            "Free" => (true, false, false),
            _ => (false, false, false),
        };
        Self { known, entra_p1, entra_p2, tier_only: known, ..Self::default() }
    }

    /// The tier in a word: `P2`, `P1`, `Free`, or `?` where the products are not known.
    pub fn tier(&self) -> &'static str {
        match (self.known, self.entra_p2, self.entra_p1) {
            (false, ..) => "?",
            (_, true, _) => "P2",
            (_, _, true) => "P1",
            _ => "Free",
        }
    }
}

/// A tenant in the registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tenant {
    /// Short name.
    pub slug: TenantSlug,
    /// Name to show.
    pub display_name: String,
    /// Entra tenant id, where known.
    pub tenant_id: Option<String>,
    /// Fleet groups it belongs to.
    pub groups: Vec<String>,
    /// Licence tier: detected, or declared by the operator.
    pub licence_tier: Option<String>,
    /// Where its data comes from.
    pub source: TenantSource,
    /// When it was registered.
    pub added_at: Timestamp,
    /// Time that audits of this tenant use as now; only the demonstration fleet has one.
    pub as_of: Option<Timestamp>,
}

impl Tenant {
    /// A tenant whose data comes from files and of which nothing more is known.
    pub fn of_files(slug: &TenantSlug, added_at: Timestamp) -> Self {
        Self {
            slug: slug.clone(),
            display_name: slug.to_string(),
            tenant_id: None,
            groups: Vec::new(),
            licence_tier: None,
            source: TenantSource::Files,
            added_at,
            as_of: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::TenantSlug;

    #[test]
    fn a_slug_is_lowered_and_checked() {
        assert_eq!(TenantSlug::new("Contoso-1").unwrap().as_str(), "contoso-1");
        for bad in ["", "-a", "a b", "../x", "a\u{1b}", &"x".repeat(65)] {
            assert!(TenantSlug::new(bad).is_err(), "{bad:?}");
        }
    }
}
