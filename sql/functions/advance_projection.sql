-- Moves the offset of the projections on, in the transaction that changes them: from the position that the projector
-- knows, while the tables are those that it knows. A replay replaces the tables and holds the lock on the offset.
--
-- Errors: PL040 where the offset is another, or the tables were replaced.
CREATE FUNCTION ledger.advance_projection(from_position bigint, to_position bigint, status_table bigint)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, ledger, pg_temp AS $$
BEGIN
  UPDATE projection_offset c SET next_position = to_position WHERE c.next_position = from_position;
  IF NOT FOUND OR to_regclass('ledger.verification_status')::oid::bigint IS DISTINCT FROM status_table THEN
    RAISE EXCEPTION 'the projections do not end at position %, or were replaced', from_position
      USING ERRCODE = 'PL040';
  END IF;
END
$$;
