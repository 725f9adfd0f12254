//! A tenant gets another name, and its findings stay the same findings.

use duckdb::{Connection, params};
use model::canonical::sha256_hex;
use model::finding::fingerprint;
use model::tenant::TenantSlug;

use crate::StoreError;

/// Gives the findings of a tenant the identities that they have under its new name, as both of
/// their hashes hold the tenant's. The rows' tenant is changed too.
pub(crate) fn rename_tenant(
    conn: &Connection,
    from: &TenantSlug,
    to: &TenantSlug,
) -> Result<(), StoreError> {
    conn.execute_batch(
        "CREATE OR REPLACE TEMP TABLE staged_rename (
             old VARCHAR, fingerprint VARCHAR, content_hash VARCHAR)",
    )?;
    let mut statement =
        conn.prepare("SELECT fingerprint, rule, subject, evidence FROM finding WHERE tenant = ?")?;
    let mut rows = statement.query([from.as_str()])?;
    let mut appender = conn.appender_to_catalog_and_db("staged_rename", "temp", "main")?;
    while let Some(row) = rows.next()? {
        let old: String = row.get(0)?;
        let (rule, subject, evidence): (String, String, String) =
            (row.get(1)?, row.get(2)?, row.get(3)?);
        let subject: Vec<String> = serde_json::from_str(&subject)?;
        // The stored evidence is canonical already.
        let content_hash =
            sha256_hex(&[to.as_str().as_bytes(), rule.as_bytes(), evidence.as_bytes()]);
        appender.append_row(params![old, fingerprint(to, &rule, &subject), content_hash])?;
    }
    appender.flush()?;
    drop(appender);
    conn.execute(
        "MERGE INTO finding AS f USING staged_rename AS s ON f.fingerprint = s.old
         WHEN MATCHED THEN UPDATE SET
             fingerprint = s.fingerprint, content_hash = s.content_hash, tenant = ?",
        [to.as_str()],
    )?;
    conn.execute(
        "MERGE INTO finding_event AS e USING staged_rename AS s ON e.fingerprint = s.old
         WHEN MATCHED THEN UPDATE SET fingerprint = s.fingerprint, tenant = ?",
        [to.as_str()],
    )?;
    Ok(conn.execute_batch("DROP TABLE temp.main.staged_rename")?)
}
