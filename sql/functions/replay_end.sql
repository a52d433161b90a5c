-- Drops the tables of a replay.
CREATE FUNCTION ledger.replay_end()
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  DROP SCHEMA IF EXISTS ledger_replay CASCADE;
END
$$;
