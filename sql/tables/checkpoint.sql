-- Every checkpoint that was signed. A size has one checkpoint.
CREATE TABLE ledger.checkpoint (
  size      bigint      PRIMARY KEY CONSTRAINT checkpoint_size_is_natural CHECK (size >= 0),
  root      bytea       NOT NULL CONSTRAINT checkpoint_root_is_a_hash CHECK (octet_length(root) = 32),
  note      text        NOT NULL,
  signed_at timestamptz NOT NULL DEFAULT now()
);
