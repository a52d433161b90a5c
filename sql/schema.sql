-- The schema of a new database, written by a test: see README.md. Do not edit.
CREATE SCHEMA ledger;
CREATE SCHEMA pithledger;
CREATE FUNCTION ledger.advance_projection(from_position bigint, to_position bigint, status_table bigint) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'ledger', 'pg_temp'
    AS $$
BEGIN
  UPDATE projection_offset c SET next_position = to_position WHERE c.next_position = from_position;
  IF NOT FOUND OR to_regclass('ledger.verification_status')::oid::bigint IS DISTINCT FROM status_table THEN
    RAISE EXCEPTION 'the projections do not end at position %, or were replaced', from_position
      USING ERRCODE = 'PL040';
  END IF;
END
$$;
CREATE FUNCTION ledger.append(units integer[], guards bigint[], subjects text[], records bigint[], recorded_ats timestamp with time zone[], fold_groups bigint[], target_hashes bigint[], refers bigint[], valid_untils timestamp with time zone[], reference_counts integer[], resolved_works integer[], formal_evidence_counts integer[], flag_sets integer[], event_types smallint[], verdicts smallint[], event_ids bytea[], signer_keys bytea[], slots bytea[], statements bytea[], claimants bytea[], key_fingerprints bytea[], key_signer_ids text[], key_signer_types smallint[], key_ids text[], key_publics bytea[], compromised_froms bigint[], entries bytea[], created_ats timestamp with time zone[], key_names text[], canonical_sha256s bytea[], source_versions bigint[], alias_kinds text[], alias_folded text[], log_origin text) RETURNS TABLE(at_position bigint, outcome text, in_record bigint)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'ledger', 'pg_temp'
    AS $$
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
CREATE FUNCTION ledger.citation_relations() RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ARRAY['supports'::text, 'refutes'::text, 'extends'::text, 'uses_method'::text, 'depends_on'::text, 'replaces'::text, 'compares'::text, 'cites'::text];
CREATE FUNCTION ledger.claim_log_key(the_key text) RETURNS text
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'ledger', 'pg_temp'
    AS $$
  UPDATE tree SET log_key = coalesce(log_key, the_key) RETURNING log_key
$$;
CREATE FUNCTION ledger.counts_by_standing(counts integer[], event_type integer) RETURNS jsonb
    LANGUAGE sql IMMUTABLE
    AS $$
  SELECT jsonb_build_object('total', sum(c.count)) || jsonb_object_agg(s.name, c.count)
  FROM unnest(ledger.standings()) WITH ORDINALITY AS s (name, number)
    CROSS JOIN LATERAL (SELECT counts[(event_type - 1) * cardinality(ledger.standings()) + s.number] AS count) AS c
$$;
CREATE FUNCTION ledger.erase_evidence(digest bytea) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'ledger', 'pg_temp'
    AS $$
BEGIN
  LOCK TABLE record_text IN SHARE ROW EXCLUSIVE MODE;
  DELETE FROM evidence e WHERE e.sha256 = digest;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  UPDATE record_text t SET title = NULL, title_verified = NULL, authors = NULL, title_words = NULL, author_words = NULL
  WHERE t.document_sha256 = digest;
  RETURN true;
END
$$;
CREATE FUNCTION ledger.event_flags() RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ARRAY['name_mismatch'::text, 'content_role_counts'::text, 'token_claim'::text, 'bare'::text, 'content_addressed'::text, 'receipt_verified'::text, 'approved'::text, 'provider_statement'::text, 'elsewhere'::text, 'name_listed'::text, 'name_verified'::text, 'name_differs'::text, 'name_unknown'::text, 'operator_imported'::text, 'unsettleable'::text];
CREATE FUNCTION ledger.unknown_constant(list text, name text) RETURNS integer
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    AS $$
BEGIN
  RAISE EXCEPTION 'there is no % "%"', list, name USING ERRCODE = 'PL030';
END
$$;
CREATE FUNCTION ledger.event_flag(name text) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (1 << (COALESCE(array_position(ledger.event_flags(), name), ledger.unknown_constant('event flag'::text, name)) - 1));
CREATE FUNCTION ledger.event_types() RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ARRAY['timestamp_anchor'::text, 'storage_attestation'::text, 'author_attestation'::text, 'citation_signature'::text, 'replication_record'::text, 'record_created'::text, 'graph_snapshot'::text, 'alias_added'::text, 'anchor_upgraded'::text, 'check_recorded'::text, 'moderation_decision'::text, 'event_withdrawn'::text, 'key_registered'::text, 'key_vouched'::text, 'key_revoked'::text, 'alias_retracted'::text, 'vouching_withdrawn'::text];
CREATE FUNCTION ledger.event_type_code(name text) RETURNS smallint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (COALESCE(array_position(ledger.event_types(), name), ledger.unknown_constant('event type'::text, name)))::smallint;
CREATE FUNCTION ledger.event_type_name(code smallint) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN COALESCE((ledger.event_types())[code], 'unknown'::text);
CREATE FUNCTION ledger.integrate_tree(old_size bigint, new_size bigint, new_frontier bytea[], levels smallint[], indexes bigint[], tiles bytea[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'ledger', 'pg_temp'
    AS $$
BEGIN
  PERFORM FROM tree t WHERE t.size = old_size FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the tree no longer has % leaves', old_size USING ERRCODE = 'PL020';
  END IF;
  IF new_size > (SELECT h.size FROM head h) THEN
    RAISE EXCEPTION 'the tree cannot have more leaves than the log has entries' USING ERRCODE = 'PL020';
  END IF;
  INSERT INTO tile (level, index, hashes) SELECT * FROM unnest(levels, indexes, tiles);
  UPDATE tree SET size = new_size, frontier = new_frontier;
END
$$;
CREATE FUNCTION ledger.list_corrupt_evidence() RETURNS TABLE(sha256 bytea)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'ledger', 'pg_temp'
    AS $$
  SELECT e.sha256 FROM evidence e WHERE pg_catalog.sha256(e.bytes) <> e.sha256
$$;
CREATE FUNCTION ledger.list_evidence(after bytea, how_many integer) RETURNS TABLE(sha256 bytea, kind text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'ledger', 'pg_temp'
    AS $$
  SELECT e.sha256, e.kind FROM evidence e WHERE e.sha256 > after ORDER BY e.sha256 LIMIT how_many
$$;
CREATE TABLE ledger.event (
    "position" bigint NOT NULL,
    record_position bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL,
    fold_group bigint,
    target_hash bigint NOT NULL,
    refers_to bigint,
    valid_until timestamp with time zone,
    reference_count integer NOT NULL,
    resolved_work integer NOT NULL,
    formal_evidence_count integer NOT NULL,
    flags integer NOT NULL,
    event_type smallint NOT NULL,
    verdict smallint NOT NULL,
    event_id bytea NOT NULL,
    signer_key bytea NOT NULL,
    slot bytea,
    statement bytea,
    claimant bytea,
    key_fingerprint bytea,
    key_signer_id text,
    key_signer_type smallint,
    key_id text,
    key_public bytea,
    key_name text,
    compromised_from bigint,
    entry bytea NOT NULL,
    CONSTRAINT event_entry_fits_a_bundle CHECK (((octet_length(entry) >= 1) AND (octet_length(entry) <= 65535))),
    CONSTRAINT event_id_is_sha256 CHECK ((octet_length(event_id) = 32)),
    CONSTRAINT event_position_is_natural CHECK (("position" >= 0)),
    CONSTRAINT event_refers_back CHECK ((refers_to < "position")),
    CONSTRAINT event_signer_is_fingerprint CHECK ((octet_length(signer_key) = 16))
);
CREATE FUNCTION ledger.naming_events(names bytea[], below bigint) RETURNS SETOF ledger.event
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'ledger', 'pg_temp'
    AS $$
BEGIN
  RETURN QUERY WITH RECURSIVE created AS (
    SELECT e.* FROM (SELECT DISTINCT unnest(names) AS name) k
      CROSS JOIN LATERAL (
        SELECT * FROM ledger.event t
        WHERE t.claimant = k.name AND t.claimant IS NOT NULL AND t.position < below
          AND t.event_type = ledger.event_type_code('record_created')
        ORDER BY t.claimant LIMIT 1) e
  ), found (name) AS (
    SELECT unnest(names) UNION SELECT c.slot FROM created c
    UNION
    SELECT x.name FROM found f CROSS JOIN LATERAL (
      SELECT t.slot AS name FROM ledger.event t
      WHERE t.claimant = f.name AND t.slot <> t.claimant AND t.position < below
        AND t.event_type IN (ledger.event_type_code('alias_added'), ledger.event_type_code('alias_retracted'))
      UNION ALL
      SELECT t.claimant FROM ledger.event t
      WHERE t.slot = f.name AND t.slot <> t.claimant AND t.position < below
        AND t.event_type IN (ledger.event_type_code('alias_added'), ledger.event_type_code('alias_retracted'))
    ) x
  )
  SELECT * FROM created
  UNION ALL
  SELECT e.* FROM found f CROSS JOIN LATERAL (
    SELECT * FROM ledger.event t
    WHERE t.claimant = f.name AND t.slot <> t.claimant AND t.position < below
      AND t.event_type IN (ledger.event_type_code('alias_added'), ledger.event_type_code('alias_retracted'))
    OFFSET 0) e;
END
$$;
CREATE FUNCTION ledger.projections() RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ARRAY['verification_status'::text, 'event_summary'::text, 'storage_validity'::text, 'citation'::text, 'record_text'::text, 'strong_author'::text];
CREATE FUNCTION ledger.read_evidence(digest bytea) RETURNS TABLE(kind text, bytes bytea)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'ledger', 'pg_temp'
    AS $$
  SELECT e.kind, e.bytes FROM evidence e WHERE e.sha256 = digest
$$;
CREATE FUNCTION ledger.read_pending_token(digest bytea) RETURNS TABLE(bytes bytea)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'ledger', 'pg_temp'
    AS $$
  SELECT v.bytes FROM evidence v
  WHERE v.sha256 = digest AND v.kind = 'identity_token' AND EXISTS (
    SELECT FROM used_token u JOIN event e ON e.event_id = u.event_id
    WHERE u.sha256 = digest AND e.event_type = ledger.event_type_code('author_attestation')
      AND e.verdict = ledger.verdict_code('pending'))
$$;
CREATE FUNCTION ledger.refuse_alias_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  IF TG_OP <> 'UPDATE' OR (NEW.kind, NEW.normalized, NEW.record_position)
      IS DISTINCT FROM (OLD.kind, OLD.normalized, OLD.record_position) THEN
    RAISE EXCEPTION 'ledger.alias is append-only: % is not possible', TG_OP USING ERRCODE = 'PL001';
  END IF;
  RETURN NEW;
END
$$;
CREATE FUNCTION ledger.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  RAISE EXCEPTION 'ledger.% is append-only: % is not possible', TG_TABLE_NAME, TG_OP
    USING ERRCODE = 'PL001', HINT = 'A correction is a new event.';
END
$$;
CREATE FUNCTION ledger.refuse_head_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  IF TG_OP <> 'UPDATE' OR NEW.size < OLD.size OR NEW.origin IS DISTINCT FROM coalesce(OLD.origin, NEW.origin) THEN
    RAISE EXCEPTION 'the log only grows, and its origin does not change' USING ERRCODE = 'PL001';
  END IF;
  RETURN NEW;
END
$$;
CREATE FUNCTION ledger.refuse_subject_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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
CREATE FUNCTION ledger.refuse_tree_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  IF TG_OP <> 'UPDATE' OR NEW.size < OLD.size
    OR NEW.log_key IS DISTINCT FROM coalesce(OLD.log_key, NEW.log_key) THEN
    RAISE EXCEPTION 'the tree only grows, and its key does not change' USING ERRCODE = 'PL001';
  END IF;
  RETURN NEW;
END
$$;
CREATE FUNCTION ledger.registry() RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (- (1)::bigint);
CREATE FUNCTION ledger.replace_lookups(log_size bigint, gone_subjects text[], pith_numbers text[], suffixes text[], records bigint[], canonical_sha256s bytea[], source_versions bigint[], trusted_receipts boolean[], operator_importeds boolean[], gone_kinds text[], gone_names text[], gone_records bigint[], kinds text[], names text[], alias_records bigint[], retractions boolean[], gone_tokens bytea[], tokens bytea[], token_events bytea[]) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'ledger', 'pg_temp'
    AS $$
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
CREATE FUNCTION ledger.replay_begin() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
DECLARE
  projection text;
  statement text;
BEGIN
  -- An interrupted replay leaves its schema behind.
  DROP SCHEMA IF EXISTS ledger_replay CASCADE;
  CREATE SCHEMA ledger_replay;
  GRANT USAGE ON SCHEMA ledger_replay TO pithledger_projector;
  FOREACH projection IN ARRAY ledger.projections() LOOP
    EXECUTE format(
      'CREATE TABLE ledger_replay.%1$I (LIKE ledger.%1$I INCLUDING ALL EXCLUDING INDEXES)', projection);
    FOR statement IN
      SELECT format('GRANT %s ON ledger_replay.%I TO %s', a.privilege_type, projection, a.grantee::regrole)
      FROM pg_class c, aclexplode(c.relacl) a
      WHERE c.oid = format('ledger.%I', projection)::regclass AND a.grantee NOT IN (0, c.relowner)
    LOOP
      EXECUTE statement;
    END LOOP;
  END LOOP;
END
$_$;
CREATE FUNCTION ledger.replay_end() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
  DROP SCHEMA IF EXISTS ledger_replay CASCADE;
END
$$;
CREATE FUNCTION ledger.replay_index(projection text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
  statement text;
BEGIN
  IF projection = ANY (ledger.projections()) IS NOT TRUE THEN
    RAISE EXCEPTION '"%" is not a projection', projection;
  END IF;
  -- Indexes come first: others may read the table while they are created. A constraint needs the table for itself.
  FOR statement IN
    SELECT replace(pg_get_indexdef(i.indexrelid), ' ON ledger.', ' ON ledger_replay.')
    FROM pg_index i
    WHERE i.indrelid = format('ledger.%I', projection)::regclass
  LOOP
    EXECUTE statement;
  END LOOP;
  FOR statement IN
    SELECT format('ALTER TABLE ledger_replay.%I ADD CONSTRAINT %I %s USING INDEX %I', projection, c.conname,
      CASE c.contype WHEN 'p' THEN 'PRIMARY KEY' ELSE 'UNIQUE' END, i.relname)
    FROM pg_constraint c JOIN pg_class i ON i.oid = c.conindid
    WHERE c.conrelid = format('ledger.%I', projection)::regclass AND c.contype IN ('p', 'u')
  LOOP
    EXECUTE statement;
  END LOOP;
END
$$;
CREATE FUNCTION ledger.replay_swap() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
  projection text;
  statement text;
  -- The definitions of the views by name. A view itself follows the table that it was created on.
  views text[];
BEGIN
  SELECT array_agg(format('CREATE OR REPLACE VIEW %s AS %s', v.ev_class::regclass, pg_get_viewdef(v.ev_class)))
  INTO views
  FROM (
    SELECT DISTINCT r.ev_class FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid
    WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
      AND d.refobjid IN (SELECT format('ledger.%I', p)::regclass FROM unnest(ledger.projections()) p)) AS v;
  CREATE SCHEMA ledger_old;
  FOREACH projection IN ARRAY ledger.projections() LOOP
    EXECUTE format('ALTER TABLE ledger.%I SET SCHEMA ledger_old', projection);
    EXECUTE format('ALTER TABLE ledger_replay.%I SET SCHEMA ledger', projection);
  END LOOP;
  FOREACH statement IN ARRAY views LOOP
    EXECUTE statement;
  END LOOP;
  DROP SCHEMA ledger_old CASCADE;
  DROP SCHEMA ledger_replay CASCADE;
END
$$;
CREATE FUNCTION ledger.require_no_rotation(since bigint) RETURNS void
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'ledger', 'pg_temp'
    AS $$
BEGIN
  PERFORM FROM event e
  WHERE e.record_position = ledger.registry() AND e.position >= since
    AND e.event_type = ledger.event_type_code('key_vouched')
    AND e.key_signer_type = ledger.signer_type_code('registry');
  IF FOUND THEN
    RAISE EXCEPTION 'the registry key was replaced meanwhile' USING ERRCODE = 'PL014';
  END IF;
END
$$;
CREATE FUNCTION ledger.save_checkpoint(the_size bigint, the_root bytea, the_note text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'ledger', 'pg_temp'
    AS $$
DECLARE
  signed_text text;
BEGIN
  IF the_size > (SELECT least(t.size, h.size) FROM tree t, head h) THEN
    RAISE EXCEPTION 'a checkpoint of % entries is larger than the log', the_size USING ERRCODE = 'PL022';
  END IF;
  IF the_root IS DISTINCT FROM ledger.tree_root(the_size) THEN
    RAISE EXCEPTION 'the tree has another root at size %', the_size USING ERRCODE = 'PL021';
  END IF;
  SELECT coalesce(h.origin, '') || E'\n' || the_size || E'\n' || encode(the_root, 'base64') || E'\n\n'
    INTO signed_text FROM head h;
  IF NOT starts_with(the_note, signed_text) THEN
    RAISE EXCEPTION 'the note is not of this log, size and root' USING ERRCODE = 'PL022';
  END IF;
  INSERT INTO checkpoint (size, root, note) VALUES (the_size, the_root, the_note)
    ON CONFLICT DO NOTHING;
  IF (SELECT c.root FROM checkpoint c WHERE c.size = the_size) <> the_root THEN
    RAISE EXCEPTION 'a checkpoint of size % was signed with another root', the_size
      USING ERRCODE = 'PL021';
  END IF;
END
$$;
CREATE FUNCTION ledger.save_cosignature(the_size bigint, the_witness text, the_line text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'ledger', 'pg_temp'
    AS $_$
BEGIN
  IF NOT starts_with(the_line, '— ' || the_witness || ' ') OR the_line !~ '^— [^\s+]+ [A-Za-z0-9+/=]+\n$'
    OR octet_length(the_line) > 1000 THEN
    RAISE EXCEPTION 'not the signature line of a witness' USING ERRCODE = 'PL022';
  END IF;
  INSERT INTO cosignature (size, witness, line) VALUES (the_size, the_witness, the_line)
    ON CONFLICT DO NOTHING;
END
$_$;
CREATE FUNCTION ledger.save_evidence(digests bytea[], kinds text[], contents bytea[]) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'ledger', 'pg_temp'
    AS $$
  INSERT INTO evidence (sha256, kind, bytes)
  SELECT * FROM unnest(digests, kinds, contents) ON CONFLICT DO NOTHING;
  UPDATE evidence e SET kind = n.kind
  FROM unnest(digests, kinds) AS n (digest, kind)
  WHERE n.kind IN ('identity_token', 'document') AND e.sha256 = n.digest AND e.kind NOT IN (n.kind, 'identity_token')
$$;
CREATE FUNCTION ledger.signer_types() RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ARRAY['author'::text, 'replicator'::text, 'agent'::text, 'moderator'::text, 'storage_provider'::text, 'registry'::text];
CREATE FUNCTION ledger.signer_type_code(name text) RETURNS smallint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (COALESCE(array_position(ledger.signer_types(), name), ledger.unknown_constant('signer type'::text, name)))::smallint;
CREATE FUNCTION ledger.standings() RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ARRAY['verified'::text, 'pending'::text, 'rejected'::text, 'withdrawn'::text, 'superseded'::text, 'revoked'::text];
CREATE FUNCTION ledger.subtree_root(height integer, index bigint) RETURNS bytea
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'ledger', 'pg_temp'
    AS $$
DECLARE
  -- A tile holds 256 hashes; the heights within one are computed.
  tile_level integer := height / 8;
  inner_height integer := height % 8;
  first bigint := index << inner_height;
  tile_index bigint := first >> 8;
  hashes bytea;
BEGIN
  SELECT t.hashes INTO hashes FROM tile t WHERE t.level = tile_level AND t.index = tile_index;
  IF NOT FOUND THEN
    SELECT t.frontier[tile_level + 1] INTO hashes FROM tree t
    WHERE t.size >> (8 * (tile_level + 1)) = tile_index;
  END IF;
  hashes := substr(hashes, (first & 255)::integer * 32 + 1, 32 << inner_height);
  IF octet_length(hashes) IS DISTINCT FROM 32 << inner_height THEN
    RAISE EXCEPTION 'tile % of level % is missing', tile_index, tile_level USING ERRCODE = 'PL022';
  END IF;
  FOR step IN 1 .. inner_height LOOP
    hashes := (SELECT string_agg(sha256('\x01'::bytea || substr(hashes, i * 64 + 1, 64)), ''::bytea ORDER BY i)
      FROM generate_series(0, octet_length(hashes) / 64 - 1) AS i);
  END LOOP;
  RETURN hashes;
END
$$;
CREATE FUNCTION ledger.tree_root(the_size bigint) RETURNS bytea
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'ledger', 'pg_temp'
    AS $$
DECLARE
  root bytea;
  node bytea;
BEGIN
  FOR height IN 0 .. 62 LOOP
    IF (the_size >> height) & 1 = 1 THEN
      node := ledger.subtree_root(height, (the_size >> height) - 1);
      root := CASE WHEN root IS NULL THEN node ELSE sha256('\x01'::bytea || node || root) END;
    END IF;
  END LOOP;
  RETURN coalesce(root, sha256(''::bytea));
END
$$;
CREATE FUNCTION ledger.trust_document(the_kind text, the_bytes bytea) RETURNS boolean
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'ledger', 'pg_temp'
    AS $$
  WITH added AS (
    INSERT INTO trusted_document (kind, sha256, bytes) VALUES (the_kind, sha256(the_bytes), the_bytes)
    ON CONFLICT DO NOTHING RETURNING 1)
  SELECT EXISTS (SELECT FROM added)
$$;
CREATE FUNCTION ledger.trust_headers(heights bigint[], headers bytea[]) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'ledger', 'pg_temp'
    AS $$
DECLARE
  contradicted bigint;
  added bigint;
BEGIN
  SELECT n.height INTO contradicted FROM unnest(heights, headers) AS n (height, header)
    JOIN trusted_header t ON t.height = n.height WHERE t.header <> n.header LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'another header is trusted at height %', contradicted USING ERRCODE = 'PL012';
  END IF;
  INSERT INTO trusted_header (height, header)
  SELECT * FROM unnest(heights, headers) ON CONFLICT DO NOTHING;
  GET DIAGNOSTICS added = ROW_COUNT;
  RETURN added;
END
$$;
CREATE FUNCTION ledger.untrust_document(the_kind text, the_sha256 bytea) RETURNS boolean
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'ledger', 'pg_temp'
    AS $$
  WITH gone AS (
    DELETE FROM trusted_document t WHERE t.kind = the_kind AND t.sha256 = the_sha256 RETURNING 1)
  SELECT EXISTS (SELECT FROM gone)
$$;
CREATE FUNCTION ledger.untrust_header(the_height bigint) RETURNS boolean
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'ledger', 'pg_temp'
    AS $$
  WITH gone AS (DELETE FROM trusted_header t WHERE t.height = the_height RETURNING 1)
  SELECT EXISTS (SELECT FROM gone)
$$;
CREATE FUNCTION ledger.use_tokens(digests bytea[], records bigint[], event_ids bytea[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'ledger', 'pg_temp'
    AS $$
BEGIN
  INSERT INTO used_token (sha256, event_id)
  SELECT n.digest, n.event_id FROM unnest(digests, records, event_ids) AS n (digest, record_position, event_id)
  WHERE EXISTS (SELECT FROM event e WHERE e.record_position = n.record_position AND e.event_id = n.event_id)
  ON CONFLICT DO NOTHING;
  PERFORM FROM unnest(digests, records, event_ids) AS n (digest, record_position, event_id)
    JOIN used_token u ON u.sha256 = n.digest
    WHERE u.event_id <> n.event_id
      AND EXISTS (SELECT FROM event e WHERE e.record_position = n.record_position AND e.event_id = n.event_id);
  IF FOUND THEN
    RAISE EXCEPTION 'the identity token has served another event' USING ERRCODE = 'PL013';
  END IF;
END
$$;
CREATE FUNCTION ledger.verdicts() RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ARRAY['verified'::text, 'pending'::text, 'failed'::text, 'gone'::text, 'changed'::text, 'erased'::text];
CREATE FUNCTION ledger.verdict_code(name text) RETURNS smallint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (COALESCE(array_position(ledger.verdicts(), name), ledger.unknown_constant('verdict'::text, name)))::smallint;
CREATE TABLE ledger.alias (
    kind text NOT NULL,
    normalized text NOT NULL,
    record_position bigint NOT NULL,
    is_retracted boolean DEFAULT false NOT NULL
);
CREATE TABLE ledger.checkpoint (
    size bigint NOT NULL,
    root bytea NOT NULL,
    note text NOT NULL,
    signed_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT checkpoint_root_is_a_hash CHECK ((octet_length(root) = 32)),
    CONSTRAINT checkpoint_size_is_natural CHECK ((size >= 0))
);
CREATE TABLE ledger.citation (
    record_position bigint NOT NULL,
    "position" bigint NOT NULL,
    fold_group bigint NOT NULL,
    name bytea NOT NULL,
    paper bytea NOT NULL,
    signer_key bytea NOT NULL,
    relation smallint NOT NULL,
    standing smallint NOT NULL,
    is_vouched boolean NOT NULL
);
CREATE TABLE ledger.subject (
    pith_number text NOT NULL,
    suffix text NOT NULL COLLATE pg_catalog."C",
    record_position bigint NOT NULL,
    canonical_sha256 bytea NOT NULL,
    source_version bigint NOT NULL,
    trusted_receipt boolean NOT NULL,
    operator_imported boolean DEFAULT false NOT NULL
);
CREATE VIEW ledger.citation_view AS
 SELECT s.pith_number AS cited_pith_number,
    c."position",
    ('sha256:'::text || encode(e.event_id, 'hex'::text)) AS event_id,
    e.recorded_at,
    (p.payload ->> 'citing_pith_number'::text) AS citing_pith_number,
    (p.payload ->> 'citing_arxiv'::text) AS citing_arxiv,
    (p.payload ->> 'citing_doi'::text) AS citing_doi,
    encode(c.paper, 'hex'::text) AS citing_paper,
    (p.payload ->> 'relation'::text) AS relation,
    (ledger.standings())[(c.standing + 1)] AS standing,
    c.is_vouched,
    encode(e.signer_key, 'hex'::text) AS signer,
    e.signer_key
   FROM (((ledger.citation c
     JOIN ledger.event e USING (record_position, "position"))
     JOIN ledger.subject s USING (record_position))
     CROSS JOIN LATERAL ( SELECT ((convert_from(e.entry, 'UTF8'::name))::jsonb #> '{event,payload}'::text[]) AS payload) p);
COMMENT ON VIEW ledger.citation_view IS 'The citations with their standing. The projector writes it, and replay rebuilds it.';
COMMENT ON COLUMN ledger.citation_view.cited_pith_number IS 'The record that is cited.';
COMMENT ON COLUMN ledger.citation_view."position" IS 'The position of the citation in the log.';
COMMENT ON COLUMN ledger.citation_view.event_id IS 'The id of the citation.';
COMMENT ON COLUMN ledger.citation_view.recorded_at IS 'The time of admission, by the clock of the ledger.';
COMMENT ON COLUMN ledger.citation_view.citing_pith_number IS 'The citing paper, if the citation names it by its Pith Number.';
COMMENT ON COLUMN ledger.citation_view.citing_arxiv IS 'The citing paper, if the citation names it by its arXiv id.';
COMMENT ON COLUMN ledger.citation_view.citing_doi IS 'The citing paper, if the citation names it by its DOI.';
COMMENT ON COLUMN ledger.citation_view.citing_paper IS 'The citing paper: equal for all names of one paper. Citations of a record by one paper and signer count once.';
COMMENT ON COLUMN ledger.citation_view.relation IS 'How the paper cites the record: supports, refutes, extends, and so on.';
COMMENT ON COLUMN ledger.citation_view.standing IS 'The standing: verified counts.';
COMMENT ON COLUMN ledger.citation_view.is_vouched IS 'Whether the key was vouched for before the citation.';
COMMENT ON COLUMN ledger.citation_view.signer IS 'The fingerprint of the signing key, in hexadecimal. Filter by signer_key instead, which has an index.';
COMMENT ON COLUMN ledger.citation_view.signer_key IS 'The fingerprint of the signing key.';
CREATE VIEW ledger.claim_view AS
 SELECT s.pith_number,
    e."position",
    ('sha256:'::text || encode(e.event_id, 'hex'::text)) AS event_id,
    e.recorded_at,
    (p.payload ->> 'name'::text) AS name,
    (p.payload ->> 'orcid'::text) AS orcid,
    (p.payload ->> 'method'::text) AS method,
    ((p.payload ->> 'author_index'::text))::bigint AS author_index,
    encode(e.signer_key, 'hex'::text) AS signer,
    e.signer_key,
    (ledger.verdicts())[COALESCE(c.verdict, e.verdict)] AS verdict,
    ((e.flags & ledger.event_flag('name_listed'::text)) <> 0) AS name_is_listed,
    (EXISTS ( SELECT
           FROM ledger.event w
          WHERE ((w.record_position = e.record_position) AND (w.fold_group = e.fold_group) AND (w.refers_to = e."position") AND (w.event_type = ledger.event_type_code('event_withdrawn'::text))))) AS is_withdrawn,
    (EXISTS ( SELECT
           FROM ledger.event n
          WHERE ((n.record_position = e.record_position) AND (n.fold_group = e.fold_group) AND (n.refers_to = e."position") AND (n.event_type = ledger.event_type_code('author_attestation'::text))))) AS is_superseded
   FROM (((ledger.event e
     JOIN ledger.subject s USING (record_position))
     CROSS JOIN LATERAL ( SELECT ((convert_from(e.entry, 'UTF8'::name))::jsonb #> '{event,payload}'::text[]) AS payload) p)
     LEFT JOIN LATERAL ( SELECT k.verdict
           FROM ledger.event k
          WHERE ((k.record_position = e.record_position) AND (k.fold_group = e.fold_group) AND (k.refers_to = e."position") AND (k.event_type = ledger.event_type_code('check_recorded'::text)) AND (k.verdict <> ledger.verdict_code('erased'::text)))
          ORDER BY k."position" DESC
         LIMIT 1) c ON (true))
  WHERE (e.event_type = ledger.event_type_code('author_attestation'::text));
COMMENT ON VIEW ledger.claim_view IS 'The claims of authorship, as they were made, and what later events say of each. The fold decides whether a claim counts: see verification_status_view.';
COMMENT ON COLUMN ledger.claim_view.pith_number IS 'The record.';
COMMENT ON COLUMN ledger.claim_view."position" IS 'The position of the claim in the log.';
COMMENT ON COLUMN ledger.claim_view.event_id IS 'The id of the claim.';
COMMENT ON COLUMN ledger.claim_view.recorded_at IS 'The time of admission, by the clock of the ledger.';
COMMENT ON COLUMN ledger.claim_view.name IS 'The name of the author, as the claim gives it.';
COMMENT ON COLUMN ledger.claim_view.orcid IS 'The ORCID iD that is claimed.';
COMMENT ON COLUMN ledger.claim_view.method IS 'key_signature, or orcid_oidc for an identity token.';
COMMENT ON COLUMN ledger.claim_view.author_index IS 'The index in the author list, from 0. NULL if the claim gives none.';
COMMENT ON COLUMN ledger.claim_view.signer IS 'The fingerprint of the signing key, in hexadecimal. Filter by signer_key instead, which has an index.';
COMMENT ON COLUMN ledger.claim_view.signer_key IS 'The fingerprint of the signing key.';
COMMENT ON COLUMN ledger.claim_view.verdict IS 'The verdict of admission, or of the last check after it.';
COMMENT ON COLUMN ledger.claim_view.name_is_listed IS 'Whether the name was in the author list of the record on admission.';
COMMENT ON COLUMN ledger.claim_view.is_withdrawn IS 'Whether an event withdraws the claim.';
COMMENT ON COLUMN ledger.claim_view.is_superseded IS 'Whether a later claim replaces it.';
CREATE TABLE ledger.column_rules (
    singleton boolean DEFAULT true NOT NULL,
    version integer NOT NULL,
    CONSTRAINT column_rules_is_one_row CHECK (singleton)
);
CREATE TABLE ledger.cosignature (
    size bigint NOT NULL,
    witness text NOT NULL,
    line text NOT NULL,
    received_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE ledger.event_summary (
    record_position bigint NOT NULL,
    standing_counts integer[] NOT NULL,
    first_recorded_at timestamp with time zone,
    last_recorded_at timestamp with time zone,
    last_event_id bytea,
    equivocations integer NOT NULL,
    pending_bare_anchors integer NOT NULL,
    unknown_events integer NOT NULL,
    "position" bigint NOT NULL
);
CREATE VIEW ledger.event_summary_view AS
 SELECT s.pith_number,
    ( SELECT sum(b.b) AS sum
           FROM unnest(e.standing_counts) b(b)) AS total,
    ( SELECT COALESCE(jsonb_object_agg(t.name, t.counts), '{}'::jsonb) AS "coalesce"
           FROM ( SELECT n.name,
                    ledger.counts_by_standing(e.standing_counts, (n.code)::integer) AS counts
                   FROM unnest(ledger.event_types()) WITH ORDINALITY n(name, code)
                  WHERE (n.code <= (cardinality(e.standing_counts) / cardinality(ledger.standings())))) t
          WHERE (((t.counts ->> 'total'::text))::bigint > 0)) AS by_type,
    e.first_recorded_at,
    e.last_recorded_at,
    ('sha256:'::text || encode(e.last_event_id, 'hex'::text)) AS last_event_id,
    e.equivocations,
    e."position"
   FROM (ledger.event_summary e
     JOIN ledger.subject s USING (record_position));
COMMENT ON VIEW ledger.event_summary_view IS 'How many events each record has, as status.json shows it.';
COMMENT ON COLUMN ledger.event_summary_view.pith_number IS 'The record.';
COMMENT ON COLUMN ledger.event_summary_view.total IS 'The number of attestations.';
COMMENT ON COLUMN ledger.event_summary_view.by_type IS 'The numbers by type of attestation and standing.';
COMMENT ON COLUMN ledger.event_summary_view.first_recorded_at IS 'The time of the first attestation.';
COMMENT ON COLUMN ledger.event_summary_view.last_recorded_at IS 'The time of the last attestation.';
COMMENT ON COLUMN ledger.event_summary_view.last_event_id IS 'The id of the last attestation.';
COMMENT ON COLUMN ledger.event_summary_view.equivocations IS 'The number of slots whose live statements contradict each other.';
COMMENT ON COLUMN ledger.event_summary_view."position" IS 'The position of the last event that the row includes.';
CREATE VIEW ledger.event_view AS
 SELECT e."position",
    s.pith_number,
    ledger.event_type_name(e.event_type) AS event_type,
    e.recorded_at,
    ('sha256:'::text || encode(e.event_id, 'hex'::text)) AS event_id,
    encode(e.signer_key, 'hex'::text) AS signer,
    (convert_from(e.entry, 'UTF8'::name))::jsonb AS entry,
    e.signer_key,
    e.event_id AS event_hash
   FROM (ledger.event e
     LEFT JOIN ledger.subject s USING (record_position));
COMMENT ON VIEW ledger.event_view IS 'The log with names for codes, hexadecimal hashes and the entries as JSON.';
COMMENT ON COLUMN ledger.event_view."position" IS 'The position in the log, from 0.';
COMMENT ON COLUMN ledger.event_view.pith_number IS 'The record that the event is about. NULL for events about keys and checkpoints.';
COMMENT ON COLUMN ledger.event_view.event_type IS 'The type of the event.';
COMMENT ON COLUMN ledger.event_view.recorded_at IS 'The time of admission, by the clock of the ledger. Has an index.';
COMMENT ON COLUMN ledger.event_view.event_id IS 'The id of the event. Filter by event_hash instead, which has an index.';
COMMENT ON COLUMN ledger.event_view.signer IS 'The fingerprint of the signing key, in hexadecimal. Filter by signer_key instead, which has an index.';
COMMENT ON COLUMN ledger.event_view.entry IS 'The entry: the event, and what the ledger checked on admission.';
COMMENT ON COLUMN ledger.event_view.signer_key IS 'The fingerprint of the signing key: compare it with decode(''…'', ''hex'').';
COMMENT ON COLUMN ledger.event_view.event_hash IS 'The id of the event without its prefix: compare it with decode(''…'', ''hex'').';
CREATE TABLE ledger.evidence (
    sha256 bytea NOT NULL,
    kind text NOT NULL,
    stored_at timestamp with time zone DEFAULT now() NOT NULL,
    bytes bytea NOT NULL,
    CONSTRAINT evidence_hashes_to_its_name CHECK ((sha256(bytes) = sha256)),
    CONSTRAINT evidence_is_sha256 CHECK ((octet_length(sha256) = 32))
);
CREATE TABLE ledger.head (
    singleton boolean DEFAULT true NOT NULL,
    size bigint NOT NULL,
    origin text,
    CONSTRAINT head_is_one_row CHECK (singleton),
    CONSTRAINT head_size_is_natural CHECK ((size >= 0))
);
CREATE VIEW ledger.key_view AS
 SELECT encode(r.key_fingerprint, 'hex'::text) AS fingerprint,
    r.key_fingerprint AS signer_key,
    r.key_id,
    r.key_signer_id AS signer_id,
    (ledger.signer_types())[r.key_signer_type] AS signer_type,
        CASE
            WHEN (x."position" IS NOT NULL) THEN 'revoked'::text
            WHEN (r.key_signer_type = ledger.signer_type_code('registry'::text)) THEN
            CASE
                WHEN (r.key_fingerprint = g.current_key) THEN 'live'::text
                ELSE 'retired'::text
            END
            WHEN (v."position" > COALESCE(w."position", ('-1'::integer)::bigint)) THEN 'vouched'::text
            ELSE 'live'::text
        END AS standing,
    r."position" AS registered_at_position,
    r.recorded_at AS registered_at,
    v."position" AS vouched_at_position,
    (ledger.signer_types())[v.key_signer_type] AS vouched_as,
    v.key_name AS vouched_name,
    w."position" AS vouching_withdrawn_at_position,
    x."position" AS revoked_at_position,
    x.compromised_from
   FROM ((((( SELECT DISTINCT ON (e.key_fingerprint) e."position",
            e.record_position,
            e.recorded_at,
            e.created_at,
            e.fold_group,
            e.target_hash,
            e.refers_to,
            e.valid_until,
            e.reference_count,
            e.resolved_work,
            e.formal_evidence_count,
            e.flags,
            e.event_type,
            e.verdict,
            e.event_id,
            e.signer_key,
            e.slot,
            e.statement,
            e.claimant,
            e.key_fingerprint,
            e.key_signer_id,
            e.key_signer_type,
            e.key_id,
            e.key_public,
            e.key_name,
            e.compromised_from,
            e.entry
           FROM ledger.event e
          WHERE ((e.record_position = ledger.registry()) AND (e.event_type = ledger.event_type_code('key_registered'::text)) AND (e.signer_key = e.key_fingerprint) AND (e.key_fingerprint IS NOT NULL))
          ORDER BY e.key_fingerprint, e."position") r
     CROSS JOIN ( SELECT COALESCE(( SELECT e.key_fingerprint
                   FROM ledger.event e
                  WHERE ((e.record_position = ledger.registry()) AND (e.event_type = ledger.event_type_code('key_vouched'::text)) AND (e.key_signer_type = ledger.signer_type_code('registry'::text)))
                  ORDER BY e."position" DESC
                 LIMIT 1), ( SELECT e.key_fingerprint
                   FROM ledger.event e
                  WHERE ((e.record_position = ledger.registry()) AND (e.event_type = ledger.event_type_code('key_registered'::text)) AND (e.key_signer_type = ledger.signer_type_code('registry'::text)))
                  ORDER BY e."position"
                 LIMIT 1)) AS current_key) g)
     LEFT JOIN LATERAL ( SELECT e."position",
            e.record_position,
            e.recorded_at,
            e.created_at,
            e.fold_group,
            e.target_hash,
            e.refers_to,
            e.valid_until,
            e.reference_count,
            e.resolved_work,
            e.formal_evidence_count,
            e.flags,
            e.event_type,
            e.verdict,
            e.event_id,
            e.signer_key,
            e.slot,
            e.statement,
            e.claimant,
            e.key_fingerprint,
            e.key_signer_id,
            e.key_signer_type,
            e.key_id,
            e.key_public,
            e.key_name,
            e.compromised_from,
            e.entry
           FROM ledger.event e
          WHERE ((e.key_fingerprint = r.key_fingerprint) AND (e.event_type = ledger.event_type_code('key_vouched'::text)) AND (e.key_signer_id = r.key_signer_id))
          ORDER BY e."position" DESC
         LIMIT 1) v ON (true))
     LEFT JOIN LATERAL ( SELECT e."position"
           FROM ledger.event e
          WHERE ((e.key_fingerprint = r.key_fingerprint) AND (e.event_type = ledger.event_type_code('vouching_withdrawn'::text)))
          ORDER BY e."position" DESC
         LIMIT 1) w ON (true))
     LEFT JOIN LATERAL ( SELECT min(e."position") AS "position",
            min(e.compromised_from) AS compromised_from
           FROM ledger.event e
          WHERE ((e.key_fingerprint = r.key_fingerprint) AND (e.event_type = ledger.event_type_code('key_revoked'::text)))) x ON (true));
COMMENT ON VIEW ledger.key_view IS 'The registered keys with their standing at the end of the log.';
COMMENT ON COLUMN ledger.key_view.fingerprint IS 'The first 16 bytes of SHA-256 of the public key, in hexadecimal.';
COMMENT ON COLUMN ledger.key_view.signer_key IS 'The fingerprint as bytes, as in event_view.signer_key.';
COMMENT ON COLUMN ledger.key_view.key_id IS 'The name that the signer gave the key.';
COMMENT ON COLUMN ledger.key_view.signer_id IS 'The person or service that registered the key. Only a vouched key is bound to it.';
COMMENT ON COLUMN ledger.key_view.signer_type IS 'The capacity in which the key is registered.';
COMMENT ON COLUMN ledger.key_view.standing IS 'live, vouched, revoked, or retired for a replaced key of the registry.';
COMMENT ON COLUMN ledger.key_view.registered_at_position IS 'The position of the registration.';
COMMENT ON COLUMN ledger.key_view.registered_at IS 'The time of the registration, by the clock of the ledger.';
COMMENT ON COLUMN ledger.key_view.vouched_at_position IS 'The position of the last vouch, also if it was withdrawn. NULL without one.';
COMMENT ON COLUMN ledger.key_view.vouched_as IS 'The capacity in the last vouch.';
COMMENT ON COLUMN ledger.key_view.vouched_name IS 'The name of the person in the last vouch.';
COMMENT ON COLUMN ledger.key_view.vouching_withdrawn_at_position IS 'The position at which vouching was last withdrawn.';
COMMENT ON COLUMN ledger.key_view.revoked_at_position IS 'The position of the first revocation. NULL for a key that is not revoked.';
COMMENT ON COLUMN ledger.key_view.compromised_from IS 'The lowest position that a revocation names, from which events of the key have no standing.';
CREATE TABLE ledger.projection_offset (
    singleton boolean DEFAULT true NOT NULL,
    next_position bigint NOT NULL,
    CONSTRAINT projection_offset_is_one_row CHECK (singleton)
);
CREATE VIEW ledger.public_evidence AS
 SELECT e.sha256,
    e.kind,
    e.bytes
   FROM ledger.evidence e
  WHERE (e.kind <> 'identity_token'::text);
COMMENT ON VIEW ledger.public_evidence IS 'Evidence that everybody may read: all but identity tokens, which are personal data.';
COMMENT ON COLUMN ledger.public_evidence.sha256 IS 'The SHA-256 of the bytes.';
COMMENT ON COLUMN ledger.public_evidence.kind IS 'What the bytes are: document, proof, stored_bytes, fetch_report or other.';
COMMENT ON COLUMN ledger.public_evidence.bytes IS 'The bytes.';
CREATE TABLE ledger.record_text (
    record_position bigint NOT NULL,
    submitted_at timestamp with time zone NOT NULL,
    categories text[] NOT NULL,
    source_kind text NOT NULL,
    source_id text NOT NULL,
    source_version bigint NOT NULL,
    document_sha256 bytea,
    title text,
    title_verified boolean,
    authors text,
    title_words tsvector,
    author_words tsvector
);
COMMENT ON TABLE ledger.record_text IS 'Projection. Columns up to document_sha256 are verified against the log; the others against the stored document that document_sha256 names.';
CREATE TABLE ledger.verification_status (
    record_position bigint NOT NULL,
    content_addressed boolean NOT NULL,
    pith_receipt boolean NOT NULL,
    weak_author_claims integer NOT NULL,
    strong_author_claims integer NOT NULL,
    verified_anchors integer NOT NULL,
    storage_verified_until timestamp with time zone,
    citation_signatures integer NOT NULL,
    vouched_citation_signatures integer NOT NULL,
    replication_records integer NOT NULL,
    graph_snapshot boolean NOT NULL,
    reference_count integer NOT NULL,
    resolved_work integer NOT NULL,
    formal_evidence_count integer NOT NULL
);
CREATE VIEW ledger.record_view AS
 SELECT s.pith_number,
    t.title,
    t.title_verified,
    t.authors,
    t.categories,
    t.submitted_at,
    t.source_kind,
    t.source_id,
    t.source_version,
    ARRAY( SELECT a.normalized
           FROM ledger.alias a
          WHERE ((a.record_position = s.record_position) AND (NOT a.is_retracted) AND (a.kind = ANY (ARRAY['arxiv'::text, 'doi'::text])))
          ORDER BY a.kind, a.normalized) AS names,
    s.operator_imported,
    s.trusted_receipt,
    (v.strong_author_claims >= 1) AS author_attested,
    v.weak_author_claims,
    v.strong_author_claims,
    v.verified_anchors,
    v.citation_signatures,
    v.vouched_citation_signatures,
    v.replication_records,
    e.last_recorded_at,
    s.record_position AS "position"
   FROM (((ledger.subject s
     LEFT JOIN ledger.record_text t USING (record_position))
     LEFT JOIN ledger.verification_status v USING (record_position))
     LEFT JOIN ledger.event_summary e USING (record_position));
COMMENT ON VIEW ledger.record_view IS 'The records with title, names and status.';
COMMENT ON COLUMN ledger.record_view.pith_number IS 'The Pith Number.';
COMMENT ON COLUMN ledger.record_view.title IS 'The title in the newest document. NULL if the ledger does not have the document.';
COMMENT ON COLUMN ledger.record_view.title_verified IS 'Whether the title has the digest in the canonical record.';
COMMENT ON COLUMN ledger.record_view.authors IS 'The authors in the newest document.';
COMMENT ON COLUMN ledger.record_view.categories IS 'The categories, the primary one first.';
COMMENT ON COLUMN ledger.record_view.submitted_at IS 'The time of submission in the canonical record.';
COMMENT ON COLUMN ledger.record_view.source_kind IS 'The kind of source in the canonical record, such as arxiv.';
COMMENT ON COLUMN ledger.record_view.source_id IS 'The identifier of the paper at its source.';
COMMENT ON COLUMN ledger.record_view.source_version IS 'The version of the paper at its source.';
COMMENT ON COLUMN ledger.record_view.names IS 'The arXiv ids and DOIs of the record that are not retracted.';
COMMENT ON COLUMN ledger.record_view.operator_imported IS 'Whether an operator imported the record.';
COMMENT ON COLUMN ledger.record_view.trusted_receipt IS 'Whether the record has a receipt by a trusted key.';
COMMENT ON COLUMN ledger.record_view.author_attested IS 'Whether a strong claim of authorship stands.';
COMMENT ON COLUMN ledger.record_view.weak_author_claims IS 'Authors whose standing claim is weak.';
COMMENT ON COLUMN ledger.record_view.strong_author_claims IS 'Authors whose standing claim is strong.';
COMMENT ON COLUMN ledger.record_view.verified_anchors IS 'Verified proofs of time.';
COMMENT ON COLUMN ledger.record_view.citation_signatures IS 'Signed citations by distinct signer and citing paper.';
COMMENT ON COLUMN ledger.record_view.vouched_citation_signatures IS 'Those of them by vouched signers.';
COMMENT ON COLUMN ledger.record_view.replication_records IS 'Replications that a moderator approved.';
COMMENT ON COLUMN ledger.record_view.last_recorded_at IS 'The time of the last attestation. NULL if there is none.';
COMMENT ON COLUMN ledger.record_view."position" IS 'The position of the first event of the record in the log.';
CREATE TABLE ledger.storage_validity (
    record_position bigint NOT NULL,
    fold_group bigint NOT NULL,
    verified_until timestamp with time zone NOT NULL
);
CREATE VIEW ledger.stored_document AS
 SELECT e.sha256,
    e.bytes
   FROM ledger.evidence e
  WHERE (e.kind = 'document'::text);
COMMENT ON VIEW ledger.stored_document IS 'The documents in the store of evidence.';
COMMENT ON COLUMN ledger.stored_document.sha256 IS 'The SHA-256 of the document.';
COMMENT ON COLUMN ledger.stored_document.bytes IS 'The document.';
CREATE TABLE ledger.strong_author (
    record_position bigint NOT NULL,
    fold_group bigint NOT NULL,
    identity bytea NOT NULL
);
CREATE TABLE ledger.tile (
    level smallint NOT NULL,
    index bigint NOT NULL,
    hashes bytea NOT NULL,
    CONSTRAINT tile_index_is_natural CHECK ((index >= 0)),
    CONSTRAINT tile_is_full CHECK ((octet_length(hashes) = (256 * 32))),
    CONSTRAINT tile_level_is_natural CHECK ((level >= 0))
);
ALTER TABLE ONLY ledger.tile ALTER COLUMN hashes SET STORAGE EXTERNAL;
CREATE TABLE ledger.tree (
    singleton boolean DEFAULT true NOT NULL,
    size bigint NOT NULL,
    frontier bytea[] NOT NULL,
    log_key text,
    CONSTRAINT tree_is_one_row CHECK (singleton),
    CONSTRAINT tree_size_is_natural CHECK ((size >= 0))
);
CREATE TABLE ledger.trusted_document (
    kind text NOT NULL,
    sha256 bytea NOT NULL,
    bytes bytea NOT NULL,
    added_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT document_hashes_to_its_name CHECK ((sha256(bytes) = sha256)),
    CONSTRAINT kind_is_known CHECK ((kind = ANY (ARRAY['tsa'::text, 'jwks'::text])))
);
CREATE TABLE ledger.trusted_header (
    height bigint NOT NULL,
    header bytea NOT NULL,
    added_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT header_has_80_bytes CHECK ((octet_length(header) = 80)),
    CONSTRAINT height_counts_from_zero CHECK ((height >= 0))
);
CREATE TABLE ledger.used_token (
    sha256 bytea NOT NULL,
    event_id bytea NOT NULL,
    CONSTRAINT used_token_event_is_sha256 CHECK ((octet_length(event_id) = 32)),
    CONSTRAINT used_token_is_sha256 CHECK ((octet_length(sha256) = 32))
);
CREATE VIEW ledger.verification_status_view AS
 SELECT s.pith_number,
    v.content_addressed,
    v.pith_receipt,
    (v.strong_author_claims >= 1) AS author_attested,
    v.weak_author_claims,
    v.strong_author_claims,
    (v.verified_anchors > 0) AS externally_anchored,
    COALESCE((v.storage_verified_until > now()), false) AS storage_verified,
    v.citation_signatures,
    v.replication_records,
    v.graph_snapshot,
    ((v.reference_count > 0) AND (v.resolved_work = v.reference_count)) AS references_resolved,
    (v.formal_evidence_count > 0) AS formal_links_present,
    e."position"
   FROM ((ledger.verification_status v
     JOIN ledger.event_summary e USING (record_position))
     JOIN ledger.subject s USING (record_position));
COMMENT ON VIEW ledger.verification_status_view IS 'What is verified about each record, as status.json shows it.';
COMMENT ON COLUMN ledger.verification_status_view.pith_number IS 'The record.';
COMMENT ON COLUMN ledger.verification_status_view.content_addressed IS 'Whether the canonical record has the Pith Number.';
COMMENT ON COLUMN ledger.verification_status_view.pith_receipt IS 'Whether a receipt by a trusted key was verified.';
COMMENT ON COLUMN ledger.verification_status_view.author_attested IS 'Whether a strong claim of authorship stands.';
COMMENT ON COLUMN ledger.verification_status_view.weak_author_claims IS 'Authors whose standing claim is weak.';
COMMENT ON COLUMN ledger.verification_status_view.strong_author_claims IS 'Authors whose standing claim is strong.';
COMMENT ON COLUMN ledger.verification_status_view.externally_anchored IS 'Whether a proof of time is verified.';
COMMENT ON COLUMN ledger.verification_status_view.storage_verified IS 'Whether a verified copy has not expired at this time.';
COMMENT ON COLUMN ledger.verification_status_view.citation_signatures IS 'Signed citations by distinct signer and citing paper.';
COMMENT ON COLUMN ledger.verification_status_view.replication_records IS 'Replications that a moderator approved.';
COMMENT ON COLUMN ledger.verification_status_view.graph_snapshot IS 'Whether the record has a graph snapshot.';
COMMENT ON COLUMN ledger.verification_status_view.references_resolved IS 'Whether the newest snapshot resolves every reference.';
COMMENT ON COLUMN ledger.verification_status_view.formal_links_present IS 'Whether the newest snapshot has formal evidence.';
COMMENT ON COLUMN ledger.verification_status_view."position" IS 'The position of the last event that the row includes.';
CREATE TABLE ledger.webhook (
    id text NOT NULL,
    url text NOT NULL,
    event_types text[],
    pith_number text,
    signer text,
    target text,
    batch_size integer NOT NULL,
    next_position bigint NOT NULL,
    batch_end bigint,
    generation integer DEFAULT 1 NOT NULL,
    rotated_at timestamp with time zone,
    pause text,
    failures integer DEFAULT 0 NOT NULL,
    failing_since timestamp with time zone,
    next_attempt_at timestamp with time zone,
    last_attempt_at timestamp with time zone,
    delivered_at timestamp with time zone,
    last_error text,
    holder text,
    held_until timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT webhook_batch_is_bounded CHECK (((batch_size >= 1) AND (batch_size <= 100))),
    CONSTRAINT webhook_error_is_bounded CHECK ((octet_length(last_error) <= 1000)),
    CONSTRAINT webhook_generation_counts_from_one CHECK ((generation >= 1)),
    CONSTRAINT webhook_id_is_short CHECK (((octet_length(id) >= 1) AND (octet_length(id) <= 64))),
    CONSTRAINT webhook_pause_is_known CHECK ((pause = ANY (ARRAY['operator'::text, 'gone'::text, 'failing'::text]))),
    CONSTRAINT webhook_position_counts_from_zero CHECK ((next_position >= 0)),
    CONSTRAINT webhook_url_is_bounded CHECK (((octet_length(url) >= 1) AND (octet_length(url) <= 2048)))
);
COMMENT ON TABLE ledger.webhook IS 'Subscriptions of the operator. They are not part of the log, and nothing is lost with them but the place up to which each receiver has the events.';
CREATE TABLE pithledger.definition (
    singleton boolean DEFAULT true NOT NULL,
    revision integer NOT NULL,
    sha256 bytea NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT definition_is_one_row CHECK (singleton)
);
CREATE TABLE pithledger.migration (
    number integer NOT NULL,
    name text NOT NULL,
    sha256 bytea NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE ONLY ledger.alias
    ADD CONSTRAINT alias_pkey PRIMARY KEY (normalized, kind, record_position);
ALTER TABLE ONLY ledger.checkpoint
    ADD CONSTRAINT checkpoint_pkey PRIMARY KEY (size);
ALTER TABLE ONLY ledger.citation
    ADD CONSTRAINT citation_pkey PRIMARY KEY (record_position, "position");
ALTER TABLE ONLY ledger.column_rules
    ADD CONSTRAINT column_rules_pkey PRIMARY KEY (singleton);
ALTER TABLE ONLY ledger.cosignature
    ADD CONSTRAINT cosignature_pkey PRIMARY KEY (size, witness);
ALTER TABLE ONLY ledger.event
    ADD CONSTRAINT event_position_is_unique PRIMARY KEY ("position");
ALTER TABLE ONLY ledger.event_summary
    ADD CONSTRAINT event_summary_pkey PRIMARY KEY (record_position);
ALTER TABLE ONLY ledger.evidence
    ADD CONSTRAINT evidence_pkey PRIMARY KEY (sha256);
ALTER TABLE ONLY ledger.head
    ADD CONSTRAINT head_pkey PRIMARY KEY (singleton);
ALTER TABLE ONLY ledger.projection_offset
    ADD CONSTRAINT projection_offset_pkey PRIMARY KEY (singleton);
ALTER TABLE ONLY ledger.record_text
    ADD CONSTRAINT record_text_pkey PRIMARY KEY (record_position);
ALTER TABLE ONLY ledger.storage_validity
    ADD CONSTRAINT storage_validity_pkey PRIMARY KEY (record_position, fold_group);
ALTER TABLE ONLY ledger.strong_author
    ADD CONSTRAINT strong_author_pkey PRIMARY KEY (record_position, fold_group, identity);
ALTER TABLE ONLY ledger.subject
    ADD CONSTRAINT subject_pkey PRIMARY KEY (pith_number);
ALTER TABLE ONLY ledger.subject
    ADD CONSTRAINT subject_record_position_key UNIQUE (record_position);
ALTER TABLE ONLY ledger.tile
    ADD CONSTRAINT tile_pkey PRIMARY KEY (level, index);
ALTER TABLE ONLY ledger.tree
    ADD CONSTRAINT tree_pkey PRIMARY KEY (singleton);
ALTER TABLE ONLY ledger.trusted_document
    ADD CONSTRAINT trusted_document_pkey PRIMARY KEY (kind, sha256);
ALTER TABLE ONLY ledger.trusted_header
    ADD CONSTRAINT trusted_header_pkey PRIMARY KEY (height);
ALTER TABLE ONLY ledger.used_token
    ADD CONSTRAINT used_token_pkey PRIMARY KEY (sha256);
ALTER TABLE ONLY ledger.verification_status
    ADD CONSTRAINT verification_status_pkey PRIMARY KEY (record_position);
ALTER TABLE ONLY ledger.webhook
    ADD CONSTRAINT webhook_pkey PRIMARY KEY (id);
ALTER TABLE ONLY pithledger.definition
    ADD CONSTRAINT definition_pkey PRIMARY KEY (singleton);
ALTER TABLE ONLY pithledger.migration
    ADD CONSTRAINT migration_pkey PRIMARY KEY (number);
CREATE INDEX alias_by_record ON ledger.alias USING btree (record_position);
CREATE INDEX citation_by_paper ON ledger.citation USING btree (paper, "position");
CREATE INDEX citation_by_signer ON ledger.citation USING btree (record_position, signer_key, paper);
CREATE INDEX event_alias_of_source ON ledger.event USING btree (claimant) WHERE ((event_type = ANY (ARRAY[ledger.event_type_code('alias_added'::text), ledger.event_type_code('alias_retracted'::text)])) AND (slot <> claimant));
CREATE INDEX event_author_claim ON ledger.event USING btree (record_position, "position") WHERE (event_type = ledger.event_type_code('author_attestation'::text));
CREATE UNIQUE INDEX event_by_event_id ON ledger.event USING btree (event_id, record_position);
CREATE INDEX event_by_group ON ledger.event USING btree (record_position, fold_group, "position") WHERE (fold_group IS NOT NULL);
CREATE INDEX event_by_key ON ledger.event USING btree (key_fingerprint, "position") WHERE (key_fingerprint IS NOT NULL);
CREATE INDEX event_by_record ON ledger.event USING btree (record_position, "position");
CREATE INDEX event_by_record_and_type ON ledger.event USING btree (record_position, event_type, "position") WHERE (event_type = ANY (ARRAY[ledger.event_type_code('timestamp_anchor'::text), ledger.event_type_code('storage_attestation'::text), ledger.event_type_code('replication_record'::text), ledger.event_type_code('record_created'::text), ledger.event_type_code('graph_snapshot'::text)]));
CREATE INDEX event_by_signer ON ledger.event USING btree (signer_key, "position") INCLUDE (record_position);
CREATE INDEX event_by_time ON ledger.event USING brin (recorded_at) WITH (autosummarize='on');
CREATE INDEX event_by_type ON ledger.event USING btree (((event_type + 0)), "position") WHERE (event_type <> ledger.event_type_code('citation_signature'::text));
CREATE INDEX event_checked_claimant ON ledger.event USING btree (record_position, claimant) WHERE ((event_type = ledger.event_type_code('check_recorded'::text)) AND (claimant IS NOT NULL));
CREATE INDEX event_claim_of_author ON ledger.event USING btree (claimant, "position") WHERE (event_type = ledger.event_type_code('author_attestation'::text));
CREATE INDEX event_erasure ON ledger.event USING btree ("position") WHERE ((event_type = ledger.event_type_code('check_recorded'::text)) AND (verdict = ledger.verdict_code('erased'::text)));
CREATE INDEX event_naming ON ledger.event USING btree ("position") WHERE (event_type = ANY (ARRAY[ledger.event_type_code('record_created'::text), ledger.event_type_code('alias_added'::text), ledger.event_type_code('alias_retracted'::text)]));
CREATE INDEX event_of_lookup ON ledger.event USING btree ("position") WHERE ((event_type + 0) = ANY (ARRAY[(ledger.event_type_code('author_attestation'::text))::integer, (ledger.event_type_code('record_created'::text))::integer, (ledger.event_type_code('graph_snapshot'::text))::integer, (ledger.event_type_code('alias_added'::text))::integer, (ledger.event_type_code('event_withdrawn'::text))::integer, (ledger.event_type_code('alias_retracted'::text))::integer]));
CREATE INDEX event_pending_anchor ON ledger.event USING btree ("position") WHERE ((event_type = ledger.event_type_code('timestamp_anchor'::text)) AND (verdict = ledger.verdict_code('pending'::text)));
CREATE INDEX event_pending_claim ON ledger.event USING btree ("position") WHERE ((event_type = ledger.event_type_code('author_attestation'::text)) AND (verdict = ledger.verdict_code('pending'::text)));
CREATE INDEX event_source ON ledger.event USING btree (claimant) WHERE ((event_type = ledger.event_type_code('record_created'::text)) AND (claimant IS NOT NULL));
CREATE INDEX event_source_of_alias ON ledger.event USING btree (slot) WHERE ((event_type = ANY (ARRAY[ledger.event_type_code('alias_added'::text), ledger.event_type_code('alias_retracted'::text)])) AND (slot <> claimant));
CREATE INDEX event_storage ON ledger.event USING btree ("position") WHERE (event_type = ledger.event_type_code('storage_attestation'::text));
CREATE INDEX record_text_by_author ON ledger.record_text USING gin (author_words) WITH (fastupdate=off);
CREATE INDEX record_text_by_category ON ledger.record_text USING gin (categories) WITH (fastupdate=off);
CREATE INDEX record_text_by_document ON ledger.record_text USING btree (document_sha256);
CREATE INDEX record_text_by_time ON ledger.record_text USING btree (submitted_at DESC, record_position DESC);
CREATE INDEX record_text_by_title ON ledger.record_text USING gin (title_words) WITH (fastupdate=off);
CREATE INDEX storage_validity_by_time ON ledger.storage_validity USING btree (record_position, verified_until);
CREATE INDEX strong_author_by_identity ON ledger.strong_author USING btree (identity, record_position);
CREATE INDEX subject_by_suffix ON ledger.subject USING btree (suffix);
CREATE TRIGGER alias_is_append_only BEFORE DELETE OR UPDATE ON ledger.alias FOR EACH ROW EXECUTE FUNCTION ledger.refuse_alias_change();
ALTER TABLE ledger.alias ENABLE ALWAYS TRIGGER alias_is_append_only;
CREATE TRIGGER alias_is_never_truncated BEFORE TRUNCATE ON ledger.alias FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.alias ENABLE ALWAYS TRIGGER alias_is_never_truncated;
CREATE TRIGGER checkpoint_is_append_only BEFORE DELETE OR UPDATE ON ledger.checkpoint FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.checkpoint ENABLE ALWAYS TRIGGER checkpoint_is_append_only;
CREATE TRIGGER checkpoint_is_never_truncated BEFORE TRUNCATE ON ledger.checkpoint FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.checkpoint ENABLE ALWAYS TRIGGER checkpoint_is_never_truncated;
CREATE TRIGGER cosignature_is_append_only BEFORE DELETE OR UPDATE ON ledger.cosignature FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.cosignature ENABLE ALWAYS TRIGGER cosignature_is_append_only;
CREATE TRIGGER cosignature_is_never_truncated BEFORE TRUNCATE ON ledger.cosignature FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.cosignature ENABLE ALWAYS TRIGGER cosignature_is_never_truncated;
CREATE TRIGGER event_is_append_only BEFORE DELETE OR UPDATE ON ledger.event FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.event ENABLE ALWAYS TRIGGER event_is_append_only;
CREATE TRIGGER event_is_never_truncated BEFORE TRUNCATE ON ledger.event FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.event ENABLE ALWAYS TRIGGER event_is_never_truncated;
CREATE TRIGGER head_is_never_truncated BEFORE TRUNCATE ON ledger.head FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.head ENABLE ALWAYS TRIGGER head_is_never_truncated;
CREATE TRIGGER head_only_grows BEFORE DELETE OR UPDATE ON ledger.head FOR EACH ROW EXECUTE FUNCTION ledger.refuse_head_change();
ALTER TABLE ledger.head ENABLE ALWAYS TRIGGER head_only_grows;
CREATE TRIGGER subject_is_append_only BEFORE DELETE OR UPDATE ON ledger.subject FOR EACH ROW EXECUTE FUNCTION ledger.refuse_subject_change();
ALTER TABLE ledger.subject ENABLE ALWAYS TRIGGER subject_is_append_only;
CREATE TRIGGER subject_is_never_truncated BEFORE TRUNCATE ON ledger.subject FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.subject ENABLE ALWAYS TRIGGER subject_is_never_truncated;
CREATE TRIGGER tile_is_append_only BEFORE DELETE OR UPDATE ON ledger.tile FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.tile ENABLE ALWAYS TRIGGER tile_is_append_only;
CREATE TRIGGER tile_is_never_truncated BEFORE TRUNCATE ON ledger.tile FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.tile ENABLE ALWAYS TRIGGER tile_is_never_truncated;
CREATE TRIGGER tree_is_never_truncated BEFORE TRUNCATE ON ledger.tree FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.tree ENABLE ALWAYS TRIGGER tree_is_never_truncated;
CREATE TRIGGER tree_only_grows BEFORE DELETE OR UPDATE ON ledger.tree FOR EACH ROW EXECUTE FUNCTION ledger.refuse_tree_change();
ALTER TABLE ledger.tree ENABLE ALWAYS TRIGGER tree_only_grows;
ALTER TABLE ONLY ledger.cosignature
    ADD CONSTRAINT cosignature_size_fkey FOREIGN KEY (size) REFERENCES ledger.checkpoint(size);
GRANT USAGE ON SCHEMA ledger TO pithledger_writer;
GRANT USAGE ON SCHEMA ledger TO pithledger_projector;
GRANT USAGE ON SCHEMA ledger TO pithledger_reader;
GRANT USAGE ON SCHEMA ledger TO pithledger_signer;
GRANT USAGE ON SCHEMA ledger TO pithledger_settler;
GRANT USAGE ON SCHEMA ledger TO pithledger_admin;
GRANT USAGE ON SCHEMA pithledger TO pithledger_reader;
REVOKE ALL ON FUNCTION ledger.advance_projection(from_position bigint, to_position bigint, status_table bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.advance_projection(from_position bigint, to_position bigint, status_table bigint) TO pithledger_projector;
REVOKE ALL ON FUNCTION ledger.append(units integer[], guards bigint[], subjects text[], records bigint[], recorded_ats timestamp with time zone[], fold_groups bigint[], target_hashes bigint[], refers bigint[], valid_untils timestamp with time zone[], reference_counts integer[], resolved_works integer[], formal_evidence_counts integer[], flag_sets integer[], event_types smallint[], verdicts smallint[], event_ids bytea[], signer_keys bytea[], slots bytea[], statements bytea[], claimants bytea[], key_fingerprints bytea[], key_signer_ids text[], key_signer_types smallint[], key_ids text[], key_publics bytea[], compromised_froms bigint[], entries bytea[], created_ats timestamp with time zone[], key_names text[], canonical_sha256s bytea[], source_versions bigint[], alias_kinds text[], alias_folded text[], log_origin text) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.append(units integer[], guards bigint[], subjects text[], records bigint[], recorded_ats timestamp with time zone[], fold_groups bigint[], target_hashes bigint[], refers bigint[], valid_untils timestamp with time zone[], reference_counts integer[], resolved_works integer[], formal_evidence_counts integer[], flag_sets integer[], event_types smallint[], verdicts smallint[], event_ids bytea[], signer_keys bytea[], slots bytea[], statements bytea[], claimants bytea[], key_fingerprints bytea[], key_signer_ids text[], key_signer_types smallint[], key_ids text[], key_publics bytea[], compromised_froms bigint[], entries bytea[], created_ats timestamp with time zone[], key_names text[], canonical_sha256s bytea[], source_versions bigint[], alias_kinds text[], alias_folded text[], log_origin text) TO pithledger_writer;
REVOKE ALL ON FUNCTION ledger.claim_log_key(the_key text) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.claim_log_key(the_key text) TO pithledger_signer;
REVOKE ALL ON FUNCTION ledger.erase_evidence(digest bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.erase_evidence(digest bytea) TO pithledger_admin;
REVOKE ALL ON FUNCTION ledger.integrate_tree(old_size bigint, new_size bigint, new_frontier bytea[], levels smallint[], indexes bigint[], tiles bytea[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.integrate_tree(old_size bigint, new_size bigint, new_frontier bytea[], levels smallint[], indexes bigint[], tiles bytea[]) TO pithledger_signer;
REVOKE ALL ON FUNCTION ledger.list_corrupt_evidence() FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.list_corrupt_evidence() TO pithledger_admin;
REVOKE ALL ON FUNCTION ledger.list_evidence(after bytea, how_many integer) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.list_evidence(after bytea, how_many integer) TO pithledger_admin;
GRANT SELECT ON TABLE ledger.event TO pithledger_projector;
GRANT SELECT ON TABLE ledger.event TO pithledger_reader;
REVOKE ALL ON FUNCTION ledger.naming_events(names bytea[], below bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.naming_events(names bytea[], below bigint) TO pithledger_projector;
GRANT ALL ON FUNCTION ledger.naming_events(names bytea[], below bigint) TO pithledger_reader;
REVOKE ALL ON FUNCTION ledger.read_evidence(digest bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.read_evidence(digest bytea) TO pithledger_admin;
REVOKE ALL ON FUNCTION ledger.read_pending_token(digest bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.read_pending_token(digest bytea) TO pithledger_settler;
REVOKE ALL ON FUNCTION ledger.refuse_alias_change() FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger.refuse_change() FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger.refuse_head_change() FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger.refuse_subject_change() FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger.refuse_tree_change() FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger.replace_lookups(log_size bigint, gone_subjects text[], pith_numbers text[], suffixes text[], records bigint[], canonical_sha256s bytea[], source_versions bigint[], trusted_receipts boolean[], operator_importeds boolean[], gone_kinds text[], gone_names text[], gone_records bigint[], kinds text[], names text[], alias_records bigint[], retractions boolean[], gone_tokens bytea[], tokens bytea[], token_events bytea[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.replace_lookups(log_size bigint, gone_subjects text[], pith_numbers text[], suffixes text[], records bigint[], canonical_sha256s bytea[], source_versions bigint[], trusted_receipts boolean[], operator_importeds boolean[], gone_kinds text[], gone_names text[], gone_records bigint[], kinds text[], names text[], alias_records bigint[], retractions boolean[], gone_tokens bytea[], tokens bytea[], token_events bytea[]) TO pithledger_admin;
REVOKE ALL ON FUNCTION ledger.replay_begin() FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.replay_begin() TO pithledger_projector;
REVOKE ALL ON FUNCTION ledger.replay_end() FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.replay_end() TO pithledger_projector;
REVOKE ALL ON FUNCTION ledger.replay_index(projection text) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.replay_index(projection text) TO pithledger_projector;
REVOKE ALL ON FUNCTION ledger.replay_swap() FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.replay_swap() TO pithledger_projector;
REVOKE ALL ON FUNCTION ledger.require_no_rotation(since bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.require_no_rotation(since bigint) TO pithledger_writer;
REVOKE ALL ON FUNCTION ledger.save_checkpoint(the_size bigint, the_root bytea, the_note text) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.save_checkpoint(the_size bigint, the_root bytea, the_note text) TO pithledger_signer;
REVOKE ALL ON FUNCTION ledger.save_cosignature(the_size bigint, the_witness text, the_line text) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.save_cosignature(the_size bigint, the_witness text, the_line text) TO pithledger_signer;
REVOKE ALL ON FUNCTION ledger.save_evidence(digests bytea[], kinds text[], contents bytea[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.save_evidence(digests bytea[], kinds text[], contents bytea[]) TO pithledger_writer;
REVOKE ALL ON FUNCTION ledger.subtree_root(height integer, index bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger.tree_root(the_size bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger.trust_document(the_kind text, the_bytes bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.trust_document(the_kind text, the_bytes bytea) TO pithledger_admin;
REVOKE ALL ON FUNCTION ledger.trust_headers(heights bigint[], headers bytea[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.trust_headers(heights bigint[], headers bytea[]) TO pithledger_settler;
GRANT ALL ON FUNCTION ledger.trust_headers(heights bigint[], headers bytea[]) TO pithledger_admin;
REVOKE ALL ON FUNCTION ledger.untrust_document(the_kind text, the_sha256 bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.untrust_document(the_kind text, the_sha256 bytea) TO pithledger_admin;
REVOKE ALL ON FUNCTION ledger.untrust_header(the_height bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.untrust_header(the_height bigint) TO pithledger_admin;
REVOKE ALL ON FUNCTION ledger.use_tokens(digests bytea[], records bigint[], event_ids bytea[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.use_tokens(digests bytea[], records bigint[], event_ids bytea[]) TO pithledger_writer;
GRANT SELECT ON TABLE ledger.alias TO pithledger_projector;
GRANT SELECT ON TABLE ledger.alias TO pithledger_reader;
GRANT SELECT ON TABLE ledger.checkpoint TO pithledger_reader;
GRANT SELECT,INSERT,DELETE,TRUNCATE,UPDATE ON TABLE ledger.citation TO pithledger_projector;
GRANT SELECT ON TABLE ledger.citation TO pithledger_reader;
GRANT SELECT ON TABLE ledger.subject TO pithledger_projector;
GRANT SELECT ON TABLE ledger.subject TO pithledger_reader;
GRANT SELECT ON TABLE ledger.citation_view TO pithledger_reader;
GRANT SELECT ON TABLE ledger.claim_view TO pithledger_reader;
GRANT SELECT ON TABLE ledger.column_rules TO pithledger_projector;
GRANT SELECT ON TABLE ledger.column_rules TO pithledger_reader;
GRANT SELECT ON TABLE ledger.cosignature TO pithledger_reader;
GRANT SELECT,INSERT,DELETE,TRUNCATE,UPDATE ON TABLE ledger.event_summary TO pithledger_projector;
GRANT SELECT ON TABLE ledger.event_summary TO pithledger_reader;
GRANT SELECT ON TABLE ledger.event_summary_view TO pithledger_projector;
GRANT SELECT ON TABLE ledger.event_summary_view TO pithledger_reader;
GRANT SELECT ON TABLE ledger.event_view TO pithledger_projector;
GRANT SELECT ON TABLE ledger.event_view TO pithledger_reader;
GRANT SELECT ON TABLE ledger.head TO pithledger_projector;
GRANT SELECT ON TABLE ledger.head TO pithledger_reader;
GRANT SELECT ON TABLE ledger.head TO pithledger_signer;
GRANT SELECT ON TABLE ledger.head TO pithledger_settler;
GRANT SELECT ON TABLE ledger.key_view TO pithledger_reader;
GRANT SELECT,UPDATE ON TABLE ledger.projection_offset TO pithledger_projector;
GRANT SELECT ON TABLE ledger.projection_offset TO pithledger_reader;
GRANT SELECT ON TABLE ledger.public_evidence TO pithledger_reader;
GRANT SELECT,INSERT,DELETE,TRUNCATE,UPDATE ON TABLE ledger.record_text TO pithledger_projector;
GRANT SELECT ON TABLE ledger.record_text TO pithledger_reader;
GRANT SELECT,INSERT,DELETE,TRUNCATE,UPDATE ON TABLE ledger.verification_status TO pithledger_projector;
GRANT SELECT ON TABLE ledger.verification_status TO pithledger_reader;
GRANT SELECT ON TABLE ledger.record_view TO pithledger_reader;
GRANT SELECT,INSERT,DELETE,TRUNCATE,UPDATE ON TABLE ledger.storage_validity TO pithledger_projector;
GRANT SELECT ON TABLE ledger.storage_validity TO pithledger_reader;
GRANT SELECT ON TABLE ledger.stored_document TO pithledger_projector;
GRANT SELECT,INSERT,DELETE,TRUNCATE,UPDATE ON TABLE ledger.strong_author TO pithledger_projector;
GRANT SELECT ON TABLE ledger.strong_author TO pithledger_reader;
GRANT SELECT ON TABLE ledger.tile TO pithledger_reader;
GRANT SELECT ON TABLE ledger.tree TO pithledger_reader;
GRANT SELECT ON TABLE ledger.tree TO pithledger_signer;
GRANT SELECT ON TABLE ledger.trusted_document TO pithledger_reader;
GRANT SELECT ON TABLE ledger.trusted_header TO pithledger_reader;
GRANT SELECT ON TABLE ledger.used_token TO pithledger_reader;
GRANT SELECT ON TABLE ledger.verification_status_view TO pithledger_projector;
GRANT SELECT ON TABLE ledger.verification_status_view TO pithledger_reader;
GRANT SELECT ON TABLE ledger.webhook TO pithledger_settler;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE ledger.webhook TO pithledger_admin;
GRANT UPDATE(next_position) ON TABLE ledger.webhook TO pithledger_settler;
GRANT UPDATE(batch_end) ON TABLE ledger.webhook TO pithledger_settler;
GRANT UPDATE(pause) ON TABLE ledger.webhook TO pithledger_settler;
GRANT UPDATE(failures) ON TABLE ledger.webhook TO pithledger_settler;
GRANT UPDATE(failing_since) ON TABLE ledger.webhook TO pithledger_settler;
GRANT UPDATE(next_attempt_at) ON TABLE ledger.webhook TO pithledger_settler;
GRANT UPDATE(last_attempt_at) ON TABLE ledger.webhook TO pithledger_settler;
GRANT UPDATE(delivered_at) ON TABLE ledger.webhook TO pithledger_settler;
GRANT UPDATE(last_error) ON TABLE ledger.webhook TO pithledger_settler;
GRANT UPDATE(holder) ON TABLE ledger.webhook TO pithledger_settler;
GRANT UPDATE(held_until) ON TABLE ledger.webhook TO pithledger_settler;
GRANT SELECT ON TABLE pithledger.definition TO pithledger_reader;
GRANT SELECT ON TABLE pithledger.migration TO pithledger_reader;
