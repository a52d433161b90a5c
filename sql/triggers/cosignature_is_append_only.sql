-- A row of ledger.cosignature never changes. ALWAYS: also in a session that acts as a replica.
CREATE TRIGGER cosignature_is_append_only BEFORE UPDATE OR DELETE ON ledger.cosignature
  FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.cosignature ENABLE ALWAYS TRIGGER cosignature_is_append_only;
