-- A record's newest events of one type, however many others follow them. Citations have a table of their own, and
-- claims of authorship an index.
CREATE INDEX event_by_record_and_type ON ledger.event (record_position, event_type, position)
WHERE event_type IN (
  ledger.event_type_code('timestamp_anchor'), ledger.event_type_code('storage_attestation'),
  ledger.event_type_code('replication_record'), ledger.event_type_code('record_created'),
  ledger.event_type_code('graph_snapshot'));
DROP INDEX ledger.event_by_document;
