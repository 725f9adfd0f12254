//! Requests to the tracking server: one at a time, tried again where that may help.

use std::cell::Cell;
use std::error::Error;
use std::fmt;
use std::io::{self, Read as _};
use std::thread;
use std::time::{Duration, Instant};

use backon::{BlockingRetryable as _, ExponentialBuilder};
use reqwest::blocking::{Client, RequestBuilder, Response};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, Url, redirect};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::address::Address;
use crate::credentials::Credentials;
use crate::error::{MirrorError, printable};
use crate::server::Settings;
use crate::wire;

/// The longest answer that is read, in bytes.
const LONGEST_ANSWER: u64 = 16 << 20;
/// An upload gets a second more for each so many bytes.
const BYTES_A_SECOND: usize = 128 << 10;

/// A request: what for, and what is sent.
pub(crate) struct Call<'a> {
    /// What is to be done, for errors: "create the run `x`".
    pub doing: &'a str,
    pub method: Method,
    pub url: Url,
    pub query: &'a [(&'a str, &'a str)],
    pub content: Content<'a>,
}

/// What a request carries.
pub(crate) enum Content<'a> {
    Nothing,
    Json(Value),
    Bytes(&'a [u8]),
}

/// The client, with all that it needs to know for a request.
pub(crate) struct Http {
    client: Client,
    credentials: Credentials,
    authorization: Option<HeaderValue>,
    settings: Settings,
    pub address: Address,
}

impl fmt::Debug for Http {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Http");
        shown.field("address", &self.address.url().as_str());
        shown
            .field("credentials", &self.credentials)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl Http {
    pub fn new(
        address: Address,
        credentials: Credentials,
        settings: Settings,
    ) -> Result<Self, MirrorError> {
        let client = client(&address, &settings)
            .map_err(|error| MirrorError::Client(innermost(&error.without_url())))?;
        let authorization = credentials.header(&client, address.url())?;
        Ok(Self { client, credentials, authorization, settings, address })
    }

    /// Whether credentials can be read on the way.
    pub fn shows_credentials(&self) -> bool {
        self.credentials.are_sent() && self.address.is_open()
    }

    /// Makes a request that does no harm when made twice: again after a failed connection, 429 and
    /// 5xx.
    pub fn call<T: DeserializeOwned>(&self, call: &Call<'_>) -> Result<T, MirrorError> {
        let seconds = match call.content {
            Content::Bytes(bytes) => bytes.len() / BYTES_A_SECOND,
            _ => 0,
        };
        let more = Duration::from_secs(u64::try_from(seconds).unwrap_or(u64::MAX));
        self.patiently(more, |until| self.once(call, more, until))
    }

    /// Does something that may be made of several requests until it succeeds, fails for good, or
    /// tries and time are used up. `work` is told when to be done.
    pub fn patiently<T>(
        &self,
        more: Duration,
        mut work: impl FnMut(Instant) -> Result<T, MirrorError>,
    ) -> Result<T, MirrorError> {
        let Settings { tries, first_wait, patience, .. } = self.settings;
        let until = Instant::now() + patience.saturating_add(more).min(LONGEST_PATIENCE);
        let left = move || until.saturating_duration_since(Instant::now());
        let done = Cell::new(0_u32);
        let waits = ExponentialBuilder::new()
            .with_min_delay(first_wait)
            .with_max_delay(LONGEST_WAIT.max(first_wait))
            .with_max_times(usize::try_from(tries.saturating_sub(1)).unwrap_or(usize::MAX))
            .with_jitter();
        let attempt = || {
            done.set(done.get() + 1);
            work(until)
        };
        let result = attempt
            .retry(waits)
            .when(|error: &MirrorError| error.passes() && !left().is_zero())
            .sleep(move |wait: Duration| thread::sleep(wait.min(left())))
            .call();
        result.map_err(|mut error| {
            if let MirrorError::Unreachable { tries, .. } = &mut error {
                *tries = done.get();
            }
            error
        })
    }

    /// Makes a request once, within the timeout and before `until`.
    pub fn once<T: DeserializeOwned>(
        &self,
        call: &Call<'_>,
        more: Duration,
        until: Instant,
    ) -> Result<T, MirrorError> {
        let left = until.saturating_duration_since(Instant::now());
        let timeout = self.settings.timeout.saturating_add(more).min(left);
        // A timeout of zero would mean none.
        let timeout = timeout.max(Duration::from_millis(1));
        let response = self.request(call).timeout(timeout).send();
        let response = response.map_err(|error| self.unreachable(call, &error))?;
        let status = response.status();
        let plain = is_plain(&response);
        let mut body = Vec::new();
        if let Err(error) = response.take(LONGEST_ANSWER).read_to_end(&mut body) {
            return Err(self.unreachable(call, &error));
        }
        if status.is_success() {
            // An upload is answered by nothing at all.
            let json = if body.is_empty() { b"null".as_slice() } else { &body };
            return serde_json::from_slice(json).map_err(|error| MirrorError::Answer {
                doing: call.doing.to_owned(),
                endpoint: call.endpoint(),
                reason: self.safe(&error.to_string()),
            });
        }
        let told = wire::Failure::of(&body, plain);
        Err(MirrorError::Refused {
            doing: call.doing.to_owned(),
            endpoint: call.endpoint(),
            status: status.as_u16(),
            code: self.safe(&told.error_code),
            message: self.safe(&told.message),
        })
    }

    fn request(&self, call: &Call<'_>) -> RequestBuilder {
        let mut request = self.client.request(call.method.clone(), call.url.clone());
        if !call.query.is_empty() {
            request = request.query(call.query);
        }
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        match &call.content {
            Content::Nothing => request,
            Content::Json(json) => request.json(json),
            Content::Bytes(bytes) => {
                request.header(CONTENT_TYPE, "application/octet-stream").body(bytes.to_vec())
            }
        }
    }

    fn unreachable(&self, call: &Call<'_>, error: &(dyn Error + 'static)) -> MirrorError {
        let (doing, endpoint) = (call.doing.to_owned(), call.endpoint());
        let reason = self.safe(&innermost(error));
        if is_of_certificate(error) {
            return MirrorError::Certificate { doing, endpoint, reason };
        }
        MirrorError::Unreachable { doing, endpoint, tries: 1, reason }
    }

    /// A text from outside, printable and without what was sent in secret.
    fn safe(&self, text: &str) -> String {
        let sent = self.authorization.as_ref().and_then(|header| header.to_str().ok());
        let sent = sent.and_then(|header| header.split_once(' ')).map_or("", |(_, value)| value);
        let text = if sent.is_empty() { text.to_owned() } else { text.replace(sent, "***") };
        printable(&self.credentials.hidden_in(&text))
    }
}

/// The longest wait between two tries.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// More patience than this is none of a program's.
const LONGEST_PATIENCE: Duration = Duration::from_secs(24 * 60 * 60);

impl Call<'_> {
    /// Method and address, without the query.
    fn endpoint(&self) -> String {
        format!("{} {}", self.method, self.url)
    }
}

/// The one place where an HTTP client is made. Redirects are not followed: they would turn a POST
/// into a GET, and lead to the login page of a proxy.
fn client(address: &Address, settings: &Settings) -> reqwest::Result<Client> {
    // Somebody in this process may have chosen a provider before; then that one it is.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder()
        .user_agent(concat!("cstack/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(settings.timeout)
        .redirect(redirect::Policy::none());
    if address.url().scheme() == "http" {
        // Needs no root certificates, and works where there are none.
        builder = builder.tls_certs_only([]);
    } else {
        builder = builder.https_only(true);
    }
    if address.is_loopback() {
        builder = builder.no_proxy();
    }
    builder.build()
}

/// Whether the certificate is what is wrong. An error of input and output hides what it holds from
/// `source`.
fn is_of_certificate(error: &(dyn Error + 'static)) -> bool {
    let mut layer = Some(error);
    while let Some(error) = layer {
        if let Some(error) = error.downcast_ref::<rustls::Error>() {
            return matches!(error, rustls::Error::InvalidCertificate(_));
        }
        let held = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        layer = match held {
            Some(held) => Some(held),
            None => error.source(),
        };
    }
    false
}

fn is_plain(response: &Response) -> bool {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("text/plain"))
}

/// What went wrong at the bottom of it: "Connection refused" rather than "error sending request".
/// Addresses are in the outer layers only.
fn innermost(error: &(dyn Error + 'static)) -> String {
    if let Some(error) = error.downcast_ref::<reqwest::Error>()
        && error.is_timeout()
    {
        return "it took too long".to_owned();
    }
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_that_is_not_trusted_is_found_below_other_errors() {
        let nested = |error| io::Error::other(io::Error::other(error));
        let unknown = rustls::CertificateError::UnknownIssuer;
        assert!(is_of_certificate(&nested(rustls::Error::InvalidCertificate(unknown))));
        assert!(!is_of_certificate(&nested(rustls::Error::DecryptError)));
        assert!(!is_of_certificate(&io::Error::other("connection reset")));
    }
}
