-- Storage attestations.
CREATE INDEX event_storage ON ledger.event (position)
WHERE event_type = ledger.event_type_code('storage_attestation');
