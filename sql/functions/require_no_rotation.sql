-- For a transaction that appends what the registry key signed: fails where the registry key was replaced at or after a
-- position, up to which the signer knew the log. The append before it holds the lock on the head, so that no rotation
-- can come between this check and the commit.
--
-- Errors: PL014 where the registry key was replaced.
CREATE FUNCTION ledger.require_no_rotation(since bigint)
RETURNS void LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, ledger, pg_temp AS $$
BEGIN
  PERFORM FROM event e
  WHERE e.record_position = ledger.registry() AND e.position >= since
    AND e.event_type = ledger.event_type_code('key_vouched')
    AND e.key_signer_type = ledger.signer_type_code('registry');
  IF FOUND THEN
    RAISE EXCEPTION 'the registry key was replaced meanwhile' USING ERRCODE = 'PL014';
  END IF;
END
$$;
