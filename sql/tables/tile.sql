-- The full tiles of the Merkle tree over the log (RFC 6962 hashing, C2SP tiles): 256 hashes each. Leaf number N is the
-- entry at position N. A full tile never changes.
CREATE TABLE ledger.tile (
  level  smallint NOT NULL CONSTRAINT tile_level_is_natural CHECK (level >= 0),
  index  bigint   NOT NULL CONSTRAINT tile_index_is_natural CHECK (index >= 0),
  hashes bytea    NOT NULL CONSTRAINT tile_is_full CHECK (octet_length(hashes) = 256 * 32),
  PRIMARY KEY (level, index)
);
-- Hashes do not compress.
ALTER TABLE ledger.tile ALTER COLUMN hashes SET STORAGE EXTERNAL;
