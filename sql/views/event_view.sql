-- The log with names for codes, hexadecimal hashes and the entries as JSON.
CREATE VIEW ledger.event_view AS
SELECT e.position, s.pith_number, ledger.event_type_name(e.event_type) AS event_type, e.recorded_at,
  'sha256:' || encode(e.event_id, 'hex') AS event_id, encode(e.signer_key, 'hex') AS signer,
  convert_from(e.entry, 'UTF8')::jsonb AS entry
FROM ledger.event e LEFT JOIN ledger.subject s USING (record_position);
