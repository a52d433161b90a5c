-- Stores tiles and the right edge that were computed from new entries. Two processes may compute the same: the second
-- finds that the tree has grown, and starts again.
--
-- Errors: PL020 where the tree no longer has old_size leaves, or new_size is beyond the end of the log.
CREATE FUNCTION ledger.integrate_tree(
  old_size bigint, new_size bigint, new_frontier bytea[], levels smallint[], indexes bigint[], tiles bytea[]
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, ledger, pg_temp AS $$
BEGIN
  PERFORM FROM tree t WHERE t.size = old_size FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the tree no longer has % leaves', old_size USING ERRCODE = 'PL020';
  END IF;
  IF new_size > (SELECT h.size FROM head h) THEN
    RAISE EXCEPTION 'the tree cannot have more leaves than the log has entries' USING ERRCODE = 'PL020';
  END IF;
  INSERT INTO tile (level, index, hashes) SELECT * FROM unnest(levels, indexes, tiles);
  UPDATE tree SET size = new_size, frontier = new_frontier;
END
$$;
