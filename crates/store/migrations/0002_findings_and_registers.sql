-- Findings and their life, and the registers of what people declared.
-- No keys or indexes: one writer at a time, sources deduplicated before they are merged.

-- One row a finding: what was last seen of it, and where it stands. The standing repeats what
-- finding_event says, so that a listing reads one table.
CREATE TABLE finding (
    fingerprint   VARCHAR   NOT NULL,
    content_hash  VARCHAR   NOT NULL,
    tenant        VARCHAR   NOT NULL,
    rule          VARCHAR   NOT NULL,
    category      VARCHAR   NOT NULL,
    title         VARCHAR   NOT NULL,
    severity      UTINYINT  NOT NULL,  -- 0 info to 4 critical
    subject       VARCHAR   NOT NULL,  -- JSON array of ids
    subject_label VARCHAR   NOT NULL,
    evidence      VARCHAR   NOT NULL,  -- canonical JSON
    state         VARCHAR   NOT NULL,
    until         TIMESTAMP,           -- UTC; end of a snooze or acceptance
    assignee      VARCHAR,
    note          VARCHAR   NOT NULL,
    first_seen    TIMESTAMP NOT NULL,  -- UTC
    last_seen     TIMESTAMP NOT NULL,  -- UTC
    last_run      VARCHAR   NOT NULL,
    changed_at    TIMESTAMP NOT NULL   -- UTC; the last event
);

-- Append only.
CREATE TABLE finding_event (
    id          VARCHAR   NOT NULL,  -- UUIDv7
    fingerprint VARCHAR   NOT NULL,
    tenant      VARCHAR   NOT NULL,
    batch       VARCHAR   NOT NULL,
    actor       VARCHAR   NOT NULL,
    occurred_at TIMESTAMP NOT NULL,  -- UTC
    action      VARCHAR   NOT NULL,
    from_state  VARCHAR   NOT NULL,
    to_state    VARCHAR   NOT NULL,
    until       TIMESTAMP,           -- UTC
    assignee    VARCHAR,
    note        VARCHAR   NOT NULL,
    of_batch    VARCHAR
);

CREATE TABLE break_glass (
    tenant      VARCHAR   NOT NULL,
    user_id     VARCHAR   NOT NULL,
    label       VARCHAR   NOT NULL,
    declared_by VARCHAR   NOT NULL,
    declared_at TIMESTAMP NOT NULL,  -- UTC
    monitored   BOOLEAN              -- as attested; null where nobody said
);

CREATE TABLE exception (
    id           VARCHAR   NOT NULL,  -- UUIDv7
    tenant       VARCHAR   NOT NULL,
    subject_kind VARCHAR   NOT NULL,  -- principal, policy, rule
    subject_id   VARCHAR   NOT NULL,
    rule         VARCHAR,             -- limits it to one rule
    reason       VARCHAR   NOT NULL,
    owner        VARCHAR   NOT NULL,
    added_by     VARCHAR   NOT NULL,
    added_at     TIMESTAMP NOT NULL,  -- UTC
    expires_at   TIMESTAMP NOT NULL   -- UTC
);

-- Append only: who changed which register, when and how.
CREATE TABLE register_event (
    id          VARCHAR   NOT NULL,  -- UUIDv7
    tenant      VARCHAR   NOT NULL,
    register    VARCHAR   NOT NULL,  -- break-glass, exception
    entry       VARCHAR   NOT NULL,  -- the user's or the exception's id
    action      VARCHAR   NOT NULL,  -- added, changed, removed
    actor       VARCHAR   NOT NULL,
    occurred_at TIMESTAMP NOT NULL,  -- UTC
    detail      VARCHAR   NOT NULL   -- JSON: the entry after the change, or as it was removed
);
