-- Notes which event each identity token served. Runs in the transaction that appends those events, after the append,
-- whose lock on the head keeps other transactions from spending the same token. An event that was not stored spends
-- nothing.
--
-- Errors: PL013 where a token has served another event.
CREATE FUNCTION ledger.use_tokens(digests bytea[], records bigint[], event_ids bytea[])
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, ledger, pg_temp AS $$
BEGIN
  INSERT INTO used_token (sha256, event_id)
  SELECT n.digest, n.event_id FROM unnest(digests, records, event_ids) AS n (digest, record_position, event_id)
  WHERE EXISTS (SELECT FROM event e WHERE e.record_position = n.record_position AND e.event_id = n.event_id)
  ON CONFLICT DO NOTHING;
  PERFORM FROM unnest(digests, records, event_ids) AS n (digest, record_position, event_id)
    JOIN used_token u ON u.sha256 = n.digest
    WHERE u.event_id <> n.event_id
      AND EXISTS (SELECT FROM event e WHERE e.record_position = n.record_position AND e.event_id = n.event_id);
  IF FOUND THEN
    RAISE EXCEPTION 'the identity token has served another event' USING ERRCODE = 'PL013';
  END IF;
END
$$;
