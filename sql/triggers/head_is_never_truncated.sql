-- ledger.head is never emptied. ALWAYS: also in a session that acts as a replica.
CREATE TRIGGER head_is_never_truncated BEFORE TRUNCATE ON ledger.head
  FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.head ENABLE ALWAYS TRIGGER head_is_never_truncated;
