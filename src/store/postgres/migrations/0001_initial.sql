-- Everything lies in the schema `faceward`, which the program puts into the search path of its connections.
--
-- Times are UTC text with nine decimals (2026-01-31T12:00:00.000000000Z), as in the embedded store: a timestamptz has
-- six. Ids and times are compared byte by byte (COLLATE "C"): the order of pages must not depend on the locale.

CREATE TABLE identities (
    id                         text COLLATE "C" PRIMARY KEY,
    display_name               text NOT NULL,
    consent_basis              text,
    expires_at                 text COLLATE "C",
    created_at                 text COLLATE "C" NOT NULL,
    updated_at                 text COLLATE "C" NOT NULL,
    target_genuine_called_fake real,
    target_fake_called_real    real
);

-- The key of each identity, wrapped by the master key. A table of its own, because it is written anew after each
-- erasure (postgres/scrub.rs).
CREATE TABLE identity_keys (
    identity_id text COLLATE "C" PRIMARY KEY REFERENCES identities (id) ON DELETE CASCADE,
    data_key    bytea NOT NULL
);

-- References and negatives. `seq` keeps the order in which they were added; `sealed` holds template and file name.
CREATE TABLE samples (
    seq          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id           uuid NOT NULL UNIQUE,
    identity_id  text COLLATE "C" NOT NULL REFERENCES identities (id) ON DELETE CASCADE,
    kind         text NOT NULL CHECK (kind IN ('reference', 'not_this_person', 'known_fake')),
    image_sha256 text NOT NULL,
    added_at     text COLLATE "C" NOT NULL,
    sealed       bytea NOT NULL
);

CREATE INDEX samples_by_identity ON samples (identity_id, seq);

-- The encoded images of samples, sealed; empty unless the operator has them kept.
CREATE TABLE images (
    sample_id uuid PRIMARY KEY REFERENCES samples (id) ON DELETE CASCADE,
    sealed    bytea NOT NULL
);

-- What finds an identity, sealed.
CREATE TABLE search (
    identity_id text COLLATE "C" PRIMARY KEY REFERENCES identities (id) ON DELETE CASCADE,
    sealed      bytea NOT NULL
);

-- Sealed bytes do not become smaller by compression.
ALTER TABLE samples ALTER COLUMN sealed SET STORAGE EXTERNAL;
ALTER TABLE images ALTER COLUMN sealed SET STORAGE EXTERNAL;
ALTER TABLE search ALTER COLUMN sealed SET STORAGE EXTERNAL;

-- `hash` is a keyed hash of the whole key; the key itself is never stored.
CREATE TABLE api_keys (
    id           text COLLATE "C" PRIMARY KEY,
    name         text NOT NULL,
    scopes       text NOT NULL,
    hash         bytea NOT NULL CHECK (length(hash) = 32),
    created_at   text COLLATE "C" NOT NULL,
    expires_at   text COLLATE "C",
    last_used_at text COLLATE "C",
    revoked_at   text COLLATE "C"
);

-- One row: which master key wraps the keys, and a key for the heads of audit logs and pseudonyms, wrapped.
CREATE TABLE vault (
    sole        boolean PRIMARY KEY DEFAULT true CHECK (sole),
    master_id   bytea NOT NULL CHECK (length(master_id) = 8),
    service_key bytea NOT NULL
);

-- What was erased and when, by a pseudonym. `erased_at` is set once no file of the key table holds a byte of its key.
CREATE TABLE receipts (
    id         uuid PRIMARY KEY,
    subject    text NOT NULL,
    reason     text NOT NULL CHECK (reason IN ('requested', 'expired', 'restored')),
    samples    bigint NOT NULL,
    deleted_at text COLLATE "C" NOT NULL,
    erased_at  text COLLATE "C"
);

-- One row. Whoever writes locks it first, so that versions are committed in their order and a write sees what the one
-- before it did. `pruned`: changes up to this version are no longer listed. `keys` counts changes of API keys.
-- `erasing`: from a deletion until the tables with names and keys are written anew.
CREATE TABLE store_version (
    sole    boolean PRIMARY KEY DEFAULT true CHECK (sole),
    version bigint NOT NULL,
    pruned  bigint NOT NULL,
    keys    bigint NOT NULL,
    erasing boolean NOT NULL
) WITH (fillfactor = 10);

INSERT INTO store_version (version, pruned, keys, erasing) VALUES (0, 0, 0, false);

-- What each version changed, for a minute: an erased identity must not be named for longer than the others need.
CREATE TABLE changes (
    version  bigint NOT NULL,
    kind     text NOT NULL CHECK (kind IN ('identity', 'key')),
    identity text COLLATE "C",
    made_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE INDEX changes_by_version ON changes (version);
