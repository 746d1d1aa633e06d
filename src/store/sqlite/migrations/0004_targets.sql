-- Error rates by which an identity's thresholds are set; NULL: as everybody's.

ALTER TABLE identities ADD COLUMN target_genuine_called_fake REAL;

ALTER TABLE identities ADD COLUMN target_fake_called_real REAL;
