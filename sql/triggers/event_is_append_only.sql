-- A row of ledger.event never changes. ALWAYS: also in a session that acts as a replica.
CREATE TRIGGER event_is_append_only BEFORE UPDATE OR DELETE ON ledger.event
  FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.event ENABLE ALWAYS TRIGGER event_is_append_only;
