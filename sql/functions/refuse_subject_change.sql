-- Trigger: of a subject only the two flags change, from false to true.
CREATE FUNCTION ledger.refuse_subject_change()
RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'UPDATE' OR NEW.trusted_receipt < OLD.trusted_receipt
    OR NEW.operator_imported < OLD.operator_imported
    OR (NEW.pith_number, NEW.suffix, NEW.record_position, NEW.canonical_sha256, NEW.source_version)
      IS DISTINCT FROM
      (OLD.pith_number, OLD.suffix, OLD.record_position, OLD.canonical_sha256, OLD.source_version) THEN
    RAISE EXCEPTION 'ledger.subject is append-only: % is not possible', TG_OP USING ERRCODE = 'PL001';
  END IF;
  RETURN NEW;
END
$$;
