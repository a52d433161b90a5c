-- The right edge of the Merkle tree.
CREATE TABLE ledger.tree (
  singleton boolean PRIMARY KEY DEFAULT true CONSTRAINT tree_is_one_row CHECK (singleton),
  -- The number of leaves.
  size      bigint  NOT NULL CONSTRAINT tree_size_is_natural CHECK (size >= 0),
  -- At each level the hashes of the tile that is not full yet.
  frontier  bytea[] NOT NULL,
  -- The key that signs checkpoints, as name+id+base64. The first key that is claimed stays.
  log_key   text
);
INSERT INTO ledger.tree (size, frontier) VALUES (0, '{}');
