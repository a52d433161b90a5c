-- ledger.alias is never emptied. ALWAYS: also in a session that acts as a replica.
CREATE TRIGGER alias_is_never_truncated BEFORE TRUNCATE ON ledger.alias
  FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.alias ENABLE ALWAYS TRIGGER alias_is_never_truncated;
