-- The registered keys with their standing at the end of the log.
CREATE VIEW ledger.key_view AS
SELECT encode(r.key_fingerprint, 'hex') AS fingerprint, r.key_fingerprint AS signer_key, r.key_id,
  r.key_signer_id AS signer_id, (ledger.signer_types())[r.key_signer_type] AS signer_type,
  CASE WHEN x.position IS NOT NULL THEN 'revoked'
    WHEN r.key_signer_type = ledger.signer_type_code('registry')
      THEN CASE WHEN r.key_fingerprint = g.current_key THEN 'live' ELSE 'retired' END
    WHEN v.position > coalesce(w.position, -1) THEN 'vouched'
    ELSE 'live' END AS standing,
  r.position AS registered_at_position, r.recorded_at AS registered_at,
  v.position AS vouched_at_position, (ledger.signer_types())[v.key_signer_type] AS vouched_as, v.key_name AS vouched_name,
  w.position AS vouching_withdrawn_at_position, x.position AS revoked_at_position, x.compromised_from
FROM (
    SELECT DISTINCT ON (e.key_fingerprint) e.* FROM ledger.event e
    WHERE e.record_position = ledger.registry() AND e.event_type = ledger.event_type_code('key_registered')
      AND e.signer_key = e.key_fingerprint AND e.key_fingerprint IS NOT NULL
    ORDER BY e.key_fingerprint, e.position) AS r
  CROSS JOIN (
    SELECT coalesce(
        (SELECT e.key_fingerprint FROM ledger.event e
          WHERE e.record_position = ledger.registry() AND e.event_type = ledger.event_type_code('key_vouched')
            AND e.key_signer_type = ledger.signer_type_code('registry') ORDER BY e.position DESC LIMIT 1),
        (SELECT e.key_fingerprint FROM ledger.event e
          WHERE e.record_position = ledger.registry() AND e.event_type = ledger.event_type_code('key_registered')
            AND e.key_signer_type = ledger.signer_type_code('registry') ORDER BY e.position LIMIT 1)) AS current_key) AS g
  LEFT JOIN LATERAL (
    SELECT e.* FROM ledger.event e
    WHERE e.key_fingerprint = r.key_fingerprint AND e.event_type = ledger.event_type_code('key_vouched')
      AND e.key_signer_id = r.key_signer_id ORDER BY e.position DESC LIMIT 1) AS v ON true
  LEFT JOIN LATERAL (
    SELECT e.position FROM ledger.event e
    WHERE e.key_fingerprint = r.key_fingerprint AND e.event_type = ledger.event_type_code('vouching_withdrawn')
    ORDER BY e.position DESC LIMIT 1) AS w ON true
  LEFT JOIN LATERAL (
    SELECT min(e.position) AS position, min(e.compromised_from) AS compromised_from FROM ledger.event e
    WHERE e.key_fingerprint = r.key_fingerprint AND e.event_type = ledger.event_type_code('key_revoked')) AS x ON true;
COMMENT ON VIEW ledger.key_view IS 'The registered keys with their standing at the end of the log.';
COMMENT ON COLUMN ledger.key_view.fingerprint IS 'The first 16 bytes of SHA-256 of the public key, in hexadecimal.';
COMMENT ON COLUMN ledger.key_view.signer_key IS 'The fingerprint as bytes, as in event_view.signer_key.';
COMMENT ON COLUMN ledger.key_view.key_id IS 'The name that the signer gave the key.';
COMMENT ON COLUMN ledger.key_view.signer_id IS 'The person or service that registered the key. Only a vouched key is bound to it.';
COMMENT ON COLUMN ledger.key_view.signer_type IS 'The capacity in which the key is registered.';
COMMENT ON COLUMN ledger.key_view.standing IS 'live, vouched, revoked, or retired for a replaced key of the registry.';
COMMENT ON COLUMN ledger.key_view.registered_at_position IS 'The position of the registration.';
COMMENT ON COLUMN ledger.key_view.registered_at IS 'The time of the registration, by the clock of the ledger.';
COMMENT ON COLUMN ledger.key_view.vouched_at_position IS 'The position of the last vouch, also if it was withdrawn. NULL without one.';
COMMENT ON COLUMN ledger.key_view.vouched_as IS 'The capacity in the last vouch.';
COMMENT ON COLUMN ledger.key_view.vouched_name IS 'The name of the person in the last vouch.';
COMMENT ON COLUMN ledger.key_view.vouching_withdrawn_at_position IS 'The position at which vouching was last withdrawn.';
COMMENT ON COLUMN ledger.key_view.revoked_at_position IS 'The position of the first revocation. NULL for a key that is not revoked.';
COMMENT ON COLUMN ledger.key_view.compromised_from IS 'The lowest position that a revocation names, from which events of the key have no standing.';
