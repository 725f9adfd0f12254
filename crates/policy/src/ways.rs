//! Ways in: what a sign-in must bring, and the antichain of the least demanding ones.

use model::guarantee::{DeviceRequirement, SessionLimits};

use crate::needs::Needs;

/// Device neither compliant nor hybrid-joined.
pub(crate) const UNMANAGED: u8 = 1;
/// Compliant, not hybrid-joined.
pub(crate) const COMPLIANT_ONLY: u8 = 2;
/// Hybrid-joined, not compliant.
pub(crate) const HYBRID_ONLY: u8 = 4;
/// Both.
pub(crate) const BOTH: u8 = 8;
/// Any device.
pub(crate) const ANY_DEVICE: u8 = 15;
/// Compliant, whatever else.
pub(crate) const COMPLIANT: u8 = COMPLIANT_ONLY | BOTH;
/// Hybrid-joined, whatever else.
pub(crate) const HYBRID: u8 = HYBRID_ONLY | BOTH;

/// Limits on a session; ordered component by component, more being stricter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Session {
    /// Longest time between sign-ins in hours; `u32::MAX` for no limit.
    pub frequency: u32,
    /// Bits of the other limits.
    pub flags: u8,
}

impl Session {
    /// No limit.
    pub const NONE: Self = Self { frequency: u32::MAX, flags: 0 };
    /// The browser session ends with the browser.
    pub const NEVER_PERSISTENT: u8 = 1;
    /// Exchange and SharePoint restrict the session.
    pub const APP_ENFORCED: u8 = 2;
    /// Defender for Cloud Apps.
    pub const CLOUD_APP: u8 = 4;
    /// Token protection.
    pub const TOKEN_PROTECTION: u8 = 8;

    /// The strictest of both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { frequency: self.frequency.min(other.frequency), flags: self.flags | other.flags }
    }

    fn is_weaker_or_equal(self, other: Self) -> bool {
        self.frequency >= other.frequency && self.flags & !other.flags == 0
    }

    /// The words' form.
    pub fn limits(self) -> SessionLimits {
        let has = |flag: u8| self.flags & flag != 0;
        SessionLimits {
            sign_in_frequency_hours: (self.frequency != u32::MAX).then_some(self.frequency),
            browser_never_persistent: has(Self::NEVER_PERSISTENT),
            application_enforced: has(Self::APP_ENFORCED),
            cloud_app_security: has(Self::CLOUD_APP),
            token_protection: has(Self::TOKEN_PROTECTION),
        }
    }
}

/// One way in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Way {
    /// What must be proven.
    pub(crate) needs: Needs,
    /// Allowed kinds of device: unmanaged, compliant, hybrid, both.
    pub(crate) device: u8,
    /// Other controls that must be met, as bits of the policy set's table.
    pub(crate) controls: u64,
    /// Limits on the session.
    pub(crate) session: Session,
}

impl Way {
    /// A password, from anywhere.
    pub(crate) const OPEN: Self =
        Self { needs: Needs::NONE, device: ANY_DEVICE, controls: 0, session: Session::NONE };

    /// Both at once; absent where nothing satisfies both.
    pub(crate) fn and(&self, other: &Self) -> Option<Self> {
        let needs = self.needs.and(other.needs);
        let device = self.device & other.device;
        (!needs.are_hopeless() && device != 0).then(|| Self {
            needs,
            device,
            controls: self.controls | other.controls,
            session: self.session.and(other.session),
        })
    }

    /// Whether whoever satisfies the other satisfies this.
    pub(crate) fn is_weaker_or_equal(&self, other: &Self) -> bool {
        self.needs.are_implied_by(other.needs)
            && other.device & !self.device == 0
            && self.controls & !other.controls == 0
            && self.session.is_weaker_or_equal(other.session)
    }

    /// The device in words' form.
    pub(crate) fn device_requirement(&self) -> DeviceRequirement {
        match self.device {
            device if device & UNMANAGED != 0 => DeviceRequirement::Any,
            device if device & !BOTH == 0 => DeviceRequirement::CompliantAndHybrid,
            device if device & !COMPLIANT == 0 => DeviceRequirement::Compliant,
            device if device & !HYBRID == 0 => DeviceRequirement::HybridJoined,
            _ => DeviceRequirement::CompliantOrHybrid,
        }
    }

    /// Whether a password, from any device, is enough; limits on the session do not matter.
    pub(crate) fn takes_password(&self, password: u64) -> bool {
        self.needs.take(password) && !self.is_managed() && self.controls == 0
    }

    /// Whether only a managed device gets in.
    pub(crate) fn is_managed(&self) -> bool {
        self.device & UNMANAGED == 0
    }
}

/// The least demanding ways in: an antichain, sorted. Empty means blocked.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ways(pub(crate) Vec<Way>);

impl Ways {
    /// A password is enough.
    pub(crate) fn open() -> Self {
        Self(vec![Way::OPEN])
    }

    /// No way in.
    pub(crate) fn blocked() -> Self {
        Self(Vec::new())
    }

    /// Whether there is no way in.
    pub fn is_blocked(&self) -> bool {
        self.0.is_empty()
    }

    /// The antichain of some ways.
    pub(crate) fn of(mut all: Vec<Way>) -> Self {
        all.sort_unstable();
        all.dedup();
        let kept = all
            .iter()
            .filter(|way| !all.iter().any(|other| other != *way && other.is_weaker_or_equal(way)))
            .copied()
            .collect();
        Self(kept)
    }

    /// Both must be satisfied, each by itself.
    pub(crate) fn and(&self, other: &Self) -> Self {
        let pairs = self.0.iter().flat_map(|a| other.0.iter().filter_map(move |b| a.and(b)));
        Self::of(pairs.collect())
    }

    /// Either is enough.
    pub(crate) fn or(&self, other: &Self) -> Self {
        Self::of(self.0.iter().chain(&other.0).copied().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::methods::ANY_METHOD;

    fn way(combinations: u64, device: u8) -> Way {
        Way { needs: Needs::one_of(combinations), device, ..Way::OPEN }
    }

    #[test]
    fn of_two_alternatives_the_weaker_counts() {
        let either = Ways::of(vec![way(0b1, ANY_DEVICE), way(0b11, ANY_DEVICE)]);
        assert_eq!(either.0, [way(0b11, ANY_DEVICE)]);
    }

    #[test]
    fn alternatives_that_cannot_be_compared_both_stay() {
        let either = Ways::of(vec![way(0b1, ANY_DEVICE), way(ANY_METHOD, COMPLIANT)]);
        assert_eq!(either.0.len(), 2);
    }

    #[test]
    fn controls_are_not_pooled_across_policies() {
        let mfa_or_device = Ways::of(vec![way(0b1, ANY_DEVICE), way(ANY_METHOD, COMPLIANT)]);
        let device = Ways::of(vec![way(ANY_METHOD, COMPLIANT)]);
        assert_eq!(mfa_or_device.and(&device).0, [way(ANY_METHOD, COMPLIANT)]);
    }

    #[test]
    fn strengths_without_a_common_combination_are_met_by_a_method_of_each() {
        let a = Ways::of(vec![way(0b01, ANY_DEVICE)]);
        let b = Ways::of(vec![way(0b10, ANY_DEVICE)]);
        let both = a.and(&b);
        assert!(!both.is_blocked());
        assert!(a.0[0].is_weaker_or_equal(&both.0[0]) && b.0[0].is_weaker_or_equal(&both.0[0]));
    }

    #[test]
    fn a_strength_that_allows_nothing_leaves_no_way_in() {
        let nothing = Ways::of(vec![way(0, ANY_DEVICE)]);
        assert!(Ways::open().and(&nothing).is_blocked());
    }
}
