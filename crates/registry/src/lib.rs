//! Mirrors training runs and model versions to an MLflow tracking server, over its REST API.
//!
//! [`MlflowServer`] writes a run with its params, metrics, tags and artefacts, registers versions
//! of a model and points aliases at them, so that whoever works with MLflow finds cstack's models
//! there. It only mirrors: cstack reads nothing back and works without a server.
//!
//! - The same again changes nothing: what was mirrored is told by the tags [`RUN_TAG`] and
//!   [`VERSION_TAG`]. What was mirrored half is completed.
//! - Blocking, and bounded in time by [`Settings`]. It must not be called from asynchronous code.
//! - Secrets are in [`Credentials`], and never in `Debug`, errors or addresses.
//! - Needs a server of MLflow 2 or 3. Artefacts go through the server (`--serve-artifacts`, which is
//!   how it starts), never to a store behind it.

mod address;
mod alias;
mod batch;
mod credentials;
mod error;
mod given;
mod http;
mod mlmodel;
mod run;
mod server;
mod version;
mod wire;

pub use alias::Alias;
pub use credentials::Credentials;
pub use error::MirrorError;
pub use mlmodel::MlModel;
pub use run::{Artefact, Metric, MirroredRun, RUN_TAG, TrainingRun};
pub use server::{MlflowServer, Settings};
pub use version::{MirroredVersion, ModelVersion, VERSION_TAG};
