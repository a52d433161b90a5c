-- Sets the key that signs checkpoints, unless one is set, and returns the key that is set.
CREATE FUNCTION ledger.claim_log_key(the_key text)
RETURNS text LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, ledger, pg_temp AS $$
  UPDATE tree SET log_key = coalesce(log_key, the_key) RETURNING log_key
$$;
