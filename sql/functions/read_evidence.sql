-- Evidence of every kind, identity tokens too, for an audit.
CREATE FUNCTION ledger.read_evidence(digest bytea)
RETURNS TABLE (kind text, bytes bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, ledger, pg_temp AS $$
  SELECT e.kind, e.bytes FROM evidence e WHERE e.sha256 = digest
$$;
