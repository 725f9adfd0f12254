-- What detection learns, decides and finds.

-- Trained models, never changed.
CREATE TABLE model_version (
    tenant     VARCHAR   NOT NULL,
    version    INTEGER   NOT NULL,  -- from 1, by tenant
    trained_at TIMESTAMP NOT NULL,  -- UTC
    training   VARCHAR   NOT NULL,  -- JSON: data, parameters, metrics
    artefact   BLOB      NOT NULL   -- detect's own form, checksummed
);

-- Which version is champion, and which challenger.
CREATE TABLE model_alias (
    tenant  VARCHAR   NOT NULL,
    alias   VARCHAR   NOT NULL,
    version INTEGER   NOT NULL,
    set_at  TIMESTAMP NOT NULL,  -- UTC
    actor   VARCHAR   NOT NULL
);

-- What was done with models, append-only.
CREATE TABLE model_event (
    tenant  VARCHAR   NOT NULL,
    done_at TIMESTAMP NOT NULL,  -- UTC
    actor   VARCHAR   NOT NULL,
    action  VARCHAR   NOT NULL,  -- trained, promoted, refused, rolled-back
    version INTEGER   NOT NULL,
    detail  VARCHAR   NOT NULL   -- JSON
);

-- All that the judgement of a tenant's next sign-in needs; one row a tenant.
CREATE TABLE detection_state (
    tenant      VARCHAR   NOT NULL,
    feature_set VARCHAR   NOT NULL,
    imports     VARCHAR   NOT NULL,  -- JSON list: imports of which every sign-in was seen
    saved_at    TIMESTAMP NOT NULL,  -- UTC
    body        BLOB      NOT NULL   -- zstd
);

-- Incidents; extended while they go on.
CREATE TABLE incident (
    tenant        VARCHAR   NOT NULL,
    id            VARCHAR   NOT NULL,
    kind          VARCHAR   NOT NULL,
    severity_rank UTINYINT  NOT NULL,
    score         DOUBLE    NOT NULL,  -- 0 to 1
    first_at      TIMESTAMP NOT NULL,  -- UTC
    last_at       TIMESTAMP NOT NULL,  -- UTC
    told_at       TIMESTAMP NOT NULL,  -- UTC, of the sign-in that made it an alert
    body          VARCHAR   NOT NULL   -- JSON
);

-- The score of every sign-in that was judged.
CREATE TABLE sign_in_score (
    tenant        VARCHAR   NOT NULL,
    sign_in_id    VARCHAR   NOT NULL,
    happened_at   TIMESTAMP NOT NULL,  -- UTC
    score         FLOAT     NOT NULL,  -- 0 to 1
    forest_p      FLOAT     NOT NULL,
    evidence_p    FLOAT     NOT NULL,
    tier          VARCHAR   NOT NULL,  -- pooled, user
    model_version INTEGER   NOT NULL
);
