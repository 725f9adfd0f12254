//! Sign-ins: what a tenant has of them, and one in full.

use std::fmt::Write as _;

use model::Timestamp;
use model::sign_in::{AuthenticationStep, SignIn, SignInStats};
use model::tenant::TenantSlug;
use serde::Serialize;

use crate::layout::{Column, Grid, Paint, Screen, Span};
use crate::markdown::{block, escape};
use crate::{Envelope, Format, ReportError, SINGLE_FORMATS, Style, json, when};

/// A stored sign-in with what is known of its coming.
#[derive(Debug, Clone, Copy)]
pub struct SignInDetail<'a> {
    /// The tenant.
    pub tenant: &'a TenantSlug,
    /// The sign-in.
    pub sign_in: &'a SignIn,
    /// The record that it was read from, while that is kept.
    pub raw: Option<&'a str>,
    /// When it was imported.
    pub imported_at: Timestamp,
    /// Where it came from.
    pub origin: &'a str,
}

/// Writes what sign-ins a tenant has, as table, JSON or Markdown.
///
/// # Errors
/// [`ReportError::NoSuchFormat`] for another format; otherwise if a value has no JSON form.
pub fn sign_in_stats(
    tenant: &TenantSlug,
    stats: &SignInStats,
    envelope: &Envelope,
    format: Format,
    style: &Style,
) -> Result<String, ReportError> {
    #[derive(Serialize)]
    struct Body<'a> {
        tenant: &'a TenantSlug,
        stats: &'a SignInStats,
    }
    const NAME: &str = "the count of sign-ins";
    match format {
        Format::Table => Ok(draw_stats(tenant, stats, *style)),
        Format::Json => json::document(NAME, "signInStats", envelope, Body { tenant, stats }),
        Format::Markdown => {
            let mut out = format!("# Sign-ins of {}\n\n", escape(tenant.as_str()));
            for (label, value) in counted(stats) {
                let _ = writeln!(out, "- {label}: {}", escape(&value));
            }
            Ok(out)
        }
        Format::Ndjson | Format::Csv | Format::Sarif => {
            Err(ReportError::NoSuchFormat { report: NAME, format, known: SINGLE_FORMATS })
        }
    }
}

/// Writes one sign-in in full, as table, JSON or Markdown.
///
/// # Errors
/// [`ReportError::NoSuchFormat`] for another format; otherwise if a value has no JSON form.
pub fn sign_in(
    detail: &SignInDetail<'_>,
    envelope: &Envelope,
    format: Format,
    style: &Style,
) -> Result<String, ReportError> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Body<'a> {
        tenant: &'a TenantSlug,
        sign_in: &'a SignIn,
        original: Option<&'a str>,
        imported_at: Timestamp,
        origin: &'a str,
    }
    const NAME: &str = "a sign-in";
    match format {
        Format::Table => Ok(draw(detail, *style)),
        Format::Json => {
            let body = Body {
                tenant: detail.tenant,
                sign_in: detail.sign_in,
                original: detail.raw,
                imported_at: detail.imported_at,
                origin: detail.origin,
            };
            json::document(NAME, "signIn", envelope, body)
        }
        Format::Markdown => {
            let mut out = format!("# Sign-in {}\n\n", escape(&detail.sign_in.id));
            for (label, value) in facts(detail) {
                let _ = writeln!(out, "- {label}: {}", escape(&value));
            }
            if let Some(raw) = detail.raw {
                let _ = write!(out, "\n## Original record\n\n{}", block("json", raw));
            }
            Ok(out)
        }
        Format::Ndjson | Format::Csv | Format::Sarif => {
            Err(ReportError::NoSuchFormat { report: NAME, format, known: SINGLE_FORMATS })
        }
    }
}

/// `12,345 (96%)`
fn share(part: u64, of: u64) -> String {
    match part.saturating_mul(100).checked_div(of) {
        Some(percent) => format!("{part} ({percent}%)"),
        None => part.to_string(),
    }
}

fn counted(stats: &SignInStats) -> Vec<(&'static str, String)> {
    let mut facts = vec![("sign-ins", stats.total.to_string())];
    if let (Some(first), Some(last)) = (stats.first_at, stats.last_at) {
        facts.push(("from", format!("{} UTC", when::minute(first))));
        facts.push(("to", format!("{} UTC", when::minute(last))));
    }
    let listed = |counts: &std::collections::BTreeMap<String, u64>| {
        let parts: Vec<_> = counts.iter().map(|(name, count)| format!("{count} {name}")).collect();
        parts.join(", ")
    };
    let of = |part| share(part, stats.total);
    facts.extend([
        ("logs", listed(&stats.by_kind)),
        ("read as", listed(&stats.by_shape)),
        ("accounts", stats.accounts.to_string()),
        ("apps", stats.apps.to_string()),
        ("addresses", stats.addresses.to_string()),
        ("countries", stats.countries.to_string()),
        ("succeeded", of(stats.succeeded)),
        ("network", of(stats.with_asn)),
        ("place", of(stats.with_place)),
        ("session", of(stats.with_session)),
        ("risk", of(stats.with_risk)),
    ]);
    let since = stats.raw_since.map_or_else(String::new, |since| {
        format!("{} KiB, since {}", stats.raw_bytes.div_ceil(1024), when::day(since))
    });
    facts.push(("originals", since));
    facts.retain(|(_, value)| !value.is_empty());
    facts
}

fn draw_stats(tenant: &TenantSlug, stats: &SignInStats, style: Style) -> String {
    let mut screen = Screen::new(style);
    screen.line(&[Span::painted(format!("Sign-ins of {tenant}"), Paint::Bold)]);
    screen.blank();
    for (label, value) in counted(stats) {
        screen.labelled(2, label, &Span::new(value));
    }
    if !stats.codes.is_empty() {
        screen.heading("Outcomes");
        let mut grid =
            Grid::new(&[Column::right("CODE"), Column::right("SIGN-INS"), Column::left("MEANING")]);
        for (code, count) in &stats.codes {
            grid.add(vec![
                Span::new(code.to_string()),
                Span::new(share(*count, stats.total)),
                Span::painted(meaning(*code), Paint::Dim),
            ]);
        }
        screen.grid(&grid);
    }
    screen.finish()
}

/// What the codes mean that sign-in logs are full of (Microsoft's list of AADSTS codes, 2024-04).
fn meaning(code: i64) -> &'static str {
    match code {
        0 => "success",
        16_000 => "another account has to be chosen",
        50_034 => "no such user",
        50_053 => "locked, or from an address known for attacks",
        50_055 | 50_144 => "password expired",
        50_056 => "the account has no password",
        50_057 => "account disabled",
        50_058 => "no session for a silent sign-in",
        50_072 | 50_079 => "a second factor must be registered first",
        50_074 | 50_076 => "a second factor is needed",
        50_078 => "the second factor has expired",
        50_097 => "device authentication is needed",
        50_105 => "not assigned to the application",
        50_125 | 50_133 | 50_173 => "password changed, session no longer valid",
        50_126 => "wrong user name or password",
        50_140 => "asked whether to stay signed in",
        50_158 => "an external challenge was not met",
        500_121 => "second factor denied, timed out or wrong",
        53_000 | 53_001 => "device not compliant or not joined",
        53_003 => "blocked by Conditional Access",
        530_032 => "blocked by a security policy",
        65_001 => "consent is missing",
        70_008 | 700_082 => "token or code expired",
        70_043 | 70_044 => "session ended by the sign-in frequency",
        90_094 => "an administrator's consent is needed",
        700_016 => "application not found in the tenant",
        _ => "",
    }
}

fn facts(detail: &SignInDetail<'_>) -> Vec<(&'static str, String)> {
    let sign_in = detail.sign_in;
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let named = |name: &Option<String>, id: &Option<String>| match (name, id) {
        (Some(name), Some(id)) => format!("{name} ({id})"),
        (name, id) => name.clone().or_else(|| id.clone()).unwrap_or_default(),
    };
    let joined = |parts: &[&Option<String>]| {
        let parts: Vec<_> = parts.iter().filter_map(|part| part.as_deref()).collect();
        parts.join(", ")
    };
    let code = sign_in.outcome.code;
    let outcome = match meaning(code) {
        "" => format!("code {code}"),
        words if code == 0 => words.to_owned(),
        words => format!("{words} (code {code})"),
    };
    let point = sign_in.place.coordinates.map_or_else(String::new, |point| {
        let radius = point.accuracy_km.map_or_else(String::new, |km| format!(", within {km} km"));
        format!("{:.2}, {:.2}{radius}", point.latitude, point.longitude)
    });
    let flag = |value: Option<bool>, yes: &str, no: &str| {
        value.map(|value| if value { yes } else { no }.to_owned())
    };
    let state = [
        flag(sign_in.device.is_compliant, "compliant", "not compliant"),
        flag(sign_in.device.is_managed, "managed", "not managed"),
    ];
    let network = sign_in.network.asn.map(|asn| format!("AS{asn}"));
    let mut facts = vec![
        ("tenant", detail.tenant.to_string()),
        ("when", format!("{} UTC", when::minute(sign_in.at))),
        ("log", format!("{}, read as {}", sign_in.kind.as_str(), sign_in.shape.as_str())),
        ("account", named(&sign_in.account.name, &sign_in.account.id)),
        ("name", text(&sign_in.account.display_name)),
        ("type", joined(&[&sign_in.account.user_type, &sign_in.account.cross_tenant_access])),
        ("app", named(&sign_in.app.name, &sign_in.app.id)),
        ("resource", named(&sign_in.resource.name, &sign_in.resource.id)),
        ("address", sign_in.ip.map(|ip| ip.to_string()).unwrap_or_default()),
        ("network", joined(&[&network, &sign_in.network.organisation])),
        ("place", joined(&[&sign_in.place.city, &sign_in.place.region, &sign_in.place.country])),
        ("point", point),
        ("client", joined(&[&sign_in.client, &sign_in.protocol, &sign_in.transfer_method])),
        ("agent", text(&sign_in.user_agent)),
        ("device", named(&sign_in.device.name, &sign_in.device.id)),
        (
            "state",
            joined(&[
                &sign_in.device.operating_system,
                &sign_in.device.browser,
                &state[0],
                &state[1],
                &sign_in.device.trust_type,
            ]),
        ),
        ("session", text(&sign_in.session_id)),
        ("token", joined(&[&sign_in.token_id, &sign_in.incoming_token])),
        ("required", sign_in.requirement.map(|r| r.as_str().to_owned()).unwrap_or_default()),
        ("outcome", outcome),
        ("reason", joined(&[&sign_in.outcome.reason, &sign_in.outcome.detail])),
        ("policies", text(&sign_in.conditional_access)),
        ("risk", joined(&[&sign_in.risk.during_sign_in, &sign_in.risk.state])),
    ];
    for step in &sign_in.steps {
        facts.push(("factor", factor(step)));
    }
    for policy in &sign_in.policies {
        let result = policy.result.as_deref().unwrap_or("no result");
        facts.push(("policy", format!("{}: {result}", policy.name)));
    }
    let imported = format!("{} UTC, from {}", when::minute(detail.imported_at), detail.origin);
    facts.push(("imported", imported));
    facts.retain(|(_, value)| !value.is_empty());
    facts
}

/// `Password: passed; Mobile app notification: denied`
fn factor(step: &AuthenticationStep) -> String {
    let method = step.method.as_deref().unwrap_or("a factor");
    let result = step.result.as_deref().filter(|text| !text.is_empty()).or(match step.succeeded {
        Some(true) => Some("passed"),
        Some(false) => Some("not passed"),
        None => None,
    });
    result.map_or_else(|| method.to_owned(), |result| format!("{method}: {result}"))
}

fn draw(detail: &SignInDetail<'_>, style: Style) -> String {
    let mut screen = Screen::new(style);
    let title = format!("Sign-in {}", detail.sign_in.id);
    screen.paragraph(0, &Span::painted(title, Paint::Bold));
    screen.blank();
    for (label, value) in facts(detail) {
        screen.labelled(2, label, &Span::new(value));
    }
    screen.heading("Original record");
    match detail.raw {
        // Not wrapped: it is there to be copied.
        Some(raw) => screen.verbatim(2, raw),
        None => screen.line(&[Span::painted("  no longer kept", Paint::Dim)]),
    }
    screen.finish()
}
