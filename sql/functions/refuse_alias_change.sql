-- Trigger: of an alias only is_retracted changes.
CREATE FUNCTION ledger.refuse_alias_change()
RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'UPDATE' OR (NEW.kind, NEW.normalized, NEW.record_position)
      IS DISTINCT FROM (OLD.kind, OLD.normalized, OLD.record_position) THEN
    RAISE EXCEPTION 'ledger.alias is append-only: % is not possible', TG_OP USING ERRCODE = 'PL001';
  END IF;
  RETURN NEW;
END
$$;
