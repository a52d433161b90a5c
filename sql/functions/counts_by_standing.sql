-- The counts of one attestation type as an object: its standings by name, and their total.
CREATE FUNCTION ledger.counts_by_standing(counts integer[], event_type integer)
RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_build_object('total', sum(c.count)) || jsonb_object_agg(s.name, c.count)
  FROM unnest(ledger.standings()) WITH ORDINALITY AS s (name, number)
    CROSS JOIN LATERAL (SELECT counts[(event_type - 1) * cardinality(ledger.standings()) + s.number] AS count) AS c
$$;
