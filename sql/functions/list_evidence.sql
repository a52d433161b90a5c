-- Names and kinds of evidence after a hash, in the order of the hashes, for an export of everything.
CREATE FUNCTION ledger.list_evidence(after bytea, how_many integer)
RETURNS TABLE (sha256 bytea, kind text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, ledger, pg_temp AS $$
  SELECT e.sha256, e.kind FROM evidence e WHERE e.sha256 > after ORDER BY e.sha256 LIMIT how_many
$$;
