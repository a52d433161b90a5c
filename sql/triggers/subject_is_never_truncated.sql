-- ledger.subject is never emptied. ALWAYS: also in a session that acts as a replica.
CREATE TRIGGER subject_is_never_truncated BEFORE TRUNCATE ON ledger.subject
  FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.subject ENABLE ALWAYS TRIGGER subject_is_never_truncated;
