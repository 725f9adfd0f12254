//! Addresses on the tracking server.

use reqwest::Url;

use crate::error::MirrorError;

/// Where the server takes artefacts.
const ARTEFACTS: &str = "api/2.0/mlflow-artifacts/artifacts";
/// Scheme of artefacts that the server itself keeps.
const PROXIED: &str = "mlflow-artifacts";

/// The address of a tracking server, such as `https://mlflow.example/team`.
#[derive(Debug, Clone)]
pub(crate) struct Address(Url);

impl Address {
    /// Checks an address: http or https, a host, a path perhaps, and nothing else.
    pub(crate) fn new(uri: &str) -> Result<Self, MirrorError> {
        let refuse = |reason| Err(MirrorError::Address(reason));
        let uri = uri.trim();
        if !["http://", "https://"].iter().any(|scheme| begins_with(uri, scheme)) {
            return refuse("must begin with http:// or https://");
        }
        let Ok(url) = Url::parse(uri) else {
            return refuse("is no URL; write it as https://mlflow.example:5000");
        };
        if !url.username().is_empty() || url.password().is_some() {
            return refuse(
                "holds a user name or password; take it out and set MLFLOW_TRACKING_USERNAME and \
                 MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN",
            );
        }
        if url.query().is_some() || url.fragment().is_some() {
            return refuse("has a query or fragment; give it up to the path only");
        }
        Ok(Self(url))
    }

    pub(crate) fn url(&self) -> &Url {
        &self.0
    }

    /// The address of a path of the API, such as `runs/create`.
    pub(crate) fn api(&self, path: &str) -> Url {
        self.below(&format!("api/2.0/mlflow/{path}"))
    }

    /// The address of an artefact below a root such as `mlflow-artifacts:/1/ab/artifacts`; an error
    /// with the scheme where the root is not with this server.
    pub(crate) fn artefact(&self, root: &str, path: &str) -> Result<Url, String> {
        let Ok(parsed) = Url::parse(root) else {
            return Err("a folder of the server's machine".to_owned());
        };
        if parsed.scheme() != PROXIED {
            return Err(format!("`{}:`", parsed.scheme()));
        }
        let host = parsed.host_str().filter(|host| !host.is_empty());
        let here = host.is_none_or(|host| {
            let same = self.0.host_str().is_some_and(|ours| ours.eq_ignore_ascii_case(host));
            let usual = usual_port(&self.0);
            same && parsed.port().unwrap_or(usual) == self.0.port().unwrap_or(usual)
        });
        if !here {
            return Err("another server".to_owned());
        }
        let root = parsed.path().trim_matches('/');
        Ok(self.below(&[ARTEFACTS, root, path].join("/")))
    }

    /// Whether what is sent can be read on the way: plain HTTP to another machine.
    pub(crate) fn is_open(&self) -> bool {
        self.0.scheme() == "http" && !self.is_loopback()
    }

    pub(crate) fn is_loopback(&self) -> bool {
        let host = self.0.host_str().unwrap_or_default();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let loopback = |address: std::net::IpAddr| address.is_loopback();
        host == "localhost" || bare.parse().is_ok_and(loopback)
    }

    fn below(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        url.set_path(&format!("{}/{path}", self.0.path().trim_end_matches('/')));
        url
    }
}

fn begins_with(text: &str, start: &str) -> bool {
    text.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start))
}

fn usual_port(url: &Url) -> u16 {
    if url.scheme() == "https" { 443 } else { 80 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(uri: &str) -> Address {
        Address::new(uri).unwrap()
    }

    #[test]
    fn endpoints_are_below_the_path_of_the_address() {
        for base in ["http://host:5000/team", "http://host:5000/team/"] {
            let url = address(base).api("runs/create");
            assert_eq!(url.as_str(), "http://host:5000/team/api/2.0/mlflow/runs/create");
        }
        let url = address("HTTPS://host").api("runs/create");
        assert_eq!(url.as_str(), "https://host/api/2.0/mlflow/runs/create");
    }

    #[test]
    fn an_address_with_a_password_is_refused_and_not_repeated() {
        for uri in ["http://ann:hunter2@host", "https://ann@host", "http://:hunter2@host:80/x"] {
            let said = Address::new(uri).unwrap_err().to_string();
            assert!(said.contains("holds a user name or password"), "{said}");
            assert!(!said.contains("ann") && !said.contains("hunter2"), "{said}");
        }
        let unparsable = Address::new("http://ann:hunter2@ho st").unwrap_err().to_string();
        assert!(!unparsable.contains("hunter2"), "{unparsable}");
    }

    #[test]
    fn only_http_and_https_are_addresses() {
        for uri in ["databricks", "file:///mlruns", "ftp://host", "host:5000", "", "sqlite:///a.db"]
        {
            let said = Address::new(uri).unwrap_err().to_string();
            assert!(said.contains("must begin with http:// or https://"), "{uri}: {said}");
        }
        assert!(Address::new("http://").is_err());
        assert!(Address::new("http://host?token=x").is_err());
        assert!(Address::new("http://host/#x").is_err());
    }

    #[test]
    fn artefacts_that_the_server_keeps_go_below_its_own_address() {
        let base = address("http://host:5000/team");
        let wanted =
            "http://host:5000/team/api/2.0/mlflow-artifacts/artifacts/1/ab/artifacts/model/MLmodel";
        for root in [
            "mlflow-artifacts:/1/ab/artifacts",
            "mlflow-artifacts:///1/ab/artifacts/",
            "mlflow-artifacts://host:5000/1/ab/artifacts",
            "mlflow-artifacts:/../../1/ab/artifacts",
        ] {
            let url = base.artefact(root, "model/MLmodel").unwrap();
            assert_eq!(url.as_str(), wanted, "{root}");
        }
    }

    #[test]
    fn artefacts_elsewhere_are_refused_by_scheme_alone() {
        let base = address("http://host:5000");
        let refused = |root| base.artefact(root, "x").unwrap_err();
        assert_eq!(refused("s3://bucket/key"), "`s3:`");
        assert_eq!(refused("ftp://ann:hunter2@host/x"), "`ftp:`");
        assert_eq!(refused("/var/mlruns/1"), "a folder of the server's machine");
        assert_eq!(refused("mlflow-artifacts://other:5000/1"), "another server");
        assert_eq!(refused("mlflow-artifacts://host:5001/1"), "another server");
        assert_eq!(refused("mlflow-artifacts://host/1"), "another server");
    }

    #[test]
    fn only_plain_http_to_another_machine_is_open() {
        assert!(address("http://mlflow.example").is_open());
        for uri in
            ["https://mlflow.example", "http://127.0.0.1:5000", "http://[::1]", "http://localhost"]
        {
            assert!(!address(uri).is_open(), "{uri}");
        }
    }
}
