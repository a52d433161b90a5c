-- Gives the loaded tables of a replay the keys and indexes of those in use.
CREATE FUNCTION ledger.replay_index()
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  projection text;
  statement text;
BEGIN
  FOREACH projection IN ARRAY ledger.projections() LOOP
    FOR statement IN
      SELECT format('ALTER TABLE ledger_replay.%I ADD CONSTRAINT %I %s', projection, c.conname,
        pg_get_constraintdef(c.oid))
      FROM pg_constraint c
      WHERE c.conrelid = format('ledger.%I', projection)::regclass AND c.contype IN ('p', 'u')
      UNION ALL
      SELECT replace(pg_get_indexdef(i.indexrelid), ' ON ledger.', ' ON ledger_replay.')
      FROM pg_index i
      WHERE i.indrelid = format('ledger.%I', projection)::regclass
        AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid AND c.contype IN ('p', 'u'))
    LOOP
      EXECUTE statement;
    END LOOP;
  END LOOP;
END
$$;
