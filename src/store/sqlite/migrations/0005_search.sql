-- What finds an identity and what a list says of it, sealed with the identity's key (sqlite/search.rs), so that neither
-- needs its templates. A missing row is made from the templates when the service starts.
CREATE TABLE search (
    identity_id TEXT PRIMARY KEY NOT NULL REFERENCES identities (id) ON DELETE CASCADE,
    sealed      BLOB NOT NULL
) STRICT, WITHOUT ROWID;
