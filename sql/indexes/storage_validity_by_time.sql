-- The latest time of a record's storage groups.
CREATE INDEX storage_validity_by_time ON ledger.storage_validity (record_position, verified_until);
