-- The latest time of a record's storage groups.
CREATE INDEX storage_standing_by_time ON ledger.storage_standing (record, verified_until);
