-- The root of the tree's first the_size leaves (RFC 6962, section 2.1): the roots of perfect subtrees, joined from the
-- right.
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
