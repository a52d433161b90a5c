-- Appends events, given by parallel arrays with one element for each event, and returns for each its position and what
-- became of it: 'appended', 'existing' (the event was there) or 'conflict' (the record of its unit has changed since the
-- guard position). One row with 'all_appended' and the first position answers for all events where every one is new.
--
-- units    events with the same number are stored all or none
-- guards   NULL, or a position: the unit is a conflict if its record has a later event by the same key; for the
--          registry, if it has any later event
-- records  NULL where the unit itself creates the record
--
-- Errors: PL004 where the record of an event does not exist, PL006 where the arrays have different lengths.
CREATE FUNCTION ledger.append(
  units integer[], guards bigint[], subjects text[], records bigint[], recorded_ats timestamptz[],
  fold_groups bigint[], target_hashes bigint[], refers bigint[], valid_untils timestamptz[],
  reference_counts integer[], resolved_works integer[], formal_evidence_counts integer[],
  flag_sets integer[], event_types smallint[], verdicts smallint[], event_ids bytea[],
  signer_keys bytea[], slots bytea[], statements bytea[], claimants bytea[],
  key_fingerprints bytea[], key_signer_ids text[], key_signer_types smallint[], key_ids text[],
  key_publics bytea[], compromised_froms bigint[], entries bytea[], created_ats timestamptz[],
  key_names text[],
  canonical_sha256s bytea[], source_versions bigint[], alias_kinds text[], alias_folded text[],
  log_origin text
) RETURNS TABLE (at_position bigint, outcome text, in_record bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, ledger, pg_temp AS $$
DECLARE
  record_created CONSTANT smallint := ledger.event_type_code('record_created');
  graph_snapshot CONSTANT smallint := ledger.event_type_code('graph_snapshot');
  alias_retracted CONSTANT smallint := ledger.event_type_code('alias_retracted');
  with_receipt CONSTANT integer := ledger.event_flag('receipt_verified');
  by_operator CONSTANT integer := ledger.event_flag('operator_imported');
  total CONSTANT integer := cardinality(units);
  next_position bigint;
  first_position bigint;
  i integer;
  unit_start integer := 1;
  unit_end integer;
  the_record bigint;
  conflicting boolean;
  found_at bigint;
BEGIN
  IF EXISTS (SELECT FROM unnest(ARRAY[
      cardinality(guards), cardinality(subjects), cardinality(records), cardinality(recorded_ats),
      cardinality(created_ats), cardinality(fold_groups), cardinality(target_hashes), cardinality(refers),
      cardinality(valid_untils), cardinality(reference_counts), cardinality(resolved_works),
      cardinality(formal_evidence_counts), cardinality(flag_sets), cardinality(event_types),
      cardinality(verdicts), cardinality(event_ids), cardinality(signer_keys), cardinality(slots),
      cardinality(statements), cardinality(claimants), cardinality(key_fingerprints),
      cardinality(key_signer_ids), cardinality(key_signer_types), cardinality(key_ids),
      cardinality(key_publics), cardinality(key_names), cardinality(compromised_froms), cardinality(entries),
      cardinality(canonical_sha256s), cardinality(source_versions), cardinality(alias_kinds),
      cardinality(alias_folded)]) AS n (length) WHERE n.length IS DISTINCT FROM total) THEN
    RAISE EXCEPTION 'the arrays of an append have different lengths' USING ERRCODE = 'PL006';
  END IF;
  -- No other transaction appends from here to the end of this one.
  SELECT h.size INTO next_position FROM head h FOR UPDATE;
  first_position := next_position;
  -- Most batches are new events of known records. Those are inserted by one statement.
  IF cardinality(array_remove(guards, NULL)) = 0 AND array_position(records, NULL) IS NULL
    AND NOT event_types && ARRAY[record_created, graph_snapshot]
    AND cardinality(array_remove(alias_kinds, NULL)) = 0 THEN
    BEGIN
      -- In the select list the arrays are read row by row; in FROM they would be materialised first.
      INSERT INTO event
      SELECT generate_series(next_position, next_position + total - 1), unnest(records),
        unnest(recorded_ats), unnest(created_ats), unnest(fold_groups), unnest(target_hashes),
        unnest(refers), unnest(valid_untils), unnest(reference_counts), unnest(resolved_works),
        unnest(formal_evidence_counts), unnest(flag_sets), unnest(event_types), unnest(verdicts),
        unnest(event_ids), unnest(signer_keys), unnest(slots), unnest(statements), unnest(claimants),
        unnest(key_fingerprints), unnest(key_signer_ids), unnest(key_signer_types),
        unnest(key_ids), unnest(key_publics), unnest(key_names), unnest(compromised_froms), unnest(entries);
      UPDATE head h SET size = next_position + total, origin = coalesce(h.origin, log_origin);
      at_position := next_position; outcome := 'all_appended'; in_record := NULL;
      RETURN NEXT;
      RETURN;
    EXCEPTION WHEN unique_violation THEN
      -- At least one event exists already. The loop below finds out which.
      NULL;
    END;
  END IF;
  WHILE unit_start <= total LOOP
    unit_end := unit_start;
    WHILE unit_end < total AND units[unit_end + 1] = units[unit_start] LOOP
      unit_end := unit_end + 1;
    END LOOP;
    the_record := records[unit_start];
    IF the_record IS NULL THEN
      SELECT s.record_position INTO the_record FROM subject s WHERE s.pith_number = subjects[unit_start];
    END IF;
    conflicting := false;
    IF guards[unit_start] IS NOT NULL AND the_record IS NOT NULL THEN
      IF the_record = ledger.registry() THEN
        conflicting := EXISTS (SELECT FROM event e
          WHERE e.record_position = the_record AND e.position > guards[unit_start]);
      ELSE
        conflicting := EXISTS (SELECT FROM event e
          WHERE e.signer_key = signer_keys[unit_start] AND e.record_position = the_record
            AND e.position > guards[unit_start]);
      END IF;
      -- A unit that is stored already does not conflict with itself: its sender did not receive the answer.
      IF conflicting AND EXISTS (SELECT FROM event e
          WHERE e.record_position = the_record AND e.event_id = event_ids[unit_end]) THEN
        conflicting := false;
      END IF;
    END IF;
    FOR i IN unit_start .. unit_end LOOP
      IF conflicting THEN
        at_position := NULL; outcome := 'conflict'; in_record := the_record;
        RETURN NEXT;
        CONTINUE;
      END IF;
      found_at := NULL;
      IF the_record IS NOT NULL THEN
        SELECT e.position INTO found_at FROM event e
          WHERE e.record_position = the_record AND e.event_id = event_ids[i];
      END IF;
      IF found_at IS NOT NULL THEN
        at_position := found_at; outcome := 'existing'; in_record := the_record;
        RETURN NEXT;
        CONTINUE;
      END IF;
      IF the_record IS NULL THEN
        IF event_types[i] <> record_created THEN
          RAISE EXCEPTION 'no record % in this ledger', subjects[i] USING ERRCODE = 'PL004';
        END IF;
        the_record := next_position;
        INSERT INTO subject (pith_number, suffix, record_position, canonical_sha256, source_version, trusted_receipt,
            operator_imported)
          VALUES (subjects[i], split_part(subjects[i], ':', 3), the_record, canonical_sha256s[i],
            source_versions[i], flag_sets[i] & with_receipt <> 0, flag_sets[i] & by_operator <> 0);
      ELSIF event_types[i] IN (record_created, graph_snapshot)
        AND flag_sets[i] & (with_receipt | by_operator) <> 0 THEN
        UPDATE subject s SET
          trusted_receipt = s.trusted_receipt OR flag_sets[i] & with_receipt <> 0,
          operator_imported = s.operator_imported OR flag_sets[i] & by_operator <> 0
        WHERE s.record_position = the_record
          AND (flag_sets[i] & with_receipt <> 0 AND NOT s.trusted_receipt
            OR flag_sets[i] & by_operator <> 0 AND NOT s.operator_imported);
      END IF;
      INSERT INTO event VALUES (
        next_position, the_record, recorded_ats[i], created_ats[i], fold_groups[i], target_hashes[i], refers[i],
        valid_untils[i], reference_counts[i], resolved_works[i], formal_evidence_counts[i],
        flag_sets[i], event_types[i], verdicts[i], event_ids[i], signer_keys[i], slots[i],
        statements[i], claimants[i], key_fingerprints[i], key_signer_ids[i], key_signer_types[i],
        key_ids[i], key_publics[i], key_names[i], compromised_froms[i], entries[i]);
      IF alias_kinds[i] IS NOT NULL THEN
        INSERT INTO alias (kind, normalized, record_position, is_retracted)
          VALUES (alias_kinds[i], alias_folded[i], the_record, event_types[i] = alias_retracted)
          ON CONFLICT (normalized, kind, record_position) DO UPDATE SET is_retracted = EXCLUDED.is_retracted
          WHERE alias.is_retracted <> EXCLUDED.is_retracted;
      END IF;
      at_position := next_position; outcome := 'appended'; in_record := the_record;
      RETURN NEXT;
      next_position := next_position + 1;
    END LOOP;
    unit_start := unit_end + 1;
  END LOOP;
  IF next_position > first_position THEN
    UPDATE head h SET size = next_position, origin = coalesce(h.origin, log_origin);
  END IF;
END
$$;
