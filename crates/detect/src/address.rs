//! Addresses as small numbers, and the networks that they are in.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::symbols::Symbol;

/// Autonomous systems that rent machines to anybody: where attackers' traffic comes from most.
/// The list of Elastic's rule on device registration from hosting networks (logic, not text).
pub const HOSTING: [u32; 14] = [
    399_629, 14_061, 136_787, 9_009, 45_102, 215_540, 29_802, 62_240, 204_957, 395_092, 393_406,
    400_940, 59_711, 132_203,
];

/// The /24 that an IPv4 address is in, or the /48 of an IPv6 address: what providers hand out.
pub fn prefix(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, c, _] = ip.octets();
            IpAddr::V4(Ipv4Addr::new(a, b, c, 0))
        }
        IpAddr::V6(ip) => {
            let [a, b, c, ..] = ip.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
        }
    }
}

/// Every address that was seen, once.
#[derive(Debug, Clone, Default)]
pub struct Addresses {
    all: Vec<IpAddr>,
    numbers: FxHashMap<IpAddr, u32>,
}

impl Addresses {
    /// The number of an address, which gets one where it is new.
    pub fn of(&mut self, ip: IpAddr) -> Symbol {
        let next = u32::try_from(self.all.len() + 1).unwrap_or(u32::MAX);
        let number = *self.numbers.entry(ip).or_insert(next);
        if number == next {
            self.all.push(ip);
        }
        Symbol(number)
    }
}

impl Addresses {
    /// The address of a number.
    pub fn text(&self, symbol: Symbol) -> Option<IpAddr> {
        let at = usize::try_from(symbol.0).ok()?.checked_sub(1)?;
        self.all.get(at).copied()
    }
}

impl Serialize for Addresses {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.all.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Addresses {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut out = Self::default();
        for ip in Vec::<IpAddr>::deserialize(deserializer)? {
            out.of(ip);
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_share_a_prefix_in_both_families() {
        let of = |text: &str| prefix(text.parse().unwrap()).to_string();
        assert_eq!(of("203.0.113.77"), "203.0.113.0");
        assert_eq!(of("2001:db8:1:2:3::9"), "2001:db8:1::");
    }

    #[test]
    fn an_address_keeps_its_number() {
        let mut addresses = Addresses::default();
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let one = addresses.of(ip("192.0.2.1"));
        assert_ne!(one, addresses.of(ip("192.0.2.2")));
        assert_eq!(one, addresses.of(ip("192.0.2.1")));
    }
}
