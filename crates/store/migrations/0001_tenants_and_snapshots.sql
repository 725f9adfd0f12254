-- The ground: what was migrated, what was written, tenants, their objects through time, runs.
-- No keys or indexes: one writer at a time, sources deduplicated before they are merged.

CREATE TABLE schema_migration (
    version     INTEGER   NOT NULL,
    name        VARCHAR   NOT NULL,
    sha256      VARCHAR   NOT NULL,
    applied_at  TIMESTAMP NOT NULL,  -- UTC
    app_version VARCHAR   NOT NULL
);

-- One row; grows with every write, so that a reader knows when to look again.
CREATE TABLE store_revision (revision BIGINT NOT NULL);
INSERT INTO store_revision VALUES (0);

CREATE TABLE tenant (
    slug         VARCHAR   NOT NULL,
    display_name VARCHAR   NOT NULL,
    tenant_id    VARCHAR,
    groups       VARCHAR   NOT NULL,  -- JSON array of names
    licence_tier VARCHAR,
    source       VARCHAR   NOT NULL,  -- files, graph, demonstration
    added_at     TIMESTAMP NOT NULL,  -- UTC
    as_of        TIMESTAMP            -- UTC; what audits take as now, for the demonstration
);

-- A committed snapshot. Its objects are invisible until this row is there.
CREATE TABLE snapshot (
    snapshot_id VARCHAR   NOT NULL,  -- UUIDv7
    tenant      VARCHAR   NOT NULL,
    taken_at    TIMESTAMP NOT NULL,  -- UTC; when the export was made, as told
    recorded_at TIMESTAMP NOT NULL,  -- UTC; when it was committed here
    origin      VARCHAR   NOT NULL,
    partial     BOOLEAN   NOT NULL,
    added       INTEGER   NOT NULL,
    changed     INTEGER   NOT NULL,
    retired     INTEGER   NOT NULL
);

-- One row a version of an object; an object that does not change costs nothing.
CREATE TABLE object_version (
    tenant       VARCHAR   NOT NULL,
    kind         VARCHAR   NOT NULL,
    object_id    VARCHAR   NOT NULL,
    display_name VARCHAR   NOT NULL,
    content_hash VARCHAR   NOT NULL,  -- SHA-256 of the body
    body         VARCHAR   NOT NULL,  -- canonical JSON
    snapshot_id  VARCHAR   NOT NULL,  -- the snapshot that brought it
    valid_from   TIMESTAMP NOT NULL,  -- UTC
    valid_to     TIMESTAMP            -- UTC; absent while it is current
);

-- Kinds of which a whole listing was imported.
CREATE TABLE tenant_kind (
    tenant       VARCHAR   NOT NULL,
    kind         VARCHAR   NOT NULL,
    collected_at TIMESTAMP NOT NULL   -- UTC
);

CREATE TABLE run (
    id         VARCHAR   NOT NULL,  -- UUIDv7
    tenant     VARCHAR   NOT NULL,
    stage      VARCHAR   NOT NULL,
    started_at TIMESTAMP NOT NULL,  -- UTC
    ended_at   TIMESTAMP,           -- UTC
    outcome    VARCHAR   NOT NULL,  -- running, ok, failed
    detail     VARCHAR   NOT NULL   -- JSON
);
