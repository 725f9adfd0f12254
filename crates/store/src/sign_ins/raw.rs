//! Original records, packed many together.

use duckdb::{Connection, OptionalExt as _, params};
use model::Timestamp;

use crate::times::to_sql;
use crate::{Store, StoreError};

/// Bytes of records that one block holds before it is closed: enough to compress well, little to
/// unpack for one record.
const BLOCK: usize = 256 * 1024;
/// zstd's fastest ordinary level: an eighth of the size at several hundred megabytes a second.
const LEVEL: i32 = 1;

/// A block that is closed.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) number: i64,
    pub(super) first_at: Timestamp,
    pub(super) last_at: Timestamp,
    pub(super) body: Vec<u8>,
}

/// Packs records, in the order in which they come.
pub(super) struct Packer {
    next: i64,
    lines: u32,
    text: Vec<u8>,
    span: Option<(Timestamp, Timestamp)>,
    pub(super) closed: Vec<Block>,
}

impl Packer {
    /// Blocks are numbered from `next`.
    pub(super) fn new(next: i64) -> Self {
        Self { next, lines: 0, text: Vec::new(), span: None, closed: Vec::new() }
    }

    /// Takes a record; where it will be found.
    pub(super) fn add(&mut self, at: Timestamp, record: &str) -> Result<(i64, u32), StoreError> {
        let place = (self.next, self.lines);
        // A record is one line: line ends between its tokens are blanks to JSON.
        let line =
            record.bytes().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { byte });
        self.text.extend(line);
        self.text.push(b'\n');
        self.lines += 1;
        let (first, last) = self.span.unwrap_or((at, at));
        self.span = Some((first.min(at), last.max(at)));
        if self.text.len() >= BLOCK {
            self.close()?;
        }
        Ok(place)
    }

    /// Closes the block that is open, if it has anything.
    pub(super) fn close(&mut self) -> Result<(), StoreError> {
        let Some((first_at, last_at)) = self.span.take() else { return Ok(()) };
        let number = self.next;
        let body = zstd::bulk::compress(&self.text, LEVEL)
            .map_err(|cause| StoreError::Packed { block: number, cause })?;
        self.closed.push(Block { number, first_at, last_at, body });
        self.next += 1;
        self.lines = 0;
        self.text.clear();
        Ok(())
    }
}

/// Writes blocks.
pub(super) fn append(
    tx: &Connection,
    tenant: &str,
    import_id: &str,
    blocks: &[Block],
) -> Result<(), StoreError> {
    let mut appender = tx.appender_to_catalog_and_db("sign_in_raw", "s", "main")?;
    for block in blocks {
        appender.append_row(params![
            tenant,
            import_id,
            block.number,
            to_sql(block.first_at),
            to_sql(block.last_at),
            block.body,
        ])?;
    }
    // Dropping alone would swallow the error.
    appender.flush()?;
    Ok(())
}

/// One record of a block; none where the block is no longer kept.
pub(super) fn record(
    conn: &Connection,
    tenant: &str,
    import_id: &str,
    (number, line): (i64, u32),
) -> Result<Option<String>, StoreError> {
    let body: Option<Vec<u8>> = conn
        .query_row(
            "SELECT body FROM sign_in_raw WHERE tenant = ? AND import_id = ? AND block = ?",
            params![tenant, import_id, number],
            |row| row.get(0),
        )
        .optional()?;
    let Some(body) = body else { return Ok(None) };
    let text = zstd::stream::decode_all(body.as_slice())
        .map_err(|cause| StoreError::Packed { block: number, cause })?;
    let found = usize::try_from(line).ok().and_then(|line| text.split(|b| *b == b'\n').nth(line));
    Ok(found.map(|line| String::from_utf8_lossy(line).into_owned()))
}

const IMPORTED_BEFORE: &str =
    "import_id IN (SELECT import_id FROM sign_in_import WHERE imported_at < ?)";

impl Store {
    /// Lets the original records go that were imported before a time; how many blocks went. What was
    /// read from them stays.
    ///
    /// # Errors
    /// [`StoreError`] where the database is busy or cannot be written.
    pub fn forget_raw_sign_ins(&self, before: Timestamp) -> Result<usize, StoreError> {
        if !self.exists() {
            return Ok(0);
        }
        let old = self.read(|conn| {
            let sql = format!("SELECT count(*) FROM sign_in_raw WHERE {IMPORTED_BEFORE}");
            Ok(conn.query_row(&sql, [to_sql(before)], |row| row.get::<_, i64>(0))?)
        })?;
        if old == 0 {
            return Ok(0);
        }
        self.write(|tx| {
            let sql = format!("DELETE FROM sign_in_raw WHERE {IMPORTED_BEFORE}");
            Ok(tx.execute(&sql, [to_sql(before)])?)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_over_several_lines_is_kept_as_one() {
        let mut packer = Packer::new(7);
        let at = Timestamp::UNIX_EPOCH;
        assert_eq!(packer.add(at, "{\n \"a\": 1\r\n}").unwrap(), (7, 0));
        assert_eq!(packer.add(at, "{}").unwrap(), (7, 1));
        packer.close().unwrap();
        packer.close().unwrap();
        let [block] = packer.closed.as_slice() else { panic!("one block") };
        let text = zstd::stream::decode_all(block.body.as_slice()).unwrap();
        assert_eq!(text, b"{  \"a\": 1  }\n{}\n");
    }

    #[test]
    fn a_full_block_is_closed_and_the_next_begins() {
        let mut packer = Packer::new(0);
        let record = "x".repeat(BLOCK);
        assert_eq!(packer.add(Timestamp::UNIX_EPOCH, &record).unwrap(), (0, 0));
        assert_eq!(packer.add(Timestamp::UNIX_EPOCH, "y").unwrap(), (1, 0));
    }
}
