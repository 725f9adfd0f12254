//! Named locations: ranges of addresses, countries and the compliant network.

use ipnet::IpNet;
use serde::{Deserialize, Deserializer, Serialize};

use crate::open::{Extra, null_as_default};

/// Id that the compliant-network location has in every export seen; constant by observation, so
/// that the type is matched as well.
pub const COMPLIANT_NETWORK_ID: &str = "3d46dbda-8382-466a-856d-eb00cbc6b910";

/// A named location. One shape for all kinds, told apart by `@odata.type` or by what is present.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NamedLocation {
    /// Graph's type name.
    #[serde(rename = "@odata.type")]
    pub odata_type: Option<String>,
    /// Object id.
    pub id: String,
    /// Name.
    #[serde(deserialize_with = "null_as_default")]
    pub display_name: String,
    /// Whether an address location is trusted; countries cannot be.
    #[serde(deserialize_with = "null_as_default")]
    pub is_trusted: bool,
    /// Address ranges in CIDR form.
    #[serde(deserialize_with = "null_as_default")]
    pub ip_ranges: Vec<IpRange>,
    /// ISO 3166-1 alpha-2 codes.
    #[serde(deserialize_with = "null_as_default")]
    pub countries_and_regions: Vec<String>,
    /// Whether an address that maps to no country belongs to it.
    #[serde(deserialize_with = "null_as_default")]
    pub include_unknown_countries_and_regions: bool,
    /// `clientIpAddress` or `authenticatorAppGps`.
    pub country_lookup_method: Option<String>,
    /// Properties this build does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What a named location is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LocationKind {
    /// Address ranges.
    Addresses,
    /// Countries.
    Countries,
    /// The tenant's compliant network (Global Secure Access).
    CompliantNetwork,
    /// A kind this build does not know.
    Unknown,
}

impl NamedLocation {
    /// The kind, by type name and, where that is missing, by content.
    pub fn kind(&self) -> LocationKind {
        let named = self.odata_type.as_deref().map(str::to_ascii_lowercase);
        match named.as_deref().and_then(|name| name.rsplit('.').next()) {
            Some("ipnamedlocation") => LocationKind::Addresses,
            Some("countrynamedlocation") => LocationKind::Countries,
            Some("compliantnetworknamedlocation") => LocationKind::CompliantNetwork,
            None if self.id.eq_ignore_ascii_case(COMPLIANT_NETWORK_ID) => {
                LocationKind::CompliantNetwork
            }
            None if !self.ip_ranges.is_empty() => LocationKind::Addresses,
            None if !self.countries_and_regions.is_empty() => LocationKind::Countries,
            // A type this build does not know, or nothing to tell it by.
            _ => LocationKind::Unknown,
        }
    }
}

/// A range of addresses.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IpRange {
    /// The range in CIDR form.
    pub cidr_address: IpNet,
}

impl<'de> Deserialize<'de> for IpRange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Raw {
            cidr_address: String,
        }
        let raw = Raw::deserialize(deserializer)?;
        let text = raw.cidr_address.trim();
        let net = text
            .parse::<IpNet>()
            .or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from))
            .map_err(|_| serde::de::Error::custom(format!("{text:?} is not an address range")))?;
        Ok(Self { cidr_address: net })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_both_families_read_and_a_bad_one_is_refused() {
        let location: NamedLocation = serde_json::from_str(
            r##"{"@odata.type":"#microsoft.graph.ipNamedLocation","id":"l","isTrusted":true,
                "ipRanges":[{"@odata.type":"#microsoft.graph.iPv4CidrRange","cidrAddress":"203.0.113.0/24"},
                            {"cidrAddress":"2001:db8::/32"}]}"##,
        )
        .unwrap();
        assert_eq!(location.kind(), LocationKind::Addresses);
        assert_eq!(location.ip_ranges.len(), 2);
        assert!(serde_json::from_str::<IpRange>(r#"{"cidrAddress":"203.0.113.0/99"}"#).is_err());
    }
}
