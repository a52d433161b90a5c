-- Replaces rows of the lookup tables that are not those that follow from the log; false where the log no longer has the
-- size at which they were derived. Removed rows are named by their keys.
CREATE FUNCTION ledger.replace_lookups(
  log_size bigint,
  gone_subjects text[], pith_numbers text[], suffixes text[], records bigint[], canonical_sha256s bytea[],
  source_versions bigint[], trusted_receipts boolean[], operator_importeds boolean[],
  gone_kinds text[], gone_names text[], gone_records bigint[],
  kinds text[], names text[], alias_records bigint[], retractions boolean[],
  gone_tokens bytea[], tokens bytea[], token_events bytea[]
) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, ledger, pg_temp AS $$
BEGIN
  -- No other transaction appends from here to the end of this one.
  PERFORM FROM head h WHERE h.size = log_size FOR UPDATE;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  ALTER TABLE subject DISABLE TRIGGER subject_is_append_only;
  ALTER TABLE alias DISABLE TRIGGER alias_is_append_only;
  DELETE FROM subject s WHERE s.pith_number = ANY (gone_subjects);
  INSERT INTO subject (pith_number, suffix, record_position, canonical_sha256, source_version, trusted_receipt,
    operator_imported)
  SELECT * FROM unnest(pith_numbers, suffixes, records, canonical_sha256s, source_versions, trusted_receipts,
    operator_importeds);
  DELETE FROM alias a USING unnest(gone_kinds, gone_names, gone_records) AS g (kind, normalized, record_position)
  WHERE a.kind = g.kind AND a.normalized = g.normalized AND a.record_position = g.record_position;
  INSERT INTO alias (kind, normalized, record_position, is_retracted)
  SELECT * FROM unnest(kinds, names, alias_records, retractions);
  DELETE FROM used_token u WHERE u.sha256 = ANY (gone_tokens);
  INSERT INTO used_token (sha256, event_id) SELECT * FROM unnest(tokens, token_events);
  ALTER TABLE subject ENABLE ALWAYS TRIGGER subject_is_append_only;
  ALTER TABLE alias ENABLE ALWAYS TRIGGER alias_is_append_only;
  RETURN true;
END
$$;
