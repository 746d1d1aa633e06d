-- Times are UTC text with nine decimals (2026-01-31T12:00:00.000000000Z): exact, readable, sorted as text.

CREATE TABLE identities (
    id            TEXT PRIMARY KEY NOT NULL,
    display_name  TEXT NOT NULL,
    consent_basis TEXT,
    expires_at    TEXT,
    created_at    TEXT NOT NULL,
    updated_at    TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- References and negatives. `seq` keeps the order in which they were added; `template` is the record of store/codec.rs.
CREATE TABLE samples (
    seq          INTEGER PRIMARY KEY,
    id           TEXT NOT NULL UNIQUE,
    identity_id  TEXT NOT NULL REFERENCES identities (id) ON DELETE CASCADE,
    kind         TEXT NOT NULL CHECK (kind IN ('reference', 'not_this_person', 'known_fake')),
    filename     TEXT,
    image_sha256 TEXT NOT NULL,
    added_at     TEXT NOT NULL,
    template     BLOB NOT NULL
) STRICT;

CREATE INDEX samples_by_identity ON samples (identity_id, seq);

-- `hash` is the SHA-256 of the whole key; the key itself is never stored.
CREATE TABLE api_keys (
    id           TEXT PRIMARY KEY NOT NULL,
    name         TEXT NOT NULL,
    scopes       TEXT NOT NULL,
    hash         BLOB NOT NULL CHECK (length(hash) = 32),
    created_at   TEXT NOT NULL,
    expires_at   TEXT,
    last_used_at TEXT,
    revoked_at   TEXT
) STRICT, WITHOUT ROWID;

-- One row: 1 from the deletion of a template until no file holds a byte of it, so that a crash in between is made good
-- at the next start.
CREATE TABLE erasure (
    only    INTEGER PRIMARY KEY CHECK (only = 1),
    pending INTEGER NOT NULL
) STRICT;

INSERT INTO erasure (only, pending) VALUES (1, 0);
