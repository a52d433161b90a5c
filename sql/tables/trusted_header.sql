-- Bitcoin block headers that the operator trusts. Trust is no part of the log: verdicts are, and a replay reads no
-- trusted material.
CREATE TABLE ledger.trusted_header (
  height   bigint      PRIMARY KEY CONSTRAINT height_counts_from_zero CHECK (height >= 0),
  header   bytea       NOT NULL CONSTRAINT header_has_80_bytes CHECK (octet_length(header) = 80),
  added_at timestamptz NOT NULL DEFAULT now()
);
