-- The root of the perfect subtree number `index` of height `height`, from the tiles.
CREATE FUNCTION ledger.subtree_root(height integer, index bigint)
RETURNS bytea LANGUAGE plpgsql STABLE SET search_path = pg_catalog, ledger, pg_temp AS $$
DECLARE
  -- A tile holds 256 hashes; the heights within one are computed.
  tile_level integer := height / 8;
  inner_height integer := height % 8;
  first bigint := index << inner_height;
  tile_index bigint := first >> 8;
  hashes bytea;
BEGIN
  SELECT t.hashes INTO hashes FROM tile t WHERE t.level = tile_level AND t.index = tile_index;
  IF NOT FOUND THEN
    SELECT t.edge[tile_level + 1] INTO hashes FROM tree t
    WHERE t.size >> (8 * (tile_level + 1)) = tile_index;
  END IF;
  hashes := substr(hashes, (first & 255)::integer * 32 + 1, 32 << inner_height);
  IF octet_length(hashes) IS DISTINCT FROM 32 << inner_height THEN
    RAISE EXCEPTION 'tile % of level % is missing', tile_index, tile_level USING ERRCODE = 'PL022';
  END IF;
  FOR step IN 1 .. inner_height LOOP
    hashes := (SELECT string_agg(sha256('\x01'::bytea || substr(hashes, i * 64 + 1, 64)), ''::bytea ORDER BY i)
      FROM generate_series(0, octet_length(hashes) / 64 - 1) AS i);
  END LOOP;
  RETURN hashes;
END
$$;

-- The root of the tree's first leaves (RFC 6962, section 2.1): perfect subtrees, joined from the right.
CREATE FUNCTION ledger.tree_root(the_size bigint)
RETURNS bytea LANGUAGE plpgsql STABLE SET search_path = pg_catalog, ledger, pg_temp AS $$
DECLARE
  root bytea;
  node bytea;
BEGIN
  FOR height IN 0 .. 62 LOOP
    IF (the_size >> height) & 1 = 1 THEN
      node := ledger.subtree_root(height, (the_size >> height) - 1);
      root := CASE WHEN root IS NULL THEN node ELSE sha256('\x01'::bytea || node || root) END;
    END IF;
  END LOOP;
  RETURN coalesce(root, sha256(''::bytea));
END
$$;
REVOKE ALL ON FUNCTION ledger.subtree_root, ledger.tree_root FROM PUBLIC;

-- A size has one checkpoint: of this log, no larger than it, and with the root that the tree has at that size.
CREATE OR REPLACE FUNCTION ledger.record_checkpoint(the_size bigint, the_root bytea, the_note text)
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

-- One line, with the form of a signature by the witness that it is kept for.
CREATE OR REPLACE FUNCTION ledger.record_cosignature(the_size bigint, the_witness text, the_line text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, ledger, pg_temp AS $$
BEGIN
  IF NOT starts_with(the_line, '— ' || the_witness || ' ') OR the_line !~ '^— [^\s+]+ [A-Za-z0-9+/=]+\n$'
    OR octet_length(the_line) > 1000 THEN
    RAISE EXCEPTION 'not the signature line of a witness' USING ERRCODE = 'PL022';
  END IF;
  INSERT INTO cosignature (size, witness, line) VALUES (the_size, the_witness, the_line)
    ON CONFLICT DO NOTHING;
END
$$;
