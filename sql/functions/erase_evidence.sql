-- Erases evidence for good; false where it is not stored. The log still holds the hash.
CREATE FUNCTION ledger.erase_evidence(digest bytea)
RETURNS boolean LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, ledger, pg_temp AS $$
  WITH gone AS (DELETE FROM evidence e WHERE e.sha256 = digest RETURNING 1)
  SELECT EXISTS (SELECT FROM gone)
$$;
