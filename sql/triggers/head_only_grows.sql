-- The log only grows. ALWAYS: also in a session that acts as a replica.
CREATE TRIGGER head_only_grows BEFORE UPDATE OR DELETE ON ledger.head
  FOR EACH ROW EXECUTE FUNCTION ledger.refuse_head_change();
ALTER TABLE ledger.head ENABLE ALWAYS TRIGGER head_only_grows;
