-- The events below a position that tell which other names belong to the papers of some names. A name is given by the
-- slot of a citation under it.
--
-- Aliases are followed in both directions. They are few: only an operator adds an alias that is not the record's source.
CREATE FUNCTION ledger.naming_events(names bytea[], below bigint)
RETURNS SETOF ledger.event LANGUAGE plpgsql STABLE SET search_path = pg_catalog, ledger, pg_temp AS $$
BEGIN
  RETURN QUERY WITH RECURSIVE created AS (
    SELECT e.* FROM (SELECT DISTINCT unnest(names) AS name) k
      CROSS JOIN LATERAL (
        SELECT * FROM ledger.event t
        WHERE t.claimant = k.name AND t.claimant IS NOT NULL AND t.position < below
          AND t.event_type = ledger.event_type_code('record_created')
        ORDER BY t.claimant LIMIT 1) e
  ), found (name) AS (
    SELECT unnest(names) UNION SELECT c.slot FROM created c
    UNION
    SELECT x.name FROM found f CROSS JOIN LATERAL (
      SELECT t.slot AS name FROM ledger.event t
      WHERE t.claimant = f.name AND t.slot <> t.claimant AND t.position < below
        AND t.event_type IN (ledger.event_type_code('alias_added'), ledger.event_type_code('alias_retracted'))
      UNION ALL
      SELECT t.claimant FROM ledger.event t
      WHERE t.slot = f.name AND t.slot <> t.claimant AND t.position < below
        AND t.event_type IN (ledger.event_type_code('alias_added'), ledger.event_type_code('alias_retracted'))
    ) x
  )
  SELECT * FROM created
  UNION ALL
  SELECT e.* FROM found f CROSS JOIN LATERAL (
    SELECT * FROM ledger.event t
    WHERE t.claimant = f.name AND t.slot <> t.claimant AND t.position < below
      AND t.event_type IN (ledger.event_type_code('alias_added'), ledger.event_type_code('alias_retracted'))
    OFFSET 0) e;
END
$$;
