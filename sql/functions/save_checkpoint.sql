-- Stores a checkpoint of this log: no larger than the log, and with the root that the tree has at that size.
--
-- Errors: PL021 where the tree or an earlier checkpoint has another root at that size; PL022 where the checkpoint is
-- larger than the log, or the note is of another log, size or root.
CREATE FUNCTION ledger.save_checkpoint(the_size bigint, the_root bytea, the_note text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, ledger, pg_temp AS $$
DECLARE
  signed_text text;
BEGIN
  IF the_size > (SELECT least(t.size, h.size) FROM tree t, head h) THEN
    RAISE EXCEPTION 'a checkpoint of % entries is larger than the log', the_size USING ERRCODE = 'PL022';
  END IF;
  IF the_root IS DISTINCT FROM ledger.tree_root(the_size) THEN
    RAISE EXCEPTION 'the tree has another root at size %', the_size USING ERRCODE = 'PL021';
  END IF;
  SELECT coalesce(h.origin, '') || E'\n' || the_size || E'\n' || encode(the_root, 'base64') || E'\n\n'
    INTO signed_text FROM head h;
  IF NOT starts_with(the_note, signed_text) THEN
    RAISE EXCEPTION 'the note is not of this log, size and root' USING ERRCODE = 'PL022';
  END IF;
  INSERT INTO checkpoint (size, root, note) VALUES (the_size, the_root, the_note)
    ON CONFLICT DO NOTHING;
  IF (SELECT c.root FROM checkpoint c WHERE c.size = the_size) <> the_root THEN
    RAISE EXCEPTION 'a checkpoint of size % was signed with another root', the_size
      USING ERRCODE = 'PL021';
  END IF;
END
$$;
