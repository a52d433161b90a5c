-- Creates empty projection tables in schema ledger_replay, with the columns and privileges of those in use. They have no
-- indexes yet: to index a loaded table costs a fraction of single entries, and gives a smaller index.
--
-- The replay_* functions are the projector's only way to create or drop a table.
CREATE FUNCTION ledger.replay_begin()
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  projection text;
  statement text;
BEGIN
  -- An interrupted replay leaves its schema behind.
  DROP SCHEMA IF EXISTS ledger_replay CASCADE;
  CREATE SCHEMA ledger_replay;
  GRANT USAGE ON SCHEMA ledger_replay TO pithledger_projector;
  FOREACH projection IN ARRAY ledger.projections() LOOP
    EXECUTE format(
      'CREATE TABLE ledger_replay.%1$I (LIKE ledger.%1$I INCLUDING ALL EXCLUDING INDEXES)', projection);
    FOR statement IN
      SELECT format('GRANT %s ON ledger_replay.%I TO %s', a.privilege_type, projection, a.grantee::regrole)
      FROM pg_class c, aclexplode(c.relacl) a
      WHERE c.oid = format('ledger.%I', projection)::regclass AND a.grantee NOT IN (0, c.relowner)
    LOOP
      EXECUTE statement;
    END LOOP;
  END LOOP;
END
$$;
