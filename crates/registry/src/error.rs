//! Why something could not be mirrored.

use thiserror::Error;

/// Why something could not be mirrored. No text of it holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MirrorError {
    /// The tracking server's address cannot be used. It is not repeated: it may hold a password.
    #[error("the MLflow tracking address {0}")]
    Address(&'static str),
    /// The credentials cannot be sent.
    #[error("the MLflow credentials cannot be used: {0}")]
    Credentials(&'static str),
    /// There is no HTTP client to be had; mostly for want of root certificates.
    #[error("HTTPS cannot be set up: {0}; install the system's root certificates")]
    Client(String),
    /// What is to be mirrored does not fit what MLflow takes. Nothing was sent.
    #[error("{what} {reason}")]
    Given {
        /// The thing, by its name.
        what: String,
        /// What MLflow takes.
        reason: &'static str,
    },
    /// No answer came within the time and the tries.
    #[error(
        "cannot {doing}: no answer from {endpoint} ({tries} tries): {reason}; check that the server \
         runs and can be reached from here, then mirror again"
    )]
    Unreachable {
        /// What was to be done.
        doing: String,
        /// Method and address, without a query.
        endpoint: String,
        /// How often it was tried.
        tries: u32,
        /// What the network said last.
        reason: String,
    },
    /// The server's certificate is not one that this machine trusts. Not tried again.
    #[error(
        "cannot {doing}: the certificate of {endpoint} is not trusted ({reason}); add the authority \
         that issued it to the system's root certificates"
    )]
    Certificate {
        /// What was to be done.
        doing: String,
        /// Method and address, without a query.
        endpoint: String,
        /// What is wrong with the certificate or the handshake.
        reason: String,
    },
    /// The server answered with an error, the last time it was tried.
    #[error("cannot {doing}: {endpoint} answered {status}{}{}", told(code, message), advice(*status, code))]
    Refused {
        /// What was to be done.
        doing: String,
        /// Method and address, without a query.
        endpoint: String,
        /// HTTP status.
        status: u16,
        /// MLflow's code for the error, such as `RESOURCE_DOES_NOT_EXIST`; empty without one.
        code: String,
        /// MLflow's words: at most 300 characters, none of them a control character.
        message: String,
    },
    /// The answer is not one of an MLflow server.
    #[error(
        "cannot {doing}: {endpoint} answered what no MLflow server does ({reason}); check that the \
         address is that of the tracking server, MLflow 2 or 3"
    )]
    Answer {
        /// What was to be done.
        doing: String,
        /// Method and address, without a query.
        endpoint: String,
        /// What is wrong with the answer.
        reason: String,
    },
    /// The experiment was deleted, but its name is still taken.
    #[error(
        "the experiment `{name}` is deleted on the MLflow server; restore it with `mlflow \
         experiments restore --experiment-id {id}`, then mirror again"
    )]
    Deleted {
        /// The experiment's name.
        name: String,
        /// The experiment's id on the server.
        id: String,
    },
    /// Artefacts are not kept by the server itself but by a store that cstack does not write to.
    #[error(
        "the MLflow server keeps the artefacts of `{experiment}` at {store}, which cstack does not \
         write to; start the server with --serve-artifacts and --artifacts-destination, and mirror \
         into an experiment created since"
    )]
    Artefacts {
        /// The experiment's name.
        experiment: String,
        /// Scheme of the store, such as `s3:`.
        store: String,
    },
}

impl MirrorError {
    /// Whether the same request may succeed a moment later.
    pub(crate) fn passes(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Refused { status, .. } => *status == 429 || *status >= 500,
            _ => false,
        }
    }

    /// Whether the server said so with that code of MLflow's.
    pub(crate) fn is(&self, wanted: &str) -> bool {
        matches!(self, Self::Refused { code, .. } if code == wanted)
    }
}

/// The longest message of a server's that is repeated, in characters.
const LONGEST_MESSAGE: usize = 300;

/// A text from outside that can be printed: no control characters, at most 300 characters.
pub(crate) fn printable(text: &str) -> String {
    let mut kept = text.split_whitespace().collect::<Vec<_>>().join(" ");
    kept.retain(|letter| !letter.is_control());
    match kept.char_indices().nth(LONGEST_MESSAGE) {
        Some((end, _)) => kept.get(..end).unwrap_or_default().to_owned() + "…",
        None => kept,
    }
}

fn told(code: &str, message: &str) -> String {
    match (code, message) {
        ("", "") => String::new(),
        ("", message) => format!(": {message}"),
        (code, "") => format!(" ({code})"),
        (code, message) => format!(" ({code}): {message}"),
    }
}

fn advice(status: u16, code: &str) -> &'static str {
    match (status, code) {
        (300..=399, _) => "; the address leads elsewhere: give that of the MLflow server itself",
        (401 | 403, _) => {
            "; check MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and \
             MLFLOW_TRACKING_PASSWORD, and the server's --allowed-hosts"
        }
        (404 | 405, "") => "; check that the address is that of the MLflow tracking server",
        (413, _) => "; let the proxy before the server take larger requests",
        (429 | 500.., _) => "; look at the server's log, or mirror again later",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_loses_control_characters_and_what_is_too_long() {
        assert_eq!(printable("a\u{1b}[31mb\r\n c\0"), "a[31mb c");
        let long = printable(&"é".repeat(1000));
        assert_eq!(long.chars().count(), 301);
        assert!(long.ends_with("é…"));
        assert_eq!(printable(&"x".repeat(300)).len(), 300);
    }

    #[test]
    fn a_refusal_says_what_where_why_and_what_to_do() {
        let refused = |status, code: &str, message: &str| {
            let endpoint = "POST http://mlflow/api".into();
            let (code, message) = (code.into(), message.into());
            let doing = "create the run".into();
            MirrorError::Refused { doing, endpoint, status, code, message }.to_string()
        };
        let said = refused(400, "INVALID_PARAMETER_VALUE", "no such thing");
        let wanted = "cannot create the run: POST http://mlflow/api answered 400 \
                      (INVALID_PARAMETER_VALUE): no such thing";
        assert_eq!(said, wanted);
        assert!(refused(401, "", "").contains("answered 401; check MLFLOW_TRACKING_TOKEN"));
        assert!(refused(404, "", "").contains("check that the address"));
        assert!(!refused(404, "RESOURCE_DOES_NOT_EXIST", "").contains("address"));
    }
}
