//! What an address says of its network and place, from files in MaxMind's format.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use maxminddb::{Reader, geoip2};
use model::sign_in::{Coordinates, Network, Place, SignIn};

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// It cannot be read.
    #[error("{path}: cannot be read: {source}", path = .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is no sound database.
    #[error(
        "{path}: not a sound MaxMind database ({reason}); download it again, or take the setting out",
        path = .path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// It is a database of something else.
    #[error(
        "{path}: this is a database of {found}, and one of {wanted} is needed here",
        path = .path.display()
    )]
    OtherKind {
        /// The file.
        path: PathBuf,
        /// What it calls itself.
        found: String,
        /// What is needed.
        wanted: &'static str,
    },
}

/// The files, read into memory: one that is replaced while it is read does no harm.
#[derive(Debug, Default)]
pub struct NetworkFacts {
    asn: Option<Reader<Vec<u8>>>,
    city: Option<Reader<Vec<u8>>>,
}

/// What is known of an address.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AddressFacts {
    /// Its network.
    pub network: Network,
    /// Its place.
    pub place: Place,
}

fn load(
    path: &Path,
    wanted: &'static str,
    kinds: &[&str],
) -> Result<Reader<Vec<u8>>, NetworkError> {
    let bytes = std::fs::read(path)
        .map_err(|source| NetworkError::File { path: path.to_owned(), source })?;
    let damaged = |error: maxminddb::MaxMindDbError| NetworkError::Damaged {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    let reader = Reader::from_source(bytes).map_err(damaged)?;
    // Damaged files may open and fail only when they are asked.
    reader.verify().map_err(damaged)?;
    let found = reader.metadata().database_type.clone();
    if !kinds.iter().any(|kind| found.contains(kind)) {
        return Err(NetworkError::OtherKind { path: path.to_owned(), found, wanted });
    }
    Ok(reader)
}

impl NetworkFacts {
    /// Reads and checks the files that are there: autonomous systems, and places.
    ///
    /// # Errors
    /// [`NetworkError`] where a file cannot be read, is damaged, or is of another kind.
    pub fn open(asn: Option<&Path>, city: Option<&Path>) -> Result<Self, NetworkError> {
        let asn =
            asn.map(|path| load(path, "autonomous systems (ASN)", &["ASN", "ISP", "Enterprise"]));
        let city = city.map(|path| load(path, "places (City)", &["City", "Enterprise"]));
        Ok(Self { asn: asn.transpose()?, city: city.transpose()? })
    }

    /// Whether there is any file.
    pub fn is_empty(&self) -> bool {
        self.asn.is_none() && self.city.is_none()
    }

    /// What the files say of an address; nothing where they do not know it.
    pub fn of(&self, ip: IpAddr) -> AddressFacts {
        AddressFacts {
            network: self.network(ip).unwrap_or_default(),
            place: self.place(ip).unwrap_or_default(),
        }
    }

    // The files were checked as a whole: a lookup that fails is an address that they do not know.
    fn network(&self, ip: IpAddr) -> Option<Network> {
        let found = self.asn.as_ref()?.lookup(ip).ok()?;
        let found = found.decode::<geoip2::Asn<'_>>().ok().flatten()?;
        Some(Network {
            asn: found.autonomous_system_number,
            organisation: found.autonomous_system_organization.map(str::to_owned),
        })
    }

    fn place(&self, ip: IpAddr) -> Option<Place> {
        let found = self.city.as_ref()?.lookup(ip).ok()?;
        let found = found.decode::<geoip2::City<'_>>().ok().flatten()?;
        let point = found.location.latitude.zip(found.location.longitude);
        let region = found.subdivisions.first().and_then(|region| region.names.english);
        Some(Place {
            country: found.country.iso_code.map(str::to_uppercase),
            region: region.map(str::to_owned),
            city: found.city.names.english.map(str::to_owned),
            coordinates: point
                .and_then(|(latitude, longitude)| Coordinates::new(latitude, longitude))
                .map(|point| Coordinates { accuracy_km: found.location.accuracy_radius, ..point }),
        })
    }

    /// Fills in what a record does not say of its address; what it says stays.
    pub fn complete(&self, sign_in: &mut SignIn) {
        let Some(ip) = sign_in.ip.filter(|_| !self.is_empty()) else { return };
        if (sign_in.network.asn.is_none() || sign_in.network.organisation.is_none())
            && let Some(found) = self.network(ip)
        {
            let network = &mut sign_in.network;
            // An organisation belongs to its own number.
            if network.asn.is_none() || network.asn == found.asn {
                *network = found;
            }
        }
        let place = &mut sign_in.place;
        if place.coordinates.is_none()
            && let Some(found) = self.place(ip)
        {
            if place.country.is_none() {
                *place = found;
            } else if place.country == found.country {
                place.coordinates = found.coordinates;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use model::sign_in::{RecordShape, SignInKind};

    use super::*;

    fn file(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/mmdb").join(name)
    }

    fn facts() -> NetworkFacts {
        let (asn, city) = (file("GeoLite2-ASN-Test.mmdb"), file("GeoLite2-City-Test.mmdb"));
        NetworkFacts::open(Some(&asn), Some(&city)).unwrap()
    }

    fn from(ip: &str) -> SignIn {
        let at = "2026-11-02T08:00:00Z".parse().unwrap();
        let mut out =
            SignIn::blank("x".into(), at, SignInKind::InteractiveUser, RecordShape::Graph);
        out.ip = ip.parse().ok();
        out
    }

    #[test]
    fn an_address_has_network_and_place_in_both_families() {
        let known = facts().of("81.2.69.142".parse().unwrap());
        assert_eq!(known.place.country.as_deref(), Some("GB"));
        assert_eq!(known.place.city.as_deref(), Some("London"));
        let point = known.place.coordinates.unwrap();
        assert!(point.accuracy_km.is_some() && point.latitude > 51.0);
        let network = facts().of("1.128.0.0".parse().unwrap()).network;
        assert_eq!(
            (network.asn, network.organisation.as_deref()),
            (Some(1_221), Some("Telstra Pty Ltd"))
        );
        let six = facts().of("2600:6000::1".parse().unwrap()).network;
        assert_eq!(six.asn, Some(237));
        assert_eq!(facts().of("192.0.2.1".parse().unwrap()), AddressFacts::default());
    }

    #[test]
    fn what_the_record_says_stays() {
        let mut told = from("81.2.69.142");
        told.network.asn = Some(64_500);
        told.place.country = Some("PT".into());
        facts().complete(&mut told);
        assert_eq!(told.network.asn, Some(64_500));
        assert_eq!((told.place.country.as_deref(), told.place.coordinates), (Some("PT"), None));
        let mut untold = from("81.2.69.142");
        facts().complete(&mut untold);
        assert_eq!(untold.place.country.as_deref(), Some("GB"));
        let mut nowhere = from("no address");
        facts().complete(&mut nowhere);
        assert_eq!(nowhere.place, Place::default());
    }

    #[test]
    fn a_damaged_file_is_refused_when_it_is_opened() {
        let broken = file("GeoIP2-City-Test-Broken-Double-Format.mmdb");
        let refused = NetworkFacts::open(None, Some(&broken)).unwrap_err();
        assert!(matches!(refused, NetworkError::Damaged { .. }), "{refused}");
        let folder = tempfile::tempdir().unwrap();
        let cut = folder.path().join("cut.mmdb");
        let bytes = std::fs::read(file("GeoLite2-ASN-Test.mmdb")).unwrap();
        std::fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
        let refused = NetworkFacts::open(Some(&cut), None).unwrap_err().to_string();
        assert!(refused.contains("cut.mmdb") && refused.contains("download it again"), "{refused}");
    }

    #[test]
    fn a_file_of_another_kind_or_none_is_refused() {
        let asn = file("GeoLite2-ASN-Test.mmdb");
        let refused = NetworkFacts::open(None, Some(&asn)).unwrap_err().to_string();
        assert!(refused.contains("GeoLite2-ASN") && refused.contains("City"), "{refused}");
        let missing = file("none.mmdb");
        assert!(matches!(NetworkFacts::open(Some(&missing), None), Err(NetworkError::File { .. })));
    }
}
