-- The revision of the functions, triggers, views and privileges that the database has, and the SHA-256 of their text.
CREATE TABLE pithledger.definition (
  singleton  boolean     PRIMARY KEY DEFAULT true CONSTRAINT definition_is_one_row CHECK (singleton),
  revision   integer     NOT NULL,
  sha256     bytea       NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now()
);
