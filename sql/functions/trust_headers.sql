-- Trusts block headers, all or none, and returns how many are new. A height has one header: another is refused, so that
-- the old header must be removed first.
--
-- Errors: PL012 where another header is trusted at one of the heights.
CREATE FUNCTION ledger.trust_headers(heights bigint[], headers bytea[])
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, ledger, pg_temp AS $$
DECLARE
  contradicted bigint;
  added bigint;
BEGIN
  SELECT n.height INTO contradicted FROM unnest(heights, headers) AS n (height, header)
    JOIN trusted_header t ON t.height = n.height WHERE t.header <> n.header LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'another header is trusted at height %', contradicted USING ERRCODE = 'PL012';
  END IF;
  INSERT INTO trusted_header (height, header)
  SELECT * FROM unnest(heights, headers) ON CONFLICT DO NOTHING;
  GET DIAGNOSTICS added = ROW_COUNT;
  RETURN added;
END
$$;
