-- Erases evidence for good; false where it is not stored. The log still holds the hash. The text of a document is erased
-- from the search with it: the lock makes a projector that is reading the document finish first.
CREATE FUNCTION ledger.erase_evidence(digest bytea)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, ledger, pg_temp AS $$
BEGIN
  LOCK TABLE record_text IN SHARE ROW EXCLUSIVE MODE;
  DELETE FROM evidence e WHERE e.sha256 = digest;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  UPDATE record_text t SET title = NULL, title_verified = NULL, authors = NULL, title_words = NULL, author_words = NULL
  WHERE t.document_sha256 = digest;
  RETURN true;
END
$$;
