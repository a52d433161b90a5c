-- Removes a trusted block header; false where none is trusted at that height.
CREATE FUNCTION ledger.untrust_header(the_height bigint)
RETURNS boolean LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, ledger, pg_temp AS $$
  WITH gone AS (DELETE FROM trusted_header t WHERE t.height = the_height RETURNING 1)
  SELECT EXISTS (SELECT FROM gone)
$$;
