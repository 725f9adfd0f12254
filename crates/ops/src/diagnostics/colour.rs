//! Whether to colour.

use crate::config::{ColourChoice, Environment};

/// Where coloured text would go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// A terminal.
    Terminal,
    /// A pipe or a file.
    Other,
}

/// Whether text for this stream is coloured. A choice stands over the environment; `NO_COLOR`
/// stands over `CLICOLOR_FORCE`.
pub fn use_colour(choice: ColourChoice, environment: &Environment, stream: Stream) -> bool {
    match choice {
        ColourChoice::Always => true,
        ColourChoice::Never => false,
        ColourChoice::Auto if environment.get("NO_COLOR").is_some() => false,
        ColourChoice::Auto
            if environment.get("CLICOLOR_FORCE").is_some_and(|value| value != "0") =>
        {
            true
        }
        ColourChoice::Auto => stream == Stream::Terminal && environment.get("TERM") != Some("dumb"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_stands_over_the_environment_and_that_over_the_stream() {
        use ColourChoice::{Always, Auto, Never};
        use Stream::{Other, Terminal};
        let no: &[_] = &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")];
        let force: &[_] = &[("CLICOLOR_FORCE", "1")];
        for (choice, variables, stream, expected) in [
            (Auto, &[][..], Terminal, true),
            (Auto, &[], Other, false),
            (Auto, no, Terminal, false),
            (Auto, &[("NO_COLOR", "")], Terminal, true),
            (Auto, force, Other, true),
            (Auto, &[("CLICOLOR_FORCE", "0")], Other, false),
            (Auto, &[("TERM", "dumb")], Terminal, false),
            (Always, no, Other, true),
            (Never, force, Terminal, false),
        ] {
            let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
            let environment = variables.iter().map(owned).collect();
            let coloured = use_colour(choice, &environment, stream);
            assert_eq!(coloured, expected, "{choice:?} {variables:?} {stream:?}");
        }
    }
}
