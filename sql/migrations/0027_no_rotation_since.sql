-- For a transaction that appends what the registry key signed: fails where the registry key was replaced at or behind
-- a position, up to which the signer knew the log. The append before it holds the lock on the head, so that no rotation
-- comes between this look and the commit.
CREATE FUNCTION ledger.require_no_rotation(since bigint)
RETURNS void LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, ledger, pg_temp AS $$
BEGIN
  -- Event type 14 is key_vouched, signer type 6 is registry.
  PERFORM FROM event e
  WHERE e.record = -1 AND e.position >= since AND e.event_type = 14 AND e.key_signer_type = 6;
  IF FOUND THEN
    RAISE EXCEPTION 'the registry key was replaced meanwhile' USING ERRCODE = 'PL014';
  END IF;
END
$$;
REVOKE ALL ON FUNCTION ledger.require_no_rotation FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.require_no_rotation TO pithledger_writer;
