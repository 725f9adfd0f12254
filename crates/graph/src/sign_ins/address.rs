//! Addresses as logs write them.

use std::net::{IpAddr, SocketAddr};

/// An address, with or without port, brackets or zone; an IPv4 address in IPv6 clothes is one of
/// IPv4. Nothing for what is no address.
pub(super) fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let plain = text.parse::<IpAddr>().ok().or_else(|| {
        let socket = text.parse::<SocketAddr>().ok().map(|socket| socket.ip());
        socket.or_else(|| {
            let inside = text.strip_prefix('[')?.split(']').next()?;
            inside.parse().ok()
        })
    });
    let found = plain.or_else(|| {
        let (before, _) = text.trim_start_matches('[').split_once('%')?;
        before.parse().ok()
    })?;
    Some(match found {
        IpAddr::V6(ip) => ip.to_ipv4_mapped().map_or(IpAddr::V6(ip), IpAddr::V4),
        IpAddr::V4(ip) => IpAddr::V4(ip),
    })
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn ports_brackets_zones_and_clothes_are_taken_off() {
        for (text, expected) in [
            ("203.0.113.7", "203.0.113.7"),
            (" 203.0.113.7:51234 ", "203.0.113.7"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("fe80::1%eth0", "fe80::1"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
        ] {
            assert_eq!(address(text).map(|ip| ip.to_string()).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_none() {
        for text in ["", "localhost", "203.0.113", "1.2.3.4.5", "<null>"] {
            assert_eq!(address(text), None, "{text}");
        }
    }
}
