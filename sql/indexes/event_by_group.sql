-- The events of one fold group.
CREATE INDEX event_by_group ON ledger.event (record_position, fold_group, position) WHERE fold_group IS NOT NULL;
