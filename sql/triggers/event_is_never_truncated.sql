-- ledger.event is never emptied. ALWAYS: also in a session that acts as a replica.
CREATE TRIGGER event_is_never_truncated BEFORE TRUNCATE ON ledger.event
  FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.event ENABLE ALWAYS TRIGGER event_is_never_truncated;
