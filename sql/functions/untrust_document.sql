-- Removes a trusted document; false where it is not trusted.
CREATE FUNCTION ledger.untrust_document(the_kind text, the_sha256 bytea)
RETURNS boolean LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, ledger, pg_temp AS $$
  WITH gone AS (
    DELETE FROM trusted_document t WHERE t.kind = the_kind AND t.sha256 = the_sha256 RETURNING 1)
  SELECT EXISTS (SELECT FROM gone)
$$;
