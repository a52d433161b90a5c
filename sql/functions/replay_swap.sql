-- Puts the tables of a replay in the place of those in use, and points the views at them.
CREATE FUNCTION ledger.replay_swap()
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  projection text;
  statement text;
  -- The definitions of the views by name. A view itself follows the table that it was created on.
  views text[];
BEGIN
  SELECT array_agg(format('CREATE OR REPLACE VIEW %s AS %s', v.ev_class::regclass, pg_get_viewdef(v.ev_class)))
  INTO views
  FROM (
    SELECT DISTINCT r.ev_class FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid
    WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
      AND d.refobjid IN (SELECT format('ledger.%I', p)::regclass FROM unnest(ledger.projections()) p)) AS v;
  CREATE SCHEMA ledger_old;
  FOREACH projection IN ARRAY ledger.projections() LOOP
    EXECUTE format('ALTER TABLE ledger.%I SET SCHEMA ledger_old', projection);
    EXECUTE format('ALTER TABLE ledger_replay.%I SET SCHEMA ledger', projection);
  END LOOP;
  FOREACH statement IN ARRAY views LOOP
    EXECUTE statement;
  END LOOP;
  DROP SCHEMA ledger_old CASCADE;
  DROP SCHEMA ledger_replay CASCADE;
END
$$;
