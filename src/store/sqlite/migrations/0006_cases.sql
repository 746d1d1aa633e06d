-- Verdicts that are kept for a while for reviewers. What is sealed, is with a key of the identity for its cases
-- (`case_key`, wrapped by the master key; NULL until it has one), or with one of the service where a case is about nobody.

ALTER TABLE identities ADD COLUMN case_key BLOB;

CREATE TABLE cases (
    id           TEXT PRIMARY KEY NOT NULL,
    made_at      TEXT NOT NULL,
    request      TEXT,
    key_id       TEXT,
    identity_id  TEXT REFERENCES identities (id) ON DELETE CASCADE,
    claimed      INTEGER NOT NULL CHECK (claimed IN (0, 1)),
    image_sha256 TEXT NOT NULL,
    verdict      TEXT NOT NULL,
    score        REAL,
    audit_head   TEXT NOT NULL,
    decision     TEXT CHECK (decision IN ('confirmed', 'overturned', 'unsure')),
    sealed       BLOB NOT NULL
) STRICT;

CREATE INDEX cases_by_identity ON cases (identity_id, id);

CREATE INDEX cases_by_time ON cases (made_at);

-- The encoded images of cases; empty unless the operator has them kept. `bytes` is the length of the image.
CREATE TABLE case_pictures (
    case_id TEXT PRIMARY KEY NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
    bytes   INTEGER NOT NULL,
    sealed  BLOB NOT NULL
) STRICT;

-- Every decision, numbered from 1 in each case; `sealed` holds the comment. The last one stands in `cases.decision` too.
CREATE TABLE case_decisions (
    case_id  TEXT NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
    seq      INTEGER NOT NULL,
    decision TEXT NOT NULL CHECK (decision IN ('confirmed', 'overturned', 'unsure')),
    key_id   TEXT,
    made_at  TEXT NOT NULL,
    sealed   BLOB,
    PRIMARY KEY (case_id, seq)
) STRICT, WITHOUT ROWID;
