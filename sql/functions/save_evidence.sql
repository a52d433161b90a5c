-- Stores bytes that an event of the same transaction names. Bytes that are stored as another kind and turn out to be an
-- identity token become one, and are no longer public; others that are imported as a document become one.
CREATE FUNCTION ledger.save_evidence(digests bytea[], kinds text[], contents bytea[])
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, ledger, pg_temp AS $$
  INSERT INTO evidence (sha256, kind, bytes)
  SELECT * FROM unnest(digests, kinds, contents) ON CONFLICT DO NOTHING;
  UPDATE evidence e SET kind = n.kind
  FROM unnest(digests, kinds) AS n (digest, kind)
  WHERE n.kind IN ('identity_token', 'document') AND e.sha256 = n.digest AND e.kind NOT IN (n.kind, 'identity_token')
$$;
