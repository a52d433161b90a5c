-- The log with names for codes, hexadecimal hashes and the entries as JSON.
CREATE VIEW ledger.event_view AS
SELECT e.position, s.pith_number, ledger.event_type_name(e.event_type) AS event_type, e.recorded_at,
  'sha256:' || encode(e.event_id, 'hex') AS event_id, encode(e.signer_key, 'hex') AS signer,
  convert_from(e.entry, 'UTF8')::jsonb AS entry, e.signer_key, e.event_id AS event_hash
FROM ledger.event e LEFT JOIN ledger.subject s USING (record_position);
COMMENT ON VIEW ledger.event_view IS 'The log with names for codes, hexadecimal hashes and the entries as JSON.';
COMMENT ON COLUMN ledger.event_view.position IS 'The position in the log, from 0.';
COMMENT ON COLUMN ledger.event_view.pith_number IS 'The record that the event is about. NULL for events about keys and checkpoints.';
COMMENT ON COLUMN ledger.event_view.event_type IS 'The type of the event.';
COMMENT ON COLUMN ledger.event_view.recorded_at IS 'The time of admission, by the clock of the ledger. Has an index.';
COMMENT ON COLUMN ledger.event_view.event_id IS 'The id of the event. Filter by event_hash instead, which has an index.';
COMMENT ON COLUMN ledger.event_view.signer IS 'The fingerprint of the signing key, in hexadecimal. Filter by signer_key instead, which has an index.';
COMMENT ON COLUMN ledger.event_view.entry IS 'The entry: the event, and what the ledger checked on admission.';
COMMENT ON COLUMN ledger.event_view.signer_key IS 'The fingerprint of the signing key: compare it with decode(''…'', ''hex'').';
COMMENT ON COLUMN ledger.event_view.event_hash IS 'The id of the event without its prefix: compare it with decode(''…'', ''hex'').';
