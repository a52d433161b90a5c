-- The claims of authorship of a record, however many other events it has.
CREATE INDEX event_author_claim ON ledger.event (record_position, position)
WHERE event_type = ledger.event_type_code('author_attestation');
