-- The root of perfect subtree number index of a height, from the tiles.
--
-- Errors: PL022 where a tile is missing.
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
    SELECT t.frontier[tile_level + 1] INTO hashes FROM tree t
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
