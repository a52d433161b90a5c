-- Trigger: the size of the log only grows, and its origin is set once.
CREATE FUNCTION ledger.refuse_head_change()
RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'UPDATE' OR NEW.size < OLD.size OR NEW.origin IS DISTINCT FROM coalesce(OLD.origin, NEW.origin) THEN
    RAISE EXCEPTION 'the log only grows, and its origin does not change' USING ERRCODE = 'PL001';
  END IF;
  RETURN NEW;
END
$$;
