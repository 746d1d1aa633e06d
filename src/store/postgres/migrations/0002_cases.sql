-- Verdicts that are kept for a while for reviewers. What is sealed, is with a key of the identity for its cases
-- (`case_key`, wrapped by the master key; null until it has one), or with one of the service where a case is about nobody.

ALTER TABLE identity_keys ADD COLUMN case_key bytea;

CREATE TABLE cases (
    id           uuid PRIMARY KEY,
    made_at      text COLLATE "C" NOT NULL,
    request      text,
    key_id       text,
    identity_id  text COLLATE "C" REFERENCES identities (id) ON DELETE CASCADE,
    claimed      boolean NOT NULL,
    image_sha256 text NOT NULL,
    verdict      text NOT NULL,
    score        real,
    audit_head   text NOT NULL,
    decision     text CHECK (decision IN ('confirmed', 'overturned', 'unsure')),
    sealed       bytea NOT NULL
);

CREATE INDEX cases_by_identity ON cases (identity_id, id);

CREATE INDEX cases_by_time ON cases (made_at);

-- The encoded images of cases; empty unless the operator has them kept. `bytes` is the length of the image.
CREATE TABLE case_pictures (
    case_id uuid PRIMARY KEY REFERENCES cases (id) ON DELETE CASCADE,
    bytes   bigint NOT NULL,
    sealed  bytea NOT NULL
);

-- Every decision, numbered from 1 in each case; `sealed` holds the comment. The last one stands in `cases.decision` too.
CREATE TABLE case_decisions (
    case_id  uuid NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
    seq      bigint NOT NULL,
    decision text NOT NULL CHECK (decision IN ('confirmed', 'overturned', 'unsure')),
    key_id   text,
    made_at  text COLLATE "C" NOT NULL,
    sealed   bytea,
    PRIMARY KEY (case_id, seq)
);

ALTER TABLE cases ALTER COLUMN sealed SET STORAGE EXTERNAL;
ALTER TABLE case_pictures ALTER COLUMN sealed SET STORAGE EXTERNAL;
