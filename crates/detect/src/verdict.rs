//! What an error code says of the password and of the person.
//!
//! Codes and their meaning: Microsoft's list of AADSTS codes (2024-04); whether the password was
//! right follows from Conditional Access running after the first factor.

/// What became of a sign-in, as far as detection cares.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// A token was issued.
    Success,
    /// The first factor was right, and something later stopped it: worth more than a wrong password.
    Stopped,
    /// A second factor was asked for and was denied, timed out or was wrong.
    SecondFactorFailed,
    /// The user must enrol a second factor first: the password is right and there is no other.
    Unenrolled,
    /// The password was wrong.
    WrongPassword,
    /// The account is locked, or the address is known for attacks.
    Locked,
    /// The password has expired; it was probably right.
    Expired,
    /// The account is disabled.
    Disabled,
    /// There is no such account, or it has no password.
    NoAccount,
    /// The application is not known to the tenant.
    NoApplication,
    /// The dance of tokens and prompts; neither success nor failure.
    Interrupt,
    /// Any other failure.
    Failed,
}

impl Verdict {
    /// The verdict of an AADSTS code.
    pub const fn of(code: i64) -> Self {
        match code {
            0 => Self::Success,
            50_074
            | 50_076
            | 50_078
            | 50_158
            | 53_000..=53_004
            | 53_010
            | 53_011
            | 530_032
            | 530_034
            | 530_035
            | 65_001
            | 90_094
            | 50_105 => Self::Stopped,
            500_121 => Self::SecondFactorFailed,
            50_072 | 50_079 => Self::Unenrolled,
            50_126 | 50_064 => Self::WrongPassword,
            50_053 => Self::Locked,
            50_055 | 50_144 => Self::Expired,
            50_057 => Self::Disabled,
            50_034 | 50_056 => Self::NoAccount,
            700_016 => Self::NoApplication,
            50_058 | 50_059 | 50_097 | 50_125 | 50_132 | 50_133 | 50_135 | 50_140 | 50_173
            | 16_000 | 70_008 | 70_043 | 70_044 | 700_082 | 81_010 => Self::Interrupt,
            _ => Self::Failed,
        }
    }

    /// Whether somebody without the right password may be behind it: what counts in windows of
    /// failures.
    pub const fn is_guess(self) -> bool {
        matches!(
            self,
            Self::WrongPassword | Self::Locked | Self::Expired | Self::Disabled | Self::NoAccount
        )
    }

    /// Whether the first factor was right.
    pub const fn is_right_password(self) -> bool {
        matches!(self, Self::Success | Self::Stopped | Self::SecondFactorFailed | Self::Unenrolled)
    }

    /// Whether it is what people see as a failure.
    pub const fn is_failure(self) -> bool {
        !matches!(self, Self::Success | Self::Interrupt)
    }
}

#[cfg(test)]
mod tests {
    use super::Verdict;

    #[test]
    fn a_sign_in_that_conditional_access_blocked_had_the_right_password() {
        for code in [53_003, 53_000, 50_074, 50_076, 500_121, 530_032, 50_072] {
            let verdict = Verdict::of(code);
            assert!(verdict.is_right_password() && verdict.is_failure(), "{code}");
            assert!(!verdict.is_guess(), "{code}");
        }
    }

    #[test]
    fn prompts_and_expired_sessions_are_never_failures() {
        for code in [50_140, 50_058, 70_043, 16_000, 50_097] {
            assert!(!Verdict::of(code).is_failure(), "{code}");
        }
    }

    #[test]
    fn an_unknown_code_is_a_failure_that_says_nothing_of_the_password() {
        let verdict = Verdict::of(999_999);
        assert!(verdict.is_failure() && !verdict.is_right_password() && !verdict.is_guess());
    }
}
