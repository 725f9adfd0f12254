-- Sign-ins as they were read from any of the four logs, and the originals for as long as they are kept.
-- A row counts once its import has a row in sign_in_import.

CREATE TABLE sign_in (
    tenant               VARCHAR   NOT NULL,
    import_id            VARCHAR   NOT NULL,
    id                   VARCHAR   NOT NULL,
    happened_at          TIMESTAMP NOT NULL,  -- UTC
    kind                 VARCHAR   NOT NULL,
    shape                VARCHAR   NOT NULL,
    account_id           VARCHAR,
    account_name         VARCHAR,
    account_display_name VARCHAR,
    user_type            VARCHAR,
    home_tenant_id       VARCHAR,
    cross_tenant_access  VARCHAR,
    app_id               VARCHAR,
    app_name             VARCHAR,
    resource_id          VARCHAR,
    resource_name        VARCHAR,
    ip                   VARCHAR,
    asn                  UINTEGER,
    organisation         VARCHAR,
    country              VARCHAR,
    region               VARCHAR,
    city                 VARCHAR,
    latitude             DOUBLE,              -- degrees north
    longitude            DOUBLE,              -- degrees east
    accuracy_km          USMALLINT,
    client               VARCHAR,
    user_agent           VARCHAR,
    protocol             VARCHAR,
    transfer_method      VARCHAR,
    incoming_token       VARCHAR,
    device_id            VARCHAR,
    device_name          VARCHAR,
    operating_system     VARCHAR,
    browser              VARCHAR,
    is_compliant         BOOLEAN,
    is_managed           BOOLEAN,
    trust_type           VARCHAR,
    session_id           VARCHAR,
    token_id             VARCHAR,
    correlation_id       VARCHAR,
    requirement          VARCHAR,
    steps                VARCHAR,             -- JSON list, absent where empty
    code                 BIGINT    NOT NULL,  -- AADSTS; 0 for success
    reason               VARCHAR,
    detail               VARCHAR,
    conditional_access   VARCHAR,
    policies             VARCHAR,             -- JSON list, absent where empty
    risk_during_sign_in  VARCHAR,
    risk_aggregated      VARCHAR,
    risk_state           VARCHAR,
    risk_detail          VARCHAR,
    risk_event_types     VARCHAR,             -- JSON list, absent where empty
    raw_block            BIGINT,              -- in sign_in_raw
    raw_line             UINTEGER             -- line of the block, from 0
);

-- One row an import that was finished.
CREATE TABLE sign_in_import (
    import_id   VARCHAR   NOT NULL,  -- UUIDv7
    tenant      VARCHAR   NOT NULL,
    imported_at TIMESTAMP NOT NULL,  -- UTC
    origin      VARCHAR   NOT NULL,
    added       BIGINT    NOT NULL,
    first_at    TIMESTAMP,           -- UTC; of the earliest sign-in
    last_at     TIMESTAMP            -- UTC; of the latest
);

-- One row an import that has begun: the same files again go on where it was stopped.
CREATE TABLE sign_in_arrival (
    import_id   VARCHAR NOT NULL,
    tenant      VARCHAR NOT NULL,
    fingerprint VARCHAR NOT NULL     -- SHA-256 over the names, sizes and times of the files
);

-- Original records, many to a block, as zstd frames of lines.
CREATE TABLE sign_in_raw (
    tenant    VARCHAR   NOT NULL,
    import_id VARCHAR   NOT NULL,
    block     BIGINT    NOT NULL,
    first_at  TIMESTAMP NOT NULL,  -- UTC
    last_at   TIMESTAMP NOT NULL,  -- UTC
    body      BLOB      NOT NULL
);
