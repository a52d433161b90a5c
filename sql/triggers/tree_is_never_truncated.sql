-- ledger.tree is never emptied. ALWAYS: also in a session that acts as a replica.
CREATE TRIGGER tree_is_never_truncated BEFORE TRUNCATE ON ledger.tree
  FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.tree ENABLE ALWAYS TRIGGER tree_is_never_truncated;
