-- The claims of authorship, as they were made, and what later events say of each. The fold decides whether a claim counts.
CREATE VIEW ledger.claim_view AS
SELECT s.pith_number, e.position, 'sha256:' || encode(e.event_id, 'hex') AS event_id, e.recorded_at,
  p.payload ->> 'name' AS name, p.payload ->> 'orcid' AS orcid, p.payload ->> 'method' AS method,
  (p.payload ->> 'author_index')::bigint AS author_index, encode(e.signer_key, 'hex') AS signer, e.signer_key,
  (ledger.verdicts())[coalesce(c.verdict, e.verdict)] AS verdict,
  e.flags & ledger.event_flag('name_listed') <> 0 AS name_is_listed,
  EXISTS (SELECT FROM ledger.event w
    WHERE w.record_position = e.record_position AND w.fold_group = e.fold_group AND w.refers_to = e.position
      AND w.event_type = ledger.event_type_code('event_withdrawn')) AS is_withdrawn,
  EXISTS (SELECT FROM ledger.event n
    WHERE n.record_position = e.record_position AND n.fold_group = e.fold_group AND n.refers_to = e.position
      AND n.event_type = ledger.event_type_code('author_attestation')) AS is_superseded
FROM ledger.event e JOIN ledger.subject s USING (record_position)
  CROSS JOIN LATERAL (
    SELECT convert_from(e.entry, 'UTF8')::jsonb #> '{event,payload}' AS payload) AS p
  LEFT JOIN LATERAL (
    SELECT k.verdict FROM ledger.event k
    WHERE k.record_position = e.record_position AND k.fold_group = e.fold_group AND k.refers_to = e.position
      AND k.event_type = ledger.event_type_code('check_recorded')
      AND k.verdict <> ledger.verdict_code('erased')
    ORDER BY k.position DESC LIMIT 1) AS c ON true
WHERE e.event_type = ledger.event_type_code('author_attestation');
COMMENT ON VIEW ledger.claim_view IS
  'The claims of authorship, as they were made, and what later events say of each. The fold decides whether a claim counts: see verification_status_view.';
COMMENT ON COLUMN ledger.claim_view.pith_number IS 'The record.';
COMMENT ON COLUMN ledger.claim_view.position IS 'The position of the claim in the log.';
COMMENT ON COLUMN ledger.claim_view.event_id IS 'The id of the claim.';
COMMENT ON COLUMN ledger.claim_view.recorded_at IS 'The time of admission, by the clock of the ledger.';
COMMENT ON COLUMN ledger.claim_view.name IS 'The name of the author, as the claim gives it.';
COMMENT ON COLUMN ledger.claim_view.orcid IS 'The ORCID iD that is claimed.';
COMMENT ON COLUMN ledger.claim_view.method IS 'key_signature, or orcid_oidc for an identity token.';
COMMENT ON COLUMN ledger.claim_view.author_index IS 'The index in the author list, from 0. NULL if the claim gives none.';
COMMENT ON COLUMN ledger.claim_view.signer IS 'The fingerprint of the signing key, in hexadecimal. Filter by signer_key instead, which has an index.';
COMMENT ON COLUMN ledger.claim_view.signer_key IS 'The fingerprint of the signing key.';
COMMENT ON COLUMN ledger.claim_view.verdict IS 'The verdict of admission, or of the last check after it.';
COMMENT ON COLUMN ledger.claim_view.name_is_listed IS 'Whether the name was in the author list of the record on admission.';
COMMENT ON COLUMN ledger.claim_view.is_withdrawn IS 'Whether an event withdraws the claim.';
COMMENT ON COLUMN ledger.claim_view.is_superseded IS 'Whether a later claim replaces it.';
