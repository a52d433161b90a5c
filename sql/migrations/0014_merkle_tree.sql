-- The Merkle tree over the log (RFC 6962 hashing, C2SP tiles). Leaf number N is the entry at position N.
-- Full tiles never change; what grows is the right edge, fewer than 256 hashes a level.
CREATE TABLE ledger.tile (
  level  smallint NOT NULL CONSTRAINT tile_level_is_natural CHECK (level >= 0),
  index  bigint   NOT NULL CONSTRAINT tile_index_is_natural CHECK (index >= 0),
  hashes bytea    NOT NULL CONSTRAINT tile_is_full CHECK (octet_length(hashes) = 256 * 32),
  PRIMARY KEY (level, index)
);
-- Hashes do not compress.
ALTER TABLE ledger.tile ALTER COLUMN hashes SET STORAGE EXTERNAL;
CREATE TRIGGER tile_is_append_only BEFORE UPDATE OR DELETE ON ledger.tile
  FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER tile_is_never_truncated BEFORE TRUNCATE ON ledger.tile
  FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.tile ENABLE ALWAYS TRIGGER tile_is_append_only;
ALTER TABLE ledger.tile ENABLE ALWAYS TRIGGER tile_is_never_truncated;

CREATE TABLE ledger.tree (
  one     boolean PRIMARY KEY DEFAULT true CONSTRAINT tree_is_one_row CHECK (one),
  size    bigint  NOT NULL CONSTRAINT tree_size_is_natural CHECK (size >= 0),
  -- At each level the hashes of the tile that is not full yet.
  edge    bytea[] NOT NULL,
  -- The key by which checkpoints are signed, as name+id+base64: the first to come stays.
  log_key text
);
INSERT INTO ledger.tree (size, edge) VALUES (0, '{}');
CREATE FUNCTION ledger.refuse_tree_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'UPDATE' OR NEW.size < OLD.size
    OR NEW.log_key IS DISTINCT FROM coalesce(OLD.log_key, NEW.log_key) THEN
    RAISE EXCEPTION 'the tree only grows, and its key stays' USING ERRCODE = 'PL001';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER tree_only_grows BEFORE UPDATE OR DELETE ON ledger.tree
  FOR EACH ROW EXECUTE FUNCTION ledger.refuse_tree_change();
ALTER TABLE ledger.tree ENABLE ALWAYS TRIGGER tree_only_grows;
CREATE TRIGGER tree_is_never_truncated BEFORE TRUNCATE ON ledger.tree
  FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.tree ENABLE ALWAYS TRIGGER tree_is_never_truncated;

-- Every checkpoint that was signed, and what witnesses added to it.
CREATE TABLE ledger.checkpoint (
  size      bigint      PRIMARY KEY CONSTRAINT checkpoint_size_is_natural CHECK (size >= 0),
  root      bytea       NOT NULL CONSTRAINT checkpoint_root_is_a_hash CHECK (octet_length(root) = 32),
  note      text        NOT NULL,
  signed_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE ledger.cosignature (
  size        bigint      NOT NULL REFERENCES ledger.checkpoint (size),
  witness     text        NOT NULL,
  line        text        NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (size, witness)
);
CREATE TRIGGER checkpoint_is_append_only BEFORE UPDATE OR DELETE ON ledger.checkpoint
  FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER checkpoint_is_never_truncated BEFORE TRUNCATE ON ledger.checkpoint
  FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.checkpoint ENABLE ALWAYS TRIGGER checkpoint_is_append_only;
ALTER TABLE ledger.checkpoint ENABLE ALWAYS TRIGGER checkpoint_is_never_truncated;
CREATE TRIGGER cosignature_is_append_only BEFORE UPDATE OR DELETE ON ledger.cosignature
  FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER cosignature_is_never_truncated BEFORE TRUNCATE ON ledger.cosignature
  FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.cosignature ENABLE ALWAYS TRIGGER cosignature_is_append_only;
ALTER TABLE ledger.cosignature ENABLE ALWAYS TRIGGER cosignature_is_never_truncated;
GRANT SELECT ON ledger.tile, ledger.tree, ledger.checkpoint, ledger.cosignature
  TO pithledger_reader, pithledger_writer;

-- Puts what was computed from the leaves in place. Two processes may have computed the same: the second
-- finds the tree grown, and begins again.
CREATE FUNCTION ledger.grow_tree(
  old_size bigint, new_size bigint, new_edge bytea[], levels smallint[], indexes bigint[],
  tiles bytea[]
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, ledger, pg_temp AS $$
BEGIN
  PERFORM FROM tree t WHERE t.size = old_size FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the tree has no longer % leaves', old_size USING ERRCODE = 'PL020';
  END IF;
  IF new_size > (SELECT h.size FROM head h) THEN
    RAISE EXCEPTION 'the tree cannot have more leaves than the log has entries' USING ERRCODE = 'PL020';
  END IF;
  INSERT INTO tile (level, index, hashes) SELECT * FROM unnest(levels, indexes, tiles);
  UPDATE tree SET size = new_size, edge = new_edge;
END
$$;

-- Says whose checkpoints these are; answers the key that stands.
CREATE FUNCTION ledger.claim_log_key(the_key text)
RETURNS text LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, ledger, pg_temp AS $$
  UPDATE tree SET log_key = coalesce(log_key, the_key) RETURNING log_key
$$;

-- A size has one checkpoint.
CREATE FUNCTION ledger.record_checkpoint(the_size bigint, the_root bytea, the_note text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, ledger, pg_temp AS $$
BEGIN
  INSERT INTO checkpoint (size, root, note) VALUES (the_size, the_root, the_note)
    ON CONFLICT DO NOTHING;
  IF (SELECT c.root FROM checkpoint c WHERE c.size = the_size) <> the_root THEN
    RAISE EXCEPTION 'a checkpoint of size % was signed with another root', the_size
      USING ERRCODE = 'PL021';
  END IF;
END
$$;
CREATE FUNCTION ledger.record_cosignature(the_size bigint, the_witness text, the_line text)
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, ledger, pg_temp AS $$
  INSERT INTO cosignature (size, witness, line) VALUES (the_size, the_witness, the_line)
    ON CONFLICT DO NOTHING
$$;

-- For whoever checks everything: evidence that is not what its name says.
CREATE FUNCTION ledger.corrupt_evidence()
RETURNS TABLE (sha256 bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, ledger, pg_temp AS $$
  SELECT e.sha256 FROM evidence e WHERE pg_catalog.sha256(e.bytes) <> e.sha256
$$;

-- For an export of everything.
CREATE FUNCTION ledger.evidence_names(after bytea, how_many integer)
RETURNS TABLE (sha256 bytea, kind text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, ledger, pg_temp AS $$
  SELECT e.sha256, e.kind FROM evidence e WHERE e.sha256 > after ORDER BY e.sha256 LIMIT how_many
$$;

REVOKE ALL ON FUNCTION ledger.corrupt_evidence, ledger.evidence_names, ledger.grow_tree, ledger.claim_log_key, ledger.record_checkpoint,
  ledger.record_cosignature FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.corrupt_evidence, ledger.evidence_names, ledger.grow_tree, ledger.claim_log_key, ledger.record_checkpoint,
  ledger.record_cosignature TO pithledger_writer;

-- One index for both questions: is this event here already, and where is the event of this id.
CREATE UNIQUE INDEX event_by_event_id ON ledger.event (event_id, record);
DROP INDEX ledger.event_by_id;
