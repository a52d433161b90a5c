-- Notes which event each identity token served. Runs in the transaction that appends those events, after the append,
-- whose lock on the head keeps other transactions from spending the same token. An event that was not stored spends
-- nothing.
--
-- Errors: PL013 where a token has served another event.
CREATE FUNCTION ledger.spend_tokens(digests bytea[], records bigint[], event_ids bytea[])
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, ledger, pg_temp AS $$
BEGIN
  INSERT INTO token_use (sha256, event_id)
  SELECT n.digest, n.event_id FROM unnest(digests, records, event_ids) AS n (digest, record, event_id)
  WHERE EXISTS (SELECT FROM event e WHERE e.record = n.record AND e.event_id = n.event_id)
  ON CONFLICT DO NOTHING;
  PERFORM FROM unnest(digests, records, event_ids) AS n (digest, record, event_id)
    JOIN token_use u ON u.sha256 = n.digest
    WHERE u.event_id <> n.event_id
      AND EXISTS (SELECT FROM event e WHERE e.record = n.record AND e.event_id = n.event_id);
  IF FOUND THEN
    RAISE EXCEPTION 'the identity token has served another event' USING ERRCODE = 'PL013';
  END IF;
END
$$;
