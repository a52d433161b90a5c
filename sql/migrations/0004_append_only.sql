-- Nothing is ever changed in the log, whoever asks. ALWAYS, so that a session that plays a replica is
-- held to it too.
CREATE FUNCTION ledger.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'ledger.% is append-only: % is not possible', TG_TABLE_NAME, TG_OP
    USING ERRCODE = 'PL001', HINT = 'A correction is a new event.';
END
$$;

CREATE TRIGGER event_is_append_only BEFORE UPDATE OR DELETE ON ledger.event
  FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER event_is_never_truncated BEFORE TRUNCATE ON ledger.event
  FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.event ENABLE ALWAYS TRIGGER event_is_append_only;
ALTER TABLE ledger.event ENABLE ALWAYS TRIGGER event_is_never_truncated;

-- The head only grows.
CREATE FUNCTION ledger.refuse_shrinking() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'UPDATE' OR NEW.size < OLD.size OR NEW.origin IS DISTINCT FROM coalesce(OLD.origin, NEW.origin) THEN
    RAISE EXCEPTION 'the head of the log only grows, and its origin stays' USING ERRCODE = 'PL001';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER head_only_grows BEFORE UPDATE OR DELETE ON ledger.head
  FOR EACH ROW EXECUTE FUNCTION ledger.refuse_shrinking();
ALTER TABLE ledger.head ENABLE ALWAYS TRIGGER head_only_grows;
CREATE TRIGGER head_is_never_truncated BEFORE TRUNCATE ON ledger.head
  FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.head ENABLE ALWAYS TRIGGER head_is_never_truncated;
