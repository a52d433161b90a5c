-- Documents that the operator trusts: roots of timestamp authorities (tsa) and keys of identity issuers (jwks).
CREATE TABLE ledger.trusted_document (
  kind     text        CONSTRAINT kind_is_known CHECK (kind IN ('tsa', 'jwks')),
  sha256   bytea       CONSTRAINT document_hashes_to_its_name CHECK (sha256(bytes) = sha256),
  bytes    bytea       NOT NULL,
  added_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (kind, sha256)
);
