-- The lookups are indexes of the log, and as permanent: an alias stays, and of a subject only the word
-- that a trusted receipt arrived can be added.
CREATE TRIGGER alias_is_append_only BEFORE UPDATE OR DELETE ON ledger.alias
  FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER alias_is_never_truncated BEFORE TRUNCATE ON ledger.alias
  FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.alias ENABLE ALWAYS TRIGGER alias_is_append_only;
ALTER TABLE ledger.alias ENABLE ALWAYS TRIGGER alias_is_never_truncated;

CREATE FUNCTION ledger.refuse_subject_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'UPDATE' OR NOT NEW.trusted_receipt
    OR (NEW.pith_number, NEW.suffix, NEW.record, NEW.canonical_sha256, NEW.source_version)
      IS DISTINCT FROM
      (OLD.pith_number, OLD.suffix, OLD.record, OLD.canonical_sha256, OLD.source_version) THEN
    RAISE EXCEPTION 'ledger.subject is append-only: % is not possible', TG_OP USING ERRCODE = 'PL001';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER subject_is_append_only BEFORE UPDATE OR DELETE ON ledger.subject
  FOR EACH ROW EXECUTE FUNCTION ledger.refuse_subject_change();
CREATE TRIGGER subject_is_never_truncated BEFORE TRUNCATE ON ledger.subject
  FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.subject ENABLE ALWAYS TRIGGER subject_is_append_only;
ALTER TABLE ledger.subject ENABLE ALWAYS TRIGGER subject_is_never_truncated;

-- Unless it is named, the caller's temporary schema is searched first: a temporary table called event,
-- with a trigger of the caller's, would run that trigger with the owner's rights.
ALTER FUNCTION ledger.append SET search_path = pg_catalog, ledger, pg_temp;
ALTER FUNCTION ledger.put_evidence SET search_path = pg_catalog, ledger, pg_temp;
