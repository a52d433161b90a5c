-- Gives a loaded table of a replay the keys and indexes of the one in use. Several sessions may do so for different tables.
CREATE FUNCTION ledger.replay_index(projection text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  statement text;
BEGIN
  IF projection = ANY (ledger.projections()) IS NOT TRUE THEN
    RAISE EXCEPTION '"%" is not a projection', projection;
  END IF;
  -- Indexes come first: others may read the table while they are created. A constraint needs the table for itself.
  FOR statement IN
    SELECT replace(pg_get_indexdef(i.indexrelid), ' ON ledger.', ' ON ledger_replay.')
    FROM pg_index i
    WHERE i.indrelid = format('ledger.%I', projection)::regclass
  LOOP
    EXECUTE statement;
  END LOOP;
  FOR statement IN
    SELECT format('ALTER TABLE ledger_replay.%I ADD CONSTRAINT %I %s USING INDEX %I', projection, c.conname,
      CASE c.contype WHEN 'p' THEN 'PRIMARY KEY' ELSE 'UNIQUE' END, i.relname)
    FROM pg_constraint c JOIN pg_class i ON i.oid = c.conindid
    WHERE c.conrelid = format('ledger.%I', projection)::regclass AND c.contype IN ('p', 'u')
  LOOP
    EXECUTE statement;
  END LOOP;
END
$$;
