-- Of a subject only the two flags change, from false to true. ALWAYS: also in a session that acts as a replica.
CREATE TRIGGER subject_is_append_only BEFORE UPDATE OR DELETE ON ledger.subject
  FOR EACH ROW EXECUTE FUNCTION ledger.refuse_subject_change();
ALTER TABLE ledger.subject ENABLE ALWAYS TRIGGER subject_is_append_only;
