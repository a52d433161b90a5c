-- A row of ledger.checkpoint never changes. ALWAYS: also in a session that acts as a replica.
CREATE TRIGGER checkpoint_is_append_only BEFORE UPDATE OR DELETE ON ledger.checkpoint
  FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.checkpoint ENABLE ALWAYS TRIGGER checkpoint_is_append_only;
