-- Templates are sealed: each identity has a key of its own, wrapped by the master key. The key goes with its row.
-- The program fills the new columns in the same transaction (sqlite/sealing.rs), and then drops `filename`, which is
-- sealed together with the template.

ALTER TABLE identities ADD COLUMN data_key BLOB;

ALTER TABLE samples RENAME COLUMN template TO sealed;

-- One row: which master key wraps the keys, and a key for the audit log's head and pseudonyms.
CREATE TABLE vault (
    only        INTEGER PRIMARY KEY CHECK (only = 1),
    master_id   BLOB NOT NULL CHECK (length(master_id) = 8),
    service_key BLOB NOT NULL
) STRICT;

-- What was erased and when, without saying who: `subject` is a pseudonym. `erased_at` is set once no file holds a byte.
CREATE TABLE receipts (
    id         TEXT PRIMARY KEY NOT NULL,
    subject    TEXT NOT NULL,
    reason     TEXT NOT NULL CHECK (reason IN ('requested', 'expired', 'restored')),
    samples    INTEGER NOT NULL,
    deleted_at TEXT NOT NULL,
    erased_at  TEXT
) STRICT, WITHOUT ROWID;
