//! What a user agent says: program, its major version, system.

/// A user agent, taken apart. Versions are left out of `program`: they change every month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Agent {
    /// `Edge`, `Chrome`, `axios`, ...
    pub program: &'static str,
    /// Major version; 0 where it tells none.
    pub major: u16,
    /// `Windows`, `macOS`, ...
    pub system: &'static str,
}

/// Programs by a word that only their user agents have; the first that matches counts, as browsers
/// carry each other's names.
const PROGRAMS: &[(&str, &str)] = &[
    ("BAV2ROPC", "BAV2ROPC"),
    ("CBAInPROD", "CBAInPROD"),
    ("CBAInTAR", "CBAInTAR"),
    ("azurehound/", "AzureHound"),
    ("sharphound/", "SharpHound"),
    ("bloodhound/", "BloodHound"),
    ("python-requests/", "python-requests"),
    ("aiohttp/", "aiohttp"),
    ("python-httpx/", "httpx"),
    ("axios/", "axios"),
    ("undici", "undici"),
    ("node-fetch", "node"),
    ("okhttp/", "okhttp"),
    ("curl/", "curl"),
    ("Go-http-client/", "Go"),
    ("Java/", "Java"),
    ("WindowsPowerShell/", "PowerShell"),
    ("PowerShell/", "PowerShell"),
    ("azsdk-", "Azure SDK"),
    ("MSAL", "MSAL"),
    ("Teams/", "Teams"),
    ("Microsoft Office/", "Office"),
    ("Outlook-iOS/", "Outlook mobile"),
    ("Outlook-Android/", "Outlook mobile"),
    ("Microsoft Outlook", "Outlook"),
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("Edge/", "Edge (old)"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("HeadlessChrome/", "Chrome headless"),
    ("Chrome/", "Chrome"),
    ("Version/", "Safari"),
    ("MSIE ", "Internet Explorer"),
    ("Trident/", "Internet Explorer"),
    ("Dalvik/", "Android app"),
    ("CFNetwork/", "Apple app"),
];

/// Systems by a word; phones first, as they carry the names of others.
const SYSTEMS: &[(&str, &str)] = &[
    ("iphone", "iOS"),
    ("ipad", "iOS"),
    ("ios", "iOS"),
    ("android", "Android"),
    ("windows phone", "Windows Phone"),
    ("windows", "Windows"),
    ("cros", "ChromeOS"),
    ("macintosh", "macOS"),
    ("macos", "macOS"),
    ("mac", "macOS"),
    ("darwin", "macOS"),
    ("linux", "Linux"),
];

impl Agent {
    /// Takes a user agent apart. `node` alone is a program too: what runs in a phishing kit.
    pub fn of(text: &str) -> Self {
        let found = PROGRAMS.iter().find_map(|(sign, program)| {
            text.find(sign).map(|at| (*program, text.get(at + sign.len()..).unwrap_or_default()))
        });
        let (program, rest) = found.unwrap_or_else(|| match text.trim() {
            "" => ("", ""),
            "node" => ("node", ""),
            _ => ("another", ""),
        });
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        Self { program, major: digits.parse().unwrap_or(0), system: system(text) }
    }
}

/// The system that a text names; empty for none that is known.
pub fn system(text: &str) -> &'static str {
    let text = text.to_ascii_lowercase();
    SYSTEMS.iter().find(|(sign, _)| has_word(&text, sign)).map_or("", |(_, system)| system)
}

/// Whether a word stands in a text, with no letter before or after: `axios` is no phone, and
/// `Microsoft` no Chromebook.
fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text.get(at + word.len()..).and_then(|after| after.chars().next());
        let letter = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphabetic());
        !letter(before) && !letter(after)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agent(program: &'static str, major: u16, system: &'static str) -> Agent {
        Agent { program, major, system }
    }

    #[test]
    fn edge_is_not_taken_for_the_chrome_that_it_names() {
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.3595.53";
        assert_eq!(Agent::of(edge), agent("Edge", 142, "Windows"));
        let phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1";
        assert_eq!(Agent::of(phone), agent("Safari", 18, "iOS"));
    }

    #[test]
    fn programs_that_kits_are_made_of_have_names() {
        assert_eq!(Agent::of("axios/1.7.9"), agent("axios", 1, ""));
        assert_eq!(Agent::of("node"), agent("node", 0, ""));
        assert_eq!(Agent::of("BAV2ROPC"), agent("BAV2ROPC", 0, ""));
        assert_eq!(Agent::of("python-requests/2.32.3"), agent("python-requests", 2, ""));
    }

    #[test]
    fn systems_are_words_and_not_parts_of_words() {
        assert_eq!(system("Windows10"), "Windows");
        assert_eq!(system("Ios 17.2"), "iOS");
        assert_eq!(system("MacOs"), "macOS");
        assert_eq!(system("Microsoft Office/16.0 axios"), "");
    }

    #[test]
    fn what_nobody_knows_is_another_and_nothing_is_nothing() {
        assert_eq!(Agent::of("MyBackup 4.2").program, "another");
        assert_eq!(Agent::of("  ").program, "");
    }
}
