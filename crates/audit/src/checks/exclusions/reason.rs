//! Whether a text gives a reason for an exclusion.

/// Beginnings of words that speak of an exclusion on purpose.
const BEGINNINGS: [&str; 8] =
    ["exclu", "exempt", "emergency", "bypass", "travel", "pilot", "temporar", "sync"];

/// Words that do so only in full.
const WORDS: [&str; 4] = ["except", "excepted", "exception", "exceptions"];

/// Words that turn the following two around.
const NEGATIONS: [&str; 6] = ["no", "not", "never", "none", "without", "cannot"];

/// Words that turn the one before around.
const NOBODY: [&str; 4] = ["nobody", "none", "nothing", "no"];

/// The words of a text or an identifier in lower case; `CABreakGlass` is three.
fn words(text: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut word = String::new();
    let letters: Vec<char> = text.chars().collect();
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| letters.get(at));
        let hump = letter.is_uppercase()
            && (before.is_some_and(|before| before.is_lowercase())
                || before.is_some_and(|before| before.is_uppercase())
                    && letters.get(at + 1).is_some_and(|after| after.is_lowercase()));
        if (hump || !letter.is_alphanumeric()) && !word.is_empty() {
            out.push(std::mem::take(&mut word));
        }
        if letter.is_alphanumeric() {
            word.extend(letter.to_lowercase());
        }
    }
    if !word.is_empty() {
        out.push(word);
    }
    out
}

/// Whether a text says that somebody meant the exclusion.
pub(super) fn tells_why(text: &str) -> bool {
    let words = words(text);
    let is = |at: Option<usize>, list: &[&str]| {
        at.and_then(|at| words.get(at)).is_some_and(|word| list.contains(&word.as_str()))
    };
    words.iter().enumerate().any(|(at, word)| {
        let speaks = BEGINNINGS.iter().any(|beginning| word.starts_with(beginning))
            || WORDS.contains(&word.as_str())
            || word.starts_with("breakglass")
            || word == "break" && is(Some(at + 1), &["glass"]);
        let negated = is(at.checked_sub(1), &NEGATIONS)
            || is(at.checked_sub(2), &NEGATIONS)
            || is(Some(at + 1), &NOBODY);
        speaks && !negated
    })
}

#[cfg(test)]
mod tests {
    use super::tells_why;

    #[test]
    fn words_that_speak_of_an_exclusion_are_a_reason() {
        for text in [
            "Excludes the break-glass accounts",
            "SG-CA-Exclude-MFA",
            "CABreakGlass",
            "{{EmergencyAccess}}",
            "Pilot until March",
            "Exempt: kiosk tablets",
            "Applies to staff, with an exception for the scanner",
            "People on travel",
        ] {
            assert!(tells_why(text), "{text}");
        }
    }

    #[test]
    fn a_fragment_of_another_word_is_no_reason() {
        for text in ["Breaks old Outlook", "Asynchronous jobs", "Exceptional care", "Unexempted"] {
            assert!(!tells_why(text), "{text}");
        }
    }

    #[test]
    fn a_denied_exclusion_is_no_reason() {
        for text in [
            "MFA for everybody, without exceptions",
            "No known exceptions",
            "Does not exclude anybody",
            "Excludes nobody",
        ] {
            assert!(!tells_why(text), "{text}");
        }
    }

    #[test]
    fn a_denial_elsewhere_takes_nothing_away() {
        assert!(tells_why("No MFA for legacy scanners: temporary, see the register"));
    }
}
