//! Aliases of a model's versions.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::json;

use crate::error::MirrorError;
use crate::given;
use crate::server::{MlflowServer, found};
use crate::wire;

/// The aliases that are cstack's to set and to take away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Alias {
    /// The version that judges.
    Champion,
    /// The version that judges beside it, on trial.
    Challenger,
}

impl Alias {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Champion, Self::Challenger];

    /// The alias as MLflow has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Champion => "champion",
            Self::Challenger => "challenger",
        }
    }
}

impl MlflowServer {
    /// Points the aliases at versions, by the numbers that they have on the server, and takes away
    /// those of [`Alias`] that are not given. Aliases of anyone else's stay as they are.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached or refuses, or if there is no such model or version. With no
    /// alias given, a model that is missing is as it should be.
    pub fn mirror_aliases(
        &self,
        model: &str,
        aliases: &BTreeMap<Alias, u64>,
    ) -> Result<(), MirrorError> {
        given::model(model)?;
        let doing = format!("find the model `{model}`");
        let query = [("name", model)];
        let answer = self.get::<wire::ModelAnswer>(&doing, "registered-models/get", &query);
        let answer = if aliases.is_empty() { found(answer)? } else { Some(answer?) };
        let there = answer.map(|answer| answer.registered_model.aliases).unwrap_or_default();
        for alias in Alias::ALL {
            let name = alias.as_str();
            let points_to = there.iter().find(|one| one.alias == name).map(|one| &one.version);
            let wanted = aliases.get(&alias).map(ToString::to_string);
            let path = "registered-models/alias";
            match (&wanted, points_to) {
                (Some(wanted), found) if found != Some(wanted) => {
                    let doing =
                        format!("point `{name}` at version {wanted} of the model `{model}`");
                    let body = json!({ "name": model, "alias": name, "version": wanted });
                    self.send(&doing, Method::POST, path, body)?;
                }
                (None, Some(_)) => {
                    let doing = format!("take the alias `{name}` off the model `{model}`");
                    let body = json!({ "name": model, "alias": name });
                    self.send(&doing, Method::DELETE, path, body)?;
                }
                _ => {}
            }
        }
        Ok(())
    }
}
