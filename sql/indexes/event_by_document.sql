-- A record's newest document and snapshot, however many events follow them.
CREATE INDEX event_by_document ON ledger.event (record_position, event_type, position)
WHERE event_type IN (ledger.event_type_code('record_created'), ledger.event_type_code('graph_snapshot'));
