-- ledger.cosignature is never emptied. ALWAYS: also in a session that acts as a replica.
CREATE TRIGGER cosignature_is_never_truncated BEFORE TRUNCATE ON ledger.cosignature
  FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.cosignature ENABLE ALWAYS TRIGGER cosignature_is_never_truncated;
