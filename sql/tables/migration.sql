-- The baseline and the table changes that were applied.
CREATE TABLE IF NOT EXISTS pithledger.migration (
  number     integer     PRIMARY KEY,
  name       text        NOT NULL,
  sha256     bytea       NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now()
);
