-- The records by their Pith Numbers. ledger.append() writes it with the events, so that it never lags.
CREATE TABLE ledger.subject (
  pith_number       text    PRIMARY KEY,
  -- The last part of the Pith Number, for short forms.
  suffix            text    COLLATE "C" NOT NULL,
  record_position   bigint  NOT NULL UNIQUE,
  canonical_sha256  bytea   NOT NULL,
  source_version    bigint  NOT NULL,
  -- Whether a receipt of the record was verified.
  trusted_receipt   boolean NOT NULL,
  -- Whether an operator imported the record.
  operator_imported boolean NOT NULL DEFAULT false
);
