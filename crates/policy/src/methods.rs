//! Authentication method combinations as bits.

use std::collections::BTreeMap;

use model::guarantee::AuthenticationLevel;
use model::strength::{
    MULTIFACTOR_COMBINATIONS, PASSWORDLESS_COMBINATIONS, PHISHING_RESISTANT_COMBINATIONS,
    SINGLE_FACTORS, canonical_combination,
};

use crate::needs::Needs;

/// Every combination, known or not: no requirement.
pub(crate) const ANY_METHOD: u64 = u64::MAX;
/// A combination that no strength names: a factor of any kind.
const OTHER: u32 = 63;

/// The combinations that strengths name, each with a bit; built once for a policy set.
#[derive(Debug, Clone)]
pub(crate) struct Methods {
    bits: BTreeMap<String, u32>,
    pub(crate) mfa: u64,
    pub(crate) passwordless: u64,
    pub(crate) phishing_resistant: u64,
    pub(crate) password: u64,
}

impl Methods {
    pub(crate) fn new() -> Self {
        let mut methods = Self {
            bits: BTreeMap::new(),
            mfa: 0,
            passwordless: 0,
            phishing_resistant: 0,
            password: 0,
        };
        for combination in MULTIFACTOR_COMBINATIONS {
            methods.mfa |= methods.bit(combination);
        }
        for combination in PASSWORDLESS_COMBINATIONS {
            methods.passwordless |= methods.bit(combination);
        }
        for combination in PHISHING_RESISTANT_COMBINATIONS {
            methods.phishing_resistant |= methods.bit(combination);
        }
        for factor in SINGLE_FACTORS {
            methods.bit(factor);
        }
        methods.password = methods.bit("password");
        methods
    }

    /// The bit of a combination. One that Microsoft does not list counts as a single factor,
    /// because nothing says that it is more. Beyond 63 combinations the last bit is shared, which
    /// can only weaken what is concluded.
    pub(crate) fn bit(&mut self, combination: &str) -> u64 {
        let next = u32::try_from(self.bits.len()).unwrap_or(OTHER).min(OTHER);
        1 << *self.bits.entry(canonical_combination(combination)).or_insert(next)
    }

    /// How strong a proof is that meets some needs: as strong as the strictest of them.
    pub(crate) fn level(&self, needs: Needs) -> AuthenticationLevel {
        let strictest = needs.sets().map(|set| self.level_of(set)).max();
        strictest.unwrap_or(AuthenticationLevel::SingleFactor)
    }

    /// How strong the weakest of some combinations is.
    fn level_of(&self, methods: u64) -> AuthenticationLevel {
        let within = |set: u64| methods & !set == 0;
        if within(self.phishing_resistant) {
            AuthenticationLevel::PhishingResistant
        } else if within(self.passwordless) {
            AuthenticationLevel::Passwordless
        } else if within(self.mfa) {
            AuthenticationLevel::Mfa
        } else {
            AuthenticationLevel::SingleFactor
        }
    }

    /// The names of the combinations of each set where they are fewer than its level allows.
    pub(crate) fn narrowed(&self, needs: Needs) -> Vec<Vec<String>> {
        needs.sets().map(|set| self.names(set)).filter(|names| !names.is_empty()).collect()
    }

    fn names(&self, methods: u64) -> Vec<String> {
        let whole = match self.level_of(methods) {
            AuthenticationLevel::PhishingResistant => self.phishing_resistant,
            AuthenticationLevel::Passwordless => self.passwordless,
            AuthenticationLevel::Mfa => self.mfa,
            AuthenticationLevel::SingleFactor => ANY_METHOD,
        };
        if methods == whole {
            return Vec::new();
        }
        self.bits
            .iter()
            .filter(|(_, bit)| methods >> **bit & 1 == 1)
            .map(|(name, _)| name.clone())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_single_factor_in_a_custom_strength_makes_it_single_factor() {
        let mut methods = Methods::new();
        let set = methods.bit("fido2") | methods.bit("password");
        assert_eq!(methods.level_of(set), AuthenticationLevel::SingleFactor);
    }

    #[test]
    fn the_order_within_a_combination_does_not_matter() {
        let mut methods = Methods::new();
        assert_eq!(methods.bit("sms, password"), methods.bit("password,sms"));
        let pair = methods.bit("voice, password");
        assert_eq!(methods.level_of(pair), AuthenticationLevel::Mfa);
    }

    #[test]
    fn two_strengths_are_as_strong_as_the_stricter() {
        let mut methods = Methods::new();
        let certificate = methods.bit("x509CertificateSingleFactor");
        let both = Needs::one_of(methods.mfa).and(Needs::one_of(certificate));
        assert_eq!(methods.level(both), AuthenticationLevel::Mfa);
    }
}
