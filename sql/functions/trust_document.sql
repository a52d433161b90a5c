-- Trusts a document; false where the same bytes are trusted already.
CREATE FUNCTION ledger.trust_document(the_kind text, the_bytes bytea)
RETURNS boolean LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, ledger, pg_temp AS $$
  WITH added AS (
    INSERT INTO trusted_document (kind, sha256, bytes) VALUES (the_kind, sha256(the_bytes), the_bytes)
    ON CONFLICT DO NOTHING RETURNING 1)
  SELECT EXISTS (SELECT FROM added)
$$;
