-- ledger.tile is never emptied. ALWAYS: also in a session that acts as a replica.
CREATE TRIGGER tile_is_never_truncated BEFORE TRUNCATE ON ledger.tile
  FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.tile ENABLE ALWAYS TRIGGER tile_is_never_truncated;
