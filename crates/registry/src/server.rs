//! The tracking server.

use std::time::Duration;

use reqwest::Method;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

use crate::address::Address;
use crate::credentials::Credentials;
use crate::error::MirrorError;
use crate::http::{Call, Content, Http};

/// How long and how often the server is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Longest time for one request, from connecting to the end of the answer. An artefact gets a
    /// second more for each 128 KiB.
    pub timeout: Duration,
    /// How often a request is tried, the first time included; 0 counts as 1.
    pub tries: u32,
    /// Wait before the second try; it doubles from try to try, up to 10 seconds, and is lengthened
    /// at random by up to itself.
    pub first_wait: Duration,
    /// Longest time for all tries of one request and the waits between them. An artefact gets more
    /// as with `timeout`.
    pub patience: Duration,
}

impl Default for Settings {
    /// 30 seconds a request, 5 tries from half a second apart, 2 minutes in all.
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            tries: 5,
            first_wait: Duration::from_millis(500),
            patience: Duration::from_secs(120),
        }
    }
}

/// An MLflow tracking server. Its `Debug` shows no secret.
///
/// Blocking: it must neither be made, used nor dropped in asynchronous code.
#[derive(Debug)]
pub struct MlflowServer {
    pub(crate) http: Http,
}

impl MlflowServer {
    /// The server at an address such as `http://127.0.0.1:5000`. Asks it nothing yet.
    ///
    /// # Errors
    ///
    /// If the address is not http or https, or holds more than host and path; if the credentials
    /// cannot be sent; for https, if this machine has no root certificates.
    pub fn new(
        uri: &str,
        credentials: Credentials,
        settings: Settings,
    ) -> Result<Self, MirrorError> {
        Ok(Self { http: Http::new(Address::new(uri)?, credentials, settings)? })
    }

    /// Whether others on the network can read the credentials: plain HTTP to another machine.
    pub fn shows_credentials(&self) -> bool {
        self.http.shows_credentials()
    }

    pub(crate) fn call_get<'a>(
        &self,
        doing: &'a str,
        path: &str,
        query: &'a [(&'a str, &'a str)],
    ) -> Call<'a> {
        let url = self.http.address.api(path);
        Call { doing, method: Method::GET, url, query, content: Content::Nothing }
    }

    pub(crate) fn call_send<'a>(
        &self,
        doing: &'a str,
        method: Method,
        path: &str,
        json: Value,
    ) -> Call<'a> {
        let url = self.http.address.api(path);
        Call { doing, method, url, query: &[], content: Content::Json(json) }
    }

    /// Asks for something.
    pub(crate) fn get<T: DeserializeOwned>(
        &self,
        doing: &str,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, MirrorError> {
        self.http.call(&self.call_get(doing, path, query))
    }

    /// Sends something whose answer tells nothing.
    pub(crate) fn send(
        &self,
        doing: &str,
        method: Method,
        path: &str,
        json: Value,
    ) -> Result<(), MirrorError> {
        let _: IgnoredAny = self.http.call(&self.call_send(doing, method, path, json))?;
        Ok(())
    }
}

/// The answer, or nothing where the server says that there is no such thing.
pub(crate) fn found<T>(result: Result<T, MirrorError>) -> Result<Option<T>, MirrorError> {
    match result {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.is("RESOURCE_DOES_NOT_EXIST") => Ok(None),
        Err(error) => Err(error),
    }
}
