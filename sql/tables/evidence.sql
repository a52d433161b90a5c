-- Bytes that events name by their hash. They can be erased; the log cannot.
CREATE TABLE ledger.evidence (
  sha256    bytea       PRIMARY KEY CONSTRAINT evidence_is_sha256 CHECK (octet_length(sha256) = 32),
  kind      text        NOT NULL,
  stored_at timestamptz NOT NULL DEFAULT now(),
  bytes     bytea       NOT NULL,
  CONSTRAINT evidence_hashes_to_its_name CHECK (sha256(bytes) = sha256)
);
