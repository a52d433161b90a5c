-- Trigger: the tree only grows, and its key is set once.
CREATE FUNCTION ledger.refuse_tree_change()
RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'UPDATE' OR NEW.size < OLD.size
    OR NEW.log_key IS DISTINCT FROM coalesce(OLD.log_key, NEW.log_key) THEN
    RAISE EXCEPTION 'the tree only grows, and its key does not change' USING ERRCODE = 'PL001';
  END IF;
  RETURN NEW;
END
$$;
