-- What a record's newest document and snapshot are found by, however many events came after them: without it the
-- look goes back through all of those.
CREATE INDEX event_document ON ledger.event (record, event_type, position) WHERE event_type IN (6, 7);
