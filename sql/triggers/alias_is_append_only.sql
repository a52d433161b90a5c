-- Of an alias only is_retracted changes. ALWAYS: also in a session that acts as a replica.
CREATE TRIGGER alias_is_append_only BEFORE UPDATE OR DELETE ON ledger.alias
  FOR EACH ROW EXECUTE FUNCTION ledger.refuse_alias_change();
ALTER TABLE ledger.alias ENABLE ALWAYS TRIGGER alias_is_append_only;
