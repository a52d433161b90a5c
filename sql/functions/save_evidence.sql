-- Stores bytes that an event of the same transaction names. Bytes that are stored as another kind and turn out to be an
-- identity token become one, and are no longer public.
CREATE FUNCTION ledger.save_evidence(digests bytea[], kinds text[], contents bytea[])
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, ledger, pg_temp AS $$
  INSERT INTO evidence (sha256, kind, bytes)
  SELECT * FROM unnest(digests, kinds, contents) ON CONFLICT DO NOTHING;
  UPDATE evidence e SET kind = 'identity_token'
  FROM unnest(digests, kinds) AS n (digest, kind)
  WHERE n.kind = 'identity_token' AND e.sha256 = n.digest AND e.kind <> 'identity_token'
$$;
