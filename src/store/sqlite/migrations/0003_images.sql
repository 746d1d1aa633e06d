-- The encoded images of samples, each sealed with its identity's key; empty unless the operator has them kept.
CREATE TABLE images (
    sample_id TEXT PRIMARY KEY NOT NULL REFERENCES samples (id) ON DELETE CASCADE,
    sealed    BLOB NOT NULL
) STRICT;

-- From here on the hash of an API key is keyed; the program puts it in the place of the SHA-256 in the same transaction
-- (sqlite/sealing.rs).
