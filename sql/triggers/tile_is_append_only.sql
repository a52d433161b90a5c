-- A row of ledger.tile never changes. ALWAYS: also in a session that acts as a replica.
CREATE TRIGGER tile_is_append_only BEFORE UPDATE OR DELETE ON ledger.tile
  FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.tile ENABLE ALWAYS TRIGGER tile_is_append_only;
