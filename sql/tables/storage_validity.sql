-- Projection: until when each group of storage statements counts. A record's storage_verified_until is their maximum,
-- which cannot be kept by addition.
CREATE TABLE ledger.storage_validity (
  record_position bigint      NOT NULL,
  fold_group      bigint      NOT NULL,
  verified_until  timestamptz NOT NULL,
  PRIMARY KEY (record_position, fold_group)
);
