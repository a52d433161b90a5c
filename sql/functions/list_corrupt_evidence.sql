-- Evidence whose bytes do not have the hash that is its name, for fsck.
CREATE FUNCTION ledger.list_corrupt_evidence()
RETURNS TABLE (sha256 bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, ledger, pg_temp AS $$
  SELECT e.sha256 FROM evidence e WHERE pg_catalog.sha256(e.bytes) <> e.sha256
$$;
