//! Snippets with the tenant's own ids filled in.

use model::known::roles;
use model::snapshot::TenantSnapshot;

/// Fills a snippet's `{{...}}` from a tenant: `tenant`, `policy_id`, `policy_name`,
/// `break_glass_ids`, `role_ids`. What is not known stays as a marked placeholder.
pub fn fill_snippet(
    snippet: &str,
    snapshot: Option<&TenantSnapshot>,
    policy: Option<(&str, &str)>,
) -> String {
    let quoted = |ids: &[String]| {
        ids.iter().map(|id| format!("\"{}\"", shell_safe(id))).collect::<Vec<_>>().join(", ")
    };
    let tenant = snapshot.map_or_else(
        || "<tenant id>".to_owned(),
        |s| s.organization.as_ref().map_or_else(|| s.tenant.to_string(), |o| shell_safe(&o.id)),
    );
    let break_glass: Vec<String> = snapshot
        .map(|s| s.break_glass.iter().map(|account| account.user_id.clone()).collect())
        .unwrap_or_default();
    let role_ids: Vec<String> =
        roles::MICROSOFT_CA_ADMINS.iter().map(|id| (*id).to_owned()).collect();
    snippet
        .replace("{{tenant}}", &tenant)
        .replace("{{break_glass_ids}}", &quoted(&break_glass))
        .replace("{{role_ids}}", &quoted(&role_ids))
        .replace(
            "{{policy_id}}",
            &policy.map_or_else(|| "<policy id>".to_owned(), |p| shell_safe(p.0)),
        )
        .replace(
            "{{policy_name}}",
            &policy.map_or_else(|| "<policy>".to_owned(), |p| shell_safe(p.1)),
        )
}

/// Foreign text inside a double-quoted PowerShell string: nothing that ends it or is expanded.
fn shell_safe(text: &str) -> String {
    let banned =
        |c: &char| !matches!(c, '"' | '`' | '$' | '\u{201C}' | '\u{201D}' | '\u{201E}' | '\'');
    model::text::sanitize(text).chars().filter(banned).collect()
}

#[cfg(test)]
mod tests {
    use super::fill_snippet;

    #[test]
    fn a_policy_name_cannot_break_out_of_its_quotes() {
        let filled = fill_snippet(
            "Name \"{{policy_name}}\"",
            None,
            Some(("p", "x\"; Remove-MgUser $all `n")),
        );
        assert_eq!(filled, "Name \"x; Remove-MgUser all n\"");
    }
}
