-- Trigger: refuses every change of a table, by every role.
CREATE FUNCTION ledger.refuse_change()
RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'ledger.% is append-only: % is not possible', TG_TABLE_NAME, TG_OP
    USING ERRCODE = 'PL001', HINT = 'A correction is a new event.';
END
$$;
