-- The tree only grows. ALWAYS: also in a session that acts as a replica.
CREATE TRIGGER tree_only_grows BEFORE UPDATE OR DELETE ON ledger.tree
  FOR EACH ROW EXECUTE FUNCTION ledger.refuse_tree_change();
ALTER TABLE ledger.tree ENABLE ALWAYS TRIGGER tree_only_grows;
