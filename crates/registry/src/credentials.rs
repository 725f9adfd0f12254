//! Who cstack is to the tracking server.

use reqwest::Url;
use reqwest::blocking::Client;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};

use crate::error::MirrorError;

/// What the tracking server is told about who is asking. Its `Debug` shows no secret.
#[derive(Debug, Clone, Default)]
pub enum Credentials {
    /// Nothing: the server asks nobody.
    #[default]
    None,
    /// A token, sent as `Bearer`: `MLFLOW_TRACKING_TOKEN`.
    Token(SecretString),
    /// A user, sent as `Basic`: `MLFLOW_TRACKING_USERNAME` and `MLFLOW_TRACKING_PASSWORD`.
    Basic {
        /// The user's name, without a colon.
        username: SecretString,
        /// The password.
        password: SecretString,
    },
}

impl Credentials {
    /// The credentials in the three variables of MLflow's, whose values are passed in. As with
    /// MLflow's own client a user goes before a token. What is empty counts as not set.
    ///
    /// # Errors
    ///
    /// [`MirrorError::Credentials`] for a user name without a password, or the reverse.
    pub fn from_values(
        token: Option<SecretString>,
        username: Option<SecretString>,
        password: Option<SecretString>,
    ) -> Result<Self, MirrorError> {
        let set = |value: &SecretString| !value.expose_secret().is_empty();
        match (username.filter(set), password.filter(set), token.filter(set)) {
            (Some(username), Some(password), _) => Ok(Self::Basic { username, password }),
            (None, None, Some(token)) => Ok(Self::Token(token)),
            (None, None, None) => Ok(Self::None),
            (Some(_), None, _) => Err(MirrorError::Credentials(
                "there is a user name without a password; set MLFLOW_TRACKING_PASSWORD too",
            )),
            (None, Some(_), _) => Err(MirrorError::Credentials(
                "there is a password without a user name; set MLFLOW_TRACKING_USERNAME too",
            )),
        }
    }

    /// The value of the header `Authorization`, marked as sensitive.
    pub(crate) fn header(
        &self,
        client: &Client,
        base: &Url,
    ) -> Result<Option<HeaderValue>, MirrorError> {
        let request = client.get(base.clone());
        let request = match self {
            Self::None => return Ok(None),
            Self::Token(token) => request.bearer_auth(token.expose_secret()),
            Self::Basic { username, password } => {
                if username.expose_secret().contains(':') {
                    let reason = "MLFLOW_TRACKING_USERNAME contains a colon";
                    return Err(MirrorError::Credentials(reason));
                }
                request.basic_auth(username.expose_secret(), Some(password.expose_secret()))
            }
        };
        let unfit =
            "MLFLOW_TRACKING_TOKEN contains what no HTTP header can carry, such as a line end";
        let request = request.build().map_err(|_| MirrorError::Credentials(unfit))?;
        Ok(request.headers().get(AUTHORIZATION).cloned())
    }

    /// The text without these secrets, for the case that a server repeats what it was sent.
    pub(crate) fn hidden_in(&self, text: &str) -> String {
        let hide = |text: &str, secret: &SecretString| match secret.expose_secret() {
            "" => text.to_owned(),
            secret => text.replace(secret, "***"),
        };
        match self {
            Self::None => text.to_owned(),
            Self::Token(token) => hide(text, token),
            Self::Basic { username, password } => hide(&hide(text, password), username),
        }
    }

    /// Whether anything is sent.
    pub(crate) fn are_sent(&self) -> bool {
        !matches!(self, Self::None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> SecretString {
        text.into()
    }

    #[test]
    fn debug_shows_no_secret() {
        let basic =
            Credentials::from_values(None, Some(secret("ann")), Some(secret("hunter2"))).unwrap();
        let token = Credentials::from_values(Some(secret("t0ken")), None, None).unwrap();
        let shown = format!("{basic:?} {token:?}");
        assert!(shown.contains("Basic") && shown.contains("Token"), "{shown}");
        assert!(["ann", "hunter2", "t0ken"].iter().all(|one| !shown.contains(one)), "{shown}");
    }

    #[test]
    fn a_user_goes_before_a_token_and_empty_counts_as_not_set() {
        let of = |token, name, password| {
            Credentials::from_values(
                Some(secret(token)),
                Some(secret(name)),
                Some(secret(password)),
            )
        };
        assert!(matches!(of("t", "u", "p"), Ok(Credentials::Basic { .. })));
        assert!(matches!(of("t", "", ""), Ok(Credentials::Token(_))));
        assert!(matches!(of("", "", ""), Ok(Credentials::None)));
        assert!(matches!(of("t", "u", ""), Err(MirrorError::Credentials(_))));
        assert!(matches!(of("", "", "p"), Err(MirrorError::Credentials(_))));
    }
}
