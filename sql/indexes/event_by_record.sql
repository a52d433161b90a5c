-- A record's events in the order of the log, and the registry's key events.
CREATE INDEX event_by_record ON ledger.event (record_position, position);
