-- The names of a record.
CREATE INDEX alias_by_record ON ledger.alias (record_position);
