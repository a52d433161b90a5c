-- What the operator trusts from outside: block headers, timestamp authorities' roots, issuers' keys. It
-- is no part of the log: verdicts are, and replay asks nobody.
CREATE TABLE ledger.trusted_header (
  height   bigint      PRIMARY KEY CONSTRAINT height_counts_from_zero CHECK (height >= 0),
  header   bytea       NOT NULL CONSTRAINT header_has_80_bytes CHECK (octet_length(header) = 80),
  added_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE ledger.trusted_document (
  kind     text        CONSTRAINT kind_is_known CHECK (kind IN ('tsa', 'jwks')),
  sha256   bytea       CONSTRAINT document_hashes_to_its_name CHECK (sha256(bytes) = sha256),
  bytes    bytea       NOT NULL,
  added_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (kind, sha256)
);
GRANT SELECT ON ledger.trusted_header, ledger.trusted_document TO pithledger_reader, pithledger_writer;

-- A height has one header: another is refused, so that trust changes only where somebody removes it first.
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
CREATE FUNCTION ledger.untrust_header(the_height bigint)
RETURNS boolean LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, ledger, pg_temp AS $$
  WITH gone AS (DELETE FROM trusted_header t WHERE t.height = the_height RETURNING 1)
  SELECT EXISTS (SELECT FROM gone)
$$;
CREATE FUNCTION ledger.trust_document(the_kind text, the_bytes bytea)
RETURNS boolean LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, ledger, pg_temp AS $$
  WITH added AS (
    INSERT INTO trusted_document (kind, sha256, bytes) VALUES (the_kind, sha256(the_bytes), the_bytes)
    ON CONFLICT DO NOTHING RETURNING 1)
  SELECT EXISTS (SELECT FROM added)
$$;
CREATE FUNCTION ledger.untrust_document(the_kind text, the_sha256 bytea)
RETURNS boolean LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, ledger, pg_temp AS $$
  WITH gone AS (
    DELETE FROM trusted_document t WHERE t.kind = the_kind AND t.sha256 = the_sha256 RETURNING 1)
  SELECT EXISTS (SELECT FROM gone)
$$;

-- Evidence by the owner's rights: an audit reads the tokens that nobody is served, and an operator
-- erases what must go. The log keeps the hash.
CREATE FUNCTION ledger.evidence_for_audit(digest bytea)
RETURNS TABLE (kind text, bytes bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, ledger, pg_temp AS $$
  SELECT e.kind, e.bytes FROM evidence e WHERE e.sha256 = digest
$$;
CREATE FUNCTION ledger.erase_evidence(digest bytea)
RETURNS boolean LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, ledger, pg_temp AS $$
  WITH gone AS (DELETE FROM evidence e WHERE e.sha256 = digest RETURNING 1)
  SELECT EXISTS (SELECT FROM gone)
$$;

REVOKE ALL ON FUNCTION ledger.trust_headers, ledger.untrust_header, ledger.trust_document,
  ledger.untrust_document, ledger.evidence_for_audit, ledger.erase_evidence FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.trust_headers, ledger.untrust_header, ledger.trust_document,
  ledger.untrust_document, ledger.evidence_for_audit, ledger.erase_evidence TO pithledger_writer;

-- What the jobs look through: anchors that were pending when they came, and storage.
CREATE INDEX event_pending_anchor ON ledger.event (position) WHERE event_type = 1 AND verdict = 2;
CREATE INDEX event_storage ON ledger.event (position) WHERE event_type = 2;
