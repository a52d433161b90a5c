-- Two lookups that every submission needs, kept by the append itself so that they never lag.
CREATE TABLE ledger.subject (
  pith_number      text   PRIMARY KEY,
  suffix           text   COLLATE "C" NOT NULL,
  record           bigint NOT NULL UNIQUE,
  canonical_sha256 bytea  NOT NULL,
  source_version   bigint NOT NULL,
  trusted_receipt  boolean NOT NULL
);
CREATE INDEX subject_by_suffix ON ledger.subject (suffix);

CREATE TABLE ledger.alias (
  kind   text   NOT NULL,
  folded text   NOT NULL,
  record bigint NOT NULL,
  PRIMARY KEY (folded, kind, record)
);
CREATE INDEX alias_by_record ON ledger.alias (record);

-- Bytes that events name by hash. They can be erased; the log cannot.
CREATE TABLE ledger.evidence (
  sha256    bytea       PRIMARY KEY CONSTRAINT evidence_is_sha256 CHECK (octet_length(sha256) = 32),
  kind      text        NOT NULL,
  stored_at timestamptz NOT NULL DEFAULT now(),
  bytes     bytea       NOT NULL,
  CONSTRAINT evidence_hashes_to_its_name CHECK (sha256(bytes) = sha256)
);
