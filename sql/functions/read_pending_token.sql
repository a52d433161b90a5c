-- The identity token of a claim that was pending when it was recorded; no other evidence.
CREATE FUNCTION ledger.read_pending_token(digest bytea)
RETURNS TABLE (bytes bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, ledger, pg_temp AS $$
  SELECT v.bytes FROM evidence v
  WHERE v.sha256 = digest AND v.kind = 'identity_token' AND EXISTS (
    SELECT FROM used_token u JOIN event e ON e.event_id = u.event_id
    WHERE u.sha256 = digest AND e.event_type = ledger.event_type_code('author_attestation')
      AND e.verdict = ledger.verdict_code('pending'))
$$;
