-- A database of the numbered migrations, made by commit 7c34cfe: a record, a key and a citation.
-- pg_dump --no-owner --inserts, without comments.
SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
CREATE SCHEMA ledger;
CREATE SCHEMA pithledger;
CREATE FUNCTION ledger.append(units integer[], guards bigint[], subjects text[], records bigint[], recorded_ats timestamp with time zone[], fold_groups bigint[], target_keys bigint[], refers bigint[], valid_untils timestamp with time zone[], reference_counts integer[], resolved_works integer[], formal_evidence_counts integer[], flag_sets integer[], event_types smallint[], verdicts smallint[], event_ids bytea[], signer_keys bytea[], slots bytea[], statements bytea[], claimants bytea[], key_fingerprints bytea[], key_signer_ids text[], key_signer_types smallint[], key_ids text[], key_publics bytea[], compromised_froms bigint[], entries bytea[], created_ats timestamp with time zone[], key_names text[], canonical_sha256s bytea[], source_versions bigint[], alias_kinds text[], alias_folded text[], log_origin text) RETURNS TABLE(at_position bigint, outcome text, in_record bigint)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'ledger', 'pg_temp'
    AS $$
DECLARE
  next_position bigint;
  first_position bigint;
  i integer;
  unit_start integer := 1;
  unit_end integer;
  total integer := cardinality(units);
  the_record bigint;
  conflicting boolean;
  found_at bigint;
BEGIN
  IF EXISTS (SELECT FROM unnest(ARRAY[
      cardinality(guards), cardinality(subjects), cardinality(records), cardinality(recorded_ats),
      cardinality(fold_groups), cardinality(target_keys), cardinality(refers),
      cardinality(valid_untils), cardinality(reference_counts), cardinality(resolved_works),
      cardinality(formal_evidence_counts), cardinality(flag_sets), cardinality(event_types),
      cardinality(verdicts), cardinality(event_ids), cardinality(signer_keys), cardinality(slots),
      cardinality(statements), cardinality(claimants), cardinality(key_fingerprints),
      cardinality(key_signer_ids), cardinality(key_signer_types), cardinality(key_ids),
      cardinality(key_publics), cardinality(compromised_froms), cardinality(entries),
      cardinality(canonical_sha256s), cardinality(source_versions), cardinality(alias_kinds),
      cardinality(alias_folded), cardinality(created_ats), cardinality(key_names)]) AS n (length) WHERE n.length IS DISTINCT FROM total) THEN
    RAISE EXCEPTION 'the arrays of an append have different lengths' USING ERRCODE = 'PL006';
  END IF;
  -- From here to the end of the transaction nobody else appends.
  SELECT h.size INTO next_position FROM head h FOR UPDATE;
  first_position := next_position;
  -- Most batches are events of known records, none of them there before: those go in as one statement, and
  -- one row answers for all of them.
  IF cardinality(array_remove(guards, NULL)) = 0 AND array_position(records, NULL) IS NULL
    AND NOT event_types && ARRAY[6, 7]::smallint[] AND cardinality(array_remove(alias_kinds, NULL)) = 0 THEN
    BEGIN
      -- Beside each other in the list, the arrays are read row by row; as a table they would be stored first.
      INSERT INTO event
      SELECT generate_series(next_position, next_position + total - 1), unnest(records),
        unnest(recorded_ats), unnest(fold_groups), unnest(target_keys), unnest(refers),
        unnest(valid_untils), unnest(reference_counts), unnest(resolved_works),
        unnest(formal_evidence_counts), unnest(flag_sets), unnest(event_types), unnest(verdicts),
        unnest(event_ids), unnest(signer_keys), unnest(slots), unnest(statements), unnest(claimants),
        unnest(key_fingerprints), unnest(key_signer_ids), unnest(key_signer_types),
        unnest(key_ids), unnest(key_publics), unnest(compromised_froms), unnest(entries),
        unnest(created_ats), unnest(key_names);
      UPDATE head h SET size = next_position + total, origin = coalesce(h.origin, log_origin);
      at_position := next_position; outcome := 'all_appended'; in_record := NULL;
      RETURN NEXT;
      RETURN;
    EXCEPTION WHEN unique_violation THEN
      -- One of them is there already: the loop below finds out which.
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
      SELECT s.record INTO the_record FROM subject s WHERE s.pith_number = subjects[unit_start];
    END IF;
    conflicting := false;
    IF guards[unit_start] IS NOT NULL AND the_record IS NOT NULL THEN
      IF the_record < 0 THEN
        conflicting := EXISTS (SELECT FROM event e
          WHERE e.record = the_record AND e.position > guards[unit_start]);
      ELSE
        conflicting := EXISTS (SELECT FROM event e
          WHERE e.signer_key = signer_keys[unit_start] AND e.record = the_record
            AND e.position > guards[unit_start]);
      END IF;
      -- A unit that is there already is no conflict with itself: its sender only lost the answer.
      IF conflicting AND EXISTS (SELECT FROM event e
          WHERE e.record = the_record AND e.event_id = event_ids[unit_end]) THEN
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
          WHERE e.record = the_record AND e.event_id = event_ids[i];
      END IF;
      IF found_at IS NOT NULL THEN
        at_position := found_at; outcome := 'existing'; in_record := the_record;
        RETURN NEXT;
        CONTINUE;
      END IF;
      IF the_record IS NULL THEN
        IF event_types[i] <> 6 THEN
          RAISE EXCEPTION 'no record % in this ledger', subjects[i] USING ERRCODE = 'PL004';
        END IF;
        the_record := next_position;
        INSERT INTO subject (pith_number, suffix, record, canonical_sha256, source_version, trusted_receipt,
            operator_imported)
          VALUES (subjects[i], split_part(subjects[i], ':', 3), the_record, canonical_sha256s[i],
            source_versions[i], flag_sets[i] & 32 <> 0, flag_sets[i] & 8192 <> 0);
      ELSIF event_types[i] IN (6, 7) AND flag_sets[i] & 8224 <> 0 THEN
        UPDATE subject s SET
          trusted_receipt = s.trusted_receipt OR flag_sets[i] & 32 <> 0,
          operator_imported = s.operator_imported OR flag_sets[i] & 8192 <> 0
        WHERE s.record = the_record
          AND (flag_sets[i] & 32 <> 0 AND NOT s.trusted_receipt
            OR flag_sets[i] & 8192 <> 0 AND NOT s.operator_imported);
      END IF;
      INSERT INTO event VALUES (
        next_position, the_record, recorded_ats[i], fold_groups[i], target_keys[i], refers[i],
        valid_untils[i], reference_counts[i], resolved_works[i], formal_evidence_counts[i],
        flag_sets[i], event_types[i], verdicts[i], event_ids[i], signer_keys[i], slots[i],
        statements[i], claimants[i], key_fingerprints[i], key_signer_ids[i], key_signer_types[i],
        key_ids[i], key_publics[i], compromised_froms[i], entries[i], created_ats[i], key_names[i]);
      IF alias_kinds[i] IS NOT NULL THEN
        INSERT INTO alias (kind, folded, record, is_retracted)
          VALUES (alias_kinds[i], alias_folded[i], the_record, event_types[i] = 16)
          ON CONFLICT (folded, kind, record) DO UPDATE SET is_retracted = EXCLUDED.is_retracted
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
CREATE FUNCTION ledger.bucket(buckets integer[], type integer) RETURNS jsonb
    LANGUAGE sql IMMUTABLE
    AS $$
  SELECT jsonb_build_object(
    'total', (SELECT sum(b) FROM unnest(buckets[type * 6 + 1 : type * 6 + 6]) b),
    'verified', buckets[type * 6 + 1], 'pending', buckets[type * 6 + 2],
    'rejected', buckets[type * 6 + 3], 'withdrawn', buckets[type * 6 + 4],
    'superseded', buckets[type * 6 + 5], 'revoked', buckets[type * 6 + 6])
$$;
CREATE FUNCTION ledger.claim_log_key(the_key text) RETURNS text
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'ledger', 'pg_temp'
    AS $$
  UPDATE tree SET log_key = coalesce(log_key, the_key) RETURNING log_key
$$;
CREATE FUNCTION ledger.corrupt_evidence() RETURNS TABLE(sha256 bytea)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'ledger', 'pg_temp'
    AS $$
  SELECT e.sha256 FROM evidence e WHERE pg_catalog.sha256(e.bytes) <> e.sha256
$$;
CREATE FUNCTION ledger.create_projections(target name) RETURNS void
    LANGUAGE plpgsql
    AS $_$
BEGIN
  EXECUTE format($sql$
    CREATE TABLE %1$I.verification_status (
      record                       bigint  PRIMARY KEY,
      content_addressed            boolean NOT NULL,
      pith_receipt                 boolean NOT NULL,
      weak_author_claims           integer NOT NULL,
      strong_author_claims         integer NOT NULL,
      verified_anchors             integer NOT NULL,
      storage_verified_until       timestamptz,
      citation_signatures          integer NOT NULL,
      vouched_citation_signatures  integer NOT NULL,
      replication_records          integer NOT NULL,
      graph_snapshot               boolean NOT NULL,
      reference_count              integer NOT NULL,
      resolved_work                integer NOT NULL,
      formal_evidence_count        integer NOT NULL
    );
    CREATE TABLE %1$I.event_summary (
      record               bigint   PRIMARY KEY,
      buckets              integer[] NOT NULL,
      first_recorded_at    timestamptz,
      last_recorded_at     timestamptz,
      last_event_id        bytea,
      equivocations        integer  NOT NULL,
      pending_bare_anchors integer  NOT NULL,
      unknown_events       integer  NOT NULL,
      position             bigint   NOT NULL
    );
    -- Until when each group of storage statements counts: a maximum cannot be kept by adding up.
    CREATE TABLE %1$I.storage_standing (
      record         bigint      NOT NULL,
      fold_group     bigint      NOT NULL,
      verified_until timestamptz NOT NULL,
      PRIMARY KEY (record, fold_group)
    );
    CREATE INDEX ON %1$I.storage_standing (record, verified_until);
    GRANT SELECT ON %1$I.verification_status, %1$I.event_summary, %1$I.storage_standing
      TO pithledger_writer, pithledger_reader;
    GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON %1$I.verification_status, %1$I.event_summary,
      %1$I.storage_standing TO pithledger_projector;
  $sql$, target);
END
$_$;
CREATE FUNCTION ledger.define_projection_views() RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
  CREATE OR REPLACE VIEW ledger.verification_status_view AS
  SELECT s.pith_number, v.content_addressed, v.pith_receipt,
    v.strong_author_claims >= 1 AS author_attested, v.weak_author_claims, v.strong_author_claims,
    v.verified_anchors > 0 AS externally_anchored,
    coalesce(v.storage_verified_until > now(), false) AS storage_verified, v.citation_signatures,
    v.replication_records, v.graph_snapshot,
    v.reference_count > 0 AND v.resolved_work = v.reference_count AS references_resolved,
    v.formal_evidence_count > 0 AS formal_links_present, e.position
  FROM ledger.verification_status v JOIN ledger.event_summary e USING (record)
    JOIN ledger.subject s USING (record);
  CREATE OR REPLACE VIEW ledger.event_summary_view AS
  SELECT s.pith_number, (SELECT sum(b) FROM unnest(e.buckets) b) AS total,
    (SELECT coalesce(jsonb_object_agg(t.name, ledger.bucket(e.buckets, t.code - 1)), '{}')
     FROM ledger.event_type t
     WHERE t.code <= 5 AND (ledger.bucket(e.buckets, t.code - 1) ->> 'total')::bigint > 0) AS by_type,
    e.first_recorded_at, e.last_recorded_at, 'sha256:' || encode(e.last_event_id, 'hex') AS last_event_id,
    e.equivocations, e.position
  FROM ledger.event_summary e JOIN ledger.subject s USING (record);
END
$$;
CREATE FUNCTION ledger.erase_evidence(digest bytea) RETURNS boolean
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'ledger', 'pg_temp'
    AS $$
  WITH gone AS (DELETE FROM evidence e WHERE e.sha256 = digest RETURNING 1)
  SELECT EXISTS (SELECT FROM gone)
$$;
CREATE FUNCTION ledger.evidence_for_audit(digest bytea) RETURNS TABLE(kind text, bytes bytea)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'ledger', 'pg_temp'
    AS $$
  SELECT e.kind, e.bytes FROM evidence e WHERE e.sha256 = digest
$$;
CREATE FUNCTION ledger.evidence_names(after bytea, how_many integer) RETURNS TABLE(sha256 bytea, kind text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'ledger', 'pg_temp'
    AS $$
  SELECT e.sha256, e.kind FROM evidence e WHERE e.sha256 > after ORDER BY e.sha256 LIMIT how_many
$$;
CREATE FUNCTION ledger.grow_tree(old_size bigint, new_size bigint, new_edge bytea[], levels smallint[], indexes bigint[], tiles bytea[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'ledger', 'pg_temp'
    AS $$
BEGIN
  PERFORM FROM tree t WHERE t.size = old_size FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the tree has no longer % leaves', old_size USING ERRCODE = 'PL020';
  END IF;
  IF new_size > (SELECT h.size FROM head h) THEN
    RAISE EXCEPTION 'the tree cannot have more leaves than the log has entries' USING ERRCODE = 'PL020';
  END IF;
  INSERT INTO tile (level, index, hashes) SELECT * FROM unnest(levels, indexes, tiles);
  UPDATE tree SET size = new_size, edge = new_edge;
END
$$;
CREATE FUNCTION ledger.put_evidence(digests bytea[], kinds text[], contents bytea[]) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'ledger', 'pg_temp'
    AS $$
  INSERT INTO evidence (sha256, kind, bytes)
  SELECT * FROM unnest(digests, kinds, contents) ON CONFLICT DO NOTHING;
  UPDATE evidence e SET kind = 'identity_token'
  FROM unnest(digests, kinds) AS n (digest, kind)
  WHERE n.kind = 'identity_token' AND e.sha256 = n.digest AND e.kind <> 'identity_token'
$$;
CREATE FUNCTION ledger.record_checkpoint(the_size bigint, the_root bytea, the_note text) RETURNS void
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
CREATE FUNCTION ledger.record_cosignature(the_size bigint, the_witness text, the_line text) RETURNS void
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
CREATE FUNCTION ledger.refuse_alias_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  IF TG_OP <> 'UPDATE' OR (NEW.kind, NEW.folded, NEW.record) IS DISTINCT FROM (OLD.kind, OLD.folded, OLD.record)
  THEN
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
CREATE FUNCTION ledger.refuse_shrinking() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  IF TG_OP <> 'UPDATE' OR NEW.size < OLD.size OR NEW.origin IS DISTINCT FROM coalesce(OLD.origin, NEW.origin) THEN
    RAISE EXCEPTION 'the head of the log only grows, and its origin stays' USING ERRCODE = 'PL001';
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
    OR (NEW.pith_number, NEW.suffix, NEW.record, NEW.canonical_sha256, NEW.source_version)
      IS DISTINCT FROM
      (OLD.pith_number, OLD.suffix, OLD.record, OLD.canonical_sha256, OLD.source_version) THEN
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
    RAISE EXCEPTION 'the tree only grows, and its key stays' USING ERRCODE = 'PL001';
  END IF;
  RETURN NEW;
END
$$;
CREATE FUNCTION ledger.replay_begin() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
  -- What an interrupted replay left behind goes first.
  DROP SCHEMA IF EXISTS ledger_replay CASCADE;
  CREATE SCHEMA ledger_replay;
  GRANT USAGE ON SCHEMA ledger_replay TO pithledger_projector;
  PERFORM ledger.create_projections('ledger_replay');
  ALTER TABLE ledger_replay.verification_status DROP CONSTRAINT verification_status_pkey;
  ALTER TABLE ledger_replay.event_summary DROP CONSTRAINT event_summary_pkey;
  ALTER TABLE ledger_replay.storage_standing DROP CONSTRAINT storage_standing_pkey;
  DROP INDEX ledger_replay.storage_standing_record_verified_until_idx;
END
$$;
CREATE FUNCTION ledger.replay_end() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
  DROP SCHEMA IF EXISTS ledger_replay CASCADE;
END
$$;
CREATE FUNCTION ledger.replay_index() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
  ALTER TABLE ledger_replay.verification_status ADD PRIMARY KEY (record);
  ALTER TABLE ledger_replay.event_summary ADD PRIMARY KEY (record);
  ALTER TABLE ledger_replay.storage_standing ADD PRIMARY KEY (record, fold_group);
  CREATE INDEX ON ledger_replay.storage_standing (record, verified_until);
END
$$;
CREATE FUNCTION ledger.replay_swap() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
  projection text;
BEGIN
  CREATE SCHEMA ledger_old;
  FOREACH projection IN ARRAY ARRAY['verification_status', 'event_summary', 'storage_standing'] LOOP
    EXECUTE format('ALTER TABLE ledger.%I SET SCHEMA ledger_old', projection);
    EXECUTE format('ALTER TABLE ledger_replay.%I SET SCHEMA ledger', projection);
    EXECUTE format('REVOKE ALL ON ledger.%I FROM pithledger_writer', projection);
  END LOOP;
  PERFORM ledger.define_projection_views();
  DROP SCHEMA ledger_old CASCADE;
  DROP SCHEMA ledger_replay CASCADE;
END
$$;
CREATE FUNCTION ledger.require_no_rotation(since bigint) RETURNS void
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'ledger', 'pg_temp'
    AS $$
BEGIN
  -- Event type 14 is key_vouched, signer type 6 is registry.
  PERFORM FROM event e
  WHERE e.record = -1 AND e.position >= since AND e.event_type = 14 AND e.key_signer_type = 6;
  IF FOUND THEN
    RAISE EXCEPTION 'the registry key was replaced meanwhile' USING ERRCODE = 'PL014';
  END IF;
END
$$;
CREATE FUNCTION ledger.spend_tokens(digests bytea[], records bigint[], event_ids bytea[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'ledger', 'pg_temp'
    AS $$
BEGIN
  INSERT INTO token_use (sha256, event_id)
  SELECT n.digest, n.event_id FROM unnest(digests, records, event_ids) AS n (digest, record, event_id)
  WHERE EXISTS (SELECT FROM event e WHERE e.record = n.record AND e.event_id = n.event_id)
  ON CONFLICT DO NOTHING;
  PERFORM FROM unnest(digests, records, event_ids) AS n (digest, record, event_id)
    JOIN token_use u ON u.sha256 = n.digest
    WHERE u.event_id <> n.event_id
      AND EXISTS (SELECT FROM event e WHERE e.record = n.record AND e.event_id = n.event_id);
  IF FOUND THEN
    RAISE EXCEPTION 'the identity token has served another event' USING ERRCODE = 'PL013';
  END IF;
END
$$;
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
    SELECT t.edge[tile_level + 1] INTO hashes FROM tree t
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
CREATE FUNCTION ledger.token_to_settle(digest bytea) RETURNS TABLE(bytes bytea)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'ledger', 'pg_temp'
    AS $$
  SELECT v.bytes FROM evidence v
  WHERE v.sha256 = digest AND v.kind = 'identity_token' AND EXISTS (
    SELECT FROM token_use u JOIN event e ON e.event_id = u.event_id
    WHERE u.sha256 = digest AND e.event_type = 3 AND e.verdict = 2)
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
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE ledger.alias (
    kind text NOT NULL,
    folded text NOT NULL,
    record bigint NOT NULL,
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
CREATE TABLE ledger.column_rules (
    one boolean DEFAULT true NOT NULL,
    version integer NOT NULL,
    CONSTRAINT column_rules_is_one_row CHECK (one)
);
CREATE TABLE ledger.cosignature (
    size bigint NOT NULL,
    witness text NOT NULL,
    line text NOT NULL,
    received_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE ledger.event (
    "position" bigint NOT NULL,
    record bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    fold_group bigint,
    target_key bigint NOT NULL,
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
    compromised_from bigint,
    entry bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    key_name text,
    CONSTRAINT event_entry_fits_a_bundle CHECK (((octet_length(entry) >= 1) AND (octet_length(entry) <= 65535))),
    CONSTRAINT event_id_is_sha256 CHECK ((octet_length(event_id) = 32)),
    CONSTRAINT event_position_is_natural CHECK (("position" >= 0)),
    CONSTRAINT event_refers_back CHECK ((refers_to < "position")),
    CONSTRAINT event_signer_is_fingerprint CHECK ((octet_length(signer_key) = 16))
);
CREATE TABLE ledger.event_summary (
    record bigint NOT NULL,
    buckets integer[] NOT NULL,
    first_recorded_at timestamp with time zone,
    last_recorded_at timestamp with time zone,
    last_event_id bytea,
    equivocations integer NOT NULL,
    pending_bare_anchors integer NOT NULL,
    unknown_events integer NOT NULL,
    "position" bigint NOT NULL
);
CREATE TABLE ledger.event_type (
    code smallint NOT NULL,
    name text NOT NULL
);
CREATE TABLE ledger.subject (
    pith_number text NOT NULL,
    suffix text NOT NULL COLLATE pg_catalog."C",
    record bigint NOT NULL,
    canonical_sha256 bytea NOT NULL,
    source_version bigint NOT NULL,
    trusted_receipt boolean NOT NULL,
    operator_imported boolean DEFAULT false NOT NULL
);
CREATE VIEW ledger.event_summary_view AS
 SELECT s.pith_number,
    ( SELECT sum(b.b) AS sum
           FROM unnest(e.buckets) b(b)) AS total,
    ( SELECT COALESCE(jsonb_object_agg(t.name, ledger.bucket(e.buckets, (t.code - 1))), '{}'::jsonb) AS "coalesce"
           FROM ledger.event_type t
          WHERE ((t.code <= 5) AND (((ledger.bucket(e.buckets, (t.code - 1)) ->> 'total'::text))::bigint > 0))) AS by_type,
    e.first_recorded_at,
    e.last_recorded_at,
    ('sha256:'::text || encode(e.last_event_id, 'hex'::text)) AS last_event_id,
    e.equivocations,
    e."position"
   FROM (ledger.event_summary e
     JOIN ledger.subject s USING (record));
CREATE VIEW ledger.event_view AS
 SELECT e."position",
    s.pith_number,
    COALESCE(t.name, 'unknown'::text) AS event_type,
    e.recorded_at,
    ('sha256:'::text || encode(e.event_id, 'hex'::text)) AS event_id,
    encode(e.signer_key, 'hex'::text) AS signer,
    (convert_from(e.entry, 'UTF8'::name))::jsonb AS entry
   FROM ((ledger.event e
     LEFT JOIN ledger.subject s USING (record))
     LEFT JOIN ledger.event_type t ON ((t.code = e.event_type)));
CREATE TABLE ledger.evidence (
    sha256 bytea NOT NULL,
    kind text NOT NULL,
    stored_at timestamp with time zone DEFAULT now() NOT NULL,
    bytes bytea NOT NULL,
    CONSTRAINT evidence_hashes_to_its_name CHECK ((sha256(bytes) = sha256)),
    CONSTRAINT evidence_is_sha256 CHECK ((octet_length(sha256) = 32))
);
CREATE TABLE ledger.head (
    one boolean DEFAULT true NOT NULL,
    size bigint NOT NULL,
    origin text,
    CONSTRAINT head_is_one_row CHECK (one),
    CONSTRAINT head_size_is_natural CHECK ((size >= 0))
);
CREATE TABLE ledger.projection_checkpoint (
    one boolean DEFAULT true NOT NULL,
    next_position bigint NOT NULL,
    CONSTRAINT checkpoint_is_one_row CHECK (one)
);
CREATE VIEW ledger.public_evidence AS
 SELECT e.sha256,
    e.kind,
    e.bytes
   FROM ledger.evidence e
  WHERE (e.kind <> 'identity_token'::text);
CREATE TABLE ledger.storage_standing (
    record bigint NOT NULL,
    fold_group bigint NOT NULL,
    verified_until timestamp with time zone NOT NULL
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
CREATE TABLE ledger.token_use (
    sha256 bytea NOT NULL,
    event_id bytea NOT NULL,
    CONSTRAINT token_use_event_is_sha256 CHECK ((octet_length(event_id) = 32)),
    CONSTRAINT token_use_is_sha256 CHECK ((octet_length(sha256) = 32))
);
CREATE TABLE ledger.tree (
    one boolean DEFAULT true NOT NULL,
    size bigint NOT NULL,
    edge bytea[] NOT NULL,
    log_key text,
    CONSTRAINT tree_is_one_row CHECK (one),
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
CREATE TABLE ledger.verification_status (
    record bigint NOT NULL,
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
     JOIN ledger.event_summary e USING (record))
     JOIN ledger.subject s USING (record));
CREATE TABLE pithledger.migration (
    number integer NOT NULL,
    name text NOT NULL,
    sha256 bytea NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);
INSERT INTO ledger.alias VALUES ('arxiv', '2412.14164', 1, false);
INSERT INTO ledger.alias VALUES ('arxiv_version', '2412.14164v1', 1, false);
INSERT INTO ledger.alias VALUES ('doi', '10.48550/arxiv.2412.14164', 1, false);
INSERT INTO ledger.alias VALUES ('pith_short_12', '4oxkxq4pbccp', 1, false);
INSERT INTO ledger.alias VALUES ('pith_short_16', '4oxkxq4pbccphocv', 1, false);
INSERT INTO ledger.alias VALUES ('pith_short_8', '4oxkxq4p', 1, false);
INSERT INTO ledger.column_rules VALUES (true, 2);
INSERT INTO ledger.event VALUES (0, -1, '2026-11-27 05:56:33.658881+00', NULL, -2198909188502528657, NULL, NULL, 0, 0, 0, 0, 13, 1, '\x51b6bcd5dd487288b3a2b68a46713025552a845441a68592ffdcde5514f9e949', '\x05c8615d16ddbe9b5965bf8031067c92', NULL, NULL, NULL, '\x05c8615d16ddbe9b5965bf8031067c92', 'urn:pithledger:registry:05c8615d16ddbe9b5965bf8031067c92', 6, 'registry-05c8615d', '\xed7138f677f9e7cd91dd996ea2eb0b557b119c8da7fe110e0492fd737f2211f7', NULL, '\x7b2261646d697373696f6e223a7b22636865636b73223a5b7b22636865636b223a227369676e6174757265222c2276657264696374223a227665726966696564227d5d2c227265636f726465645f6174223a22323032362d31312d32375430353a35363a33332e3635383838315a222c2276657264696374223a227665726966696564227d2c226576656e74223a7b22637265617465645f6174223a22323032362d31312d32375430353a35363a33332e3635383838315a222c226576656e745f6964223a227368613235363a35316236626364356464343837323838623361326236386134363731333032353535326138343534343161363835393266666463646535353134663965393439222c226576656e745f74797065223a226b65795f72656769737465726564222c226576656e745f76657273696f6e223a22312e30222c227061796c6f6164223a7b22616c676f726974686d223a2265643235353139222c227075626c69635f6b65795f623634223a2237584534396e663535383252335a6c756f75734c565873526e49326e2f68454f424a4c39633338694566633d227d2c227369676e6174757265223a7b22616c676f726974686d223a2265643235353139222c227369676e61747572655f623634223a22496d4f7265336a36526b2f4e374269456330625055314645496c63496a373870556269706958474f4c486530417a6a79495565556f75744c684342747a433734734b4f6a434756367969654b2b464572584e734842413d3d227d2c227369676e6572223a7b226b65795f6964223a2272656769737472792d3035633836313564222c227075626c69635f6b65795f66696e6765727072696e74223a223035633836313564313664646265396235393635626638303331303637633932222c227369676e65725f6964223a2275726e3a706974686c65646765723a72656769737472793a3035633836313564313664646265396235393635626638303331303637633932222c227369676e65725f74797065223a227265676973747279227d2c227375626a6563745f706974685f6e756d626572223a22706974683a7265676973747279222c22746172676574223a226b65793a3035633836313564313664646265396235393635626638303331303637633932227d7d', '2026-11-27 05:56:33.658881+00', NULL);
INSERT INTO ledger.event VALUES (1, 1, '2026-11-27 05:56:33.759273+00', NULL, -6157968244714077807, NULL, NULL, 0, 0, 0, 8240, 6, 1, '\xf1fe76827409ff4d0da1a7c6bcdc3d3d0a8cae9f7a9218d5d8a5c6f967a74fd6', '\x05c8615d16ddbe9b5965bf8031067c92', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '\x7b2261646d697373696f6e223a7b22636865636b73223a5b7b22636865636b223a227369676e6174757265222c2276657264696374223a227665726966696564227d2c7b22636865636b223a22636f6e74656e745f616464726573736564222c2276657264696374223a227665726966696564227d2c7b22636865636b223a226f70657261746f72222c2276657264696374223a227665726966696564227d2c7b22636865636b223a22706974685f72656365697074222c2276657264696374223a227665726966696564227d5d2c227265636f726465645f6174223a22323032362d31312d32375430353a35363a33332e3735393237335a222c2276657264696374223a227665726966696564227d2c226576656e74223a7b22637265617465645f6174223a22323032362d31312d32375430353a35363a33332e3735393237335a222c226576656e745f6964223a227368613235363a66316665373638323734303966663464306461316137633662636463336433643061386361653966376139323138643564386135633666393637613734666436222c226576656e745f74797065223a227265636f72645f63726561746564222c226576656e745f76657273696f6e223a22312e30222c227061796c6f6164223a7b2263616e6f6e6963616c5f7265636f7264223a7b226d65746164617461223a7b2261627374726163745f63616e6f6e5f736861323536223a2237366466626666636631353435373162393532383535656238373761346661376535346563303464666533393134646362643034663461323031616462653537222c2263726f73735f636174735f736f72746564223a5b5d2c226c6963656e7365223a22687474703a2f2f6372656174697665636f6d6d6f6e732e6f72672f6c6963656e7365732f62792f342e302f222c227072696d6172795f636174223a2263732e4356222c227375626d69747465645f6174223a22323032342d31322d31385431383a35383a35305a222c227469746c655f63616e6f6e5f736861323536223a2232306330323532393166373765376364653339633661636336656437656265613964643361626263616132366633623939623935653236663831363161333063227d2c22736368656d615f76657273696f6e223a22312e30222c22736f75726365223a7b226964223a22323431322e3134313634222c226b696e64223a226172786976222c2276657273696f6e223a317d7d2c2263616e6f6e6963616c5f736861323536223a2265336165616263333866303838346633623835356361623466353366333330363936616433626565636265313536373761313439376430363563366338336436222c22646f63756d656e745f736861323536223a2265633735656262643461623237316132323237303264303839313237346366313238303036613030383133343638613839656162316234333865383664646437222c2272656365697074223a7b22616c676f726974686d223a2265643235353139222c226275696c6465725f76657273696f6e223a22706974682d6e756d6265722d6275696c6465722d323032362d30352d31372d7631222c2263616e6f6e6963616c5f736861323536223a2265336165616263333866303838346633623835356361623466353366333330363936616433626565636265313536373761313439376430363563366338336436222c2266697273745f636f6d70757465645f6174223a22323032362d30352d31375432333a33383a31342e3637343338315a222c226b65795f6964223a22706974682d76312d323032362d3035222c226b696e64223a22706974685f72656365697074222c226c6173745f72656973737565645f6174223a22323032362d30352d31375432333a33383a31342e3637343338315a222c227075626c69635f6b65795f66696e6765727072696e74223a223864346235656537346534363933626364316466323434363430386230643534222c22726563656970745f76657273696f6e223a22302e33222c227369676e61747572655f623634223a224c39354a356d2b3175447375784657517871594d6e637338514f715a464d63443042306754307a467732677959346a61514265773261466b782b6b6250692b42394853325376496c35655765787a69387447456642413d3d222c227369676e61747572655f737461747573223a227369676e65645f7631222c227369676e65645f6174223a22323032362d30352d31375432333a33383a31342e3637343937395a222c227369676e65645f6d657373616765223a2263616e6f6e6963616c5f7368613235365f6279746573227d7d2c227369676e6174757265223a7b22616c676f726974686d223a2265643235353139222c227369676e61747572655f623634223a226b44754c6f326579745041314f45635932705468787259556f6a36303567596d78446d3341725a4578796b72794d76797568536d76364a305556392b41426c7766494e696d6f4d6141335879595a5037544d6e6f44773d3d227d2c227369676e6572223a7b226b65795f6964223a2272656769737472792d3035633836313564222c227075626c69635f6b65795f66696e6765727072696e74223a223035633836313564313664646265396235393635626638303331303637633932222c227369676e65725f6964223a2275726e3a706974686c65646765723a72656769737472793a3035633836313564313664646265396235393635626638303331303637633932222c227369676e65725f74797065223a227265676973747279227d2c227375626a6563745f706974685f6e756d626572223a22706974683a323032343a344f584b5851345042434350484f43565a4b32504b505a544132222c22746172676574223a227265636f7264227d7d', '2026-11-27 05:56:33.759273+00', NULL);
INSERT INTO ledger.event VALUES (2, 1, '2026-11-27 05:56:33.760137+00', NULL, -6157968244714077807, NULL, NULL, 0, 0, 0, 0, 8, 1, '\xf6445930ad0f51854b3cce6995d1007c8a9309a621acfff215a9eacc5ca71cc7', '\x05c8615d16ddbe9b5965bf8031067c92', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '\x7b2261646d697373696f6e223a7b22636865636b73223a5b7b22636865636b223a227369676e6174757265222c2276657264696374223a227665726966696564227d5d2c227265636f726465645f6174223a22323032362d31312d32375430353a35363a33332e3736303133375a222c2276657264696374223a227665726966696564227d2c226576656e74223a7b22637265617465645f6174223a22323032362d31312d32375430353a35363a33332e3736303133375a222c226576656e745f6964223a227368613235363a66363434353933306164306635313835346233636365363939356431303037633861393330396136323161636666663231356139656163633563613731636337222c226576656e745f74797065223a22616c6961735f6164646564222c226576656e745f76657273696f6e223a22312e30222c227061796c6f6164223a7b22616c6961735f6b696e64223a226172786976222c22616c6961735f76616c7565223a22323431322e3134313634227d2c227369676e6174757265223a7b22616c676f726974686d223a2265643235353139222c227369676e61747572655f623634223a2247523669594e54596d45564379415865397438472f4e4e6f55694b597a2b6b6433515139456d2b7261744f59326949334e4670357643524d573631496a782b727250496b69704c5639674432636c4f567751696e43513d3d227d2c227369676e6572223a7b226b65795f6964223a2272656769737472792d3035633836313564222c227075626c69635f6b65795f66696e6765727072696e74223a223035633836313564313664646265396235393635626638303331303637633932222c227369676e65725f6964223a2275726e3a706974686c65646765723a72656769737472793a3035633836313564313664646265396235393635626638303331303637633932222c227369676e65725f74797065223a227265676973747279227d2c227375626a6563745f706974685f6e756d626572223a22706974683a323032343a344f584b5851345042434350484f43565a4b32504b505a544132222c22746172676574223a227265636f7264227d7d', '2026-11-27 05:56:33.760137+00', NULL);
INSERT INTO ledger.event VALUES (3, 1, '2026-11-27 05:56:33.760581+00', NULL, -6157968244714077807, NULL, NULL, 0, 0, 0, 0, 8, 1, '\xd4fe8d79dddcf6863a251eb47341c5252da996de702b9e25f076968b808bfac0', '\x05c8615d16ddbe9b5965bf8031067c92', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '\x7b2261646d697373696f6e223a7b22636865636b73223a5b7b22636865636b223a227369676e6174757265222c2276657264696374223a227665726966696564227d5d2c227265636f726465645f6174223a22323032362d31312d32375430353a35363a33332e3736303538315a222c2276657264696374223a227665726966696564227d2c226576656e74223a7b22637265617465645f6174223a22323032362d31312d32375430353a35363a33332e3736303538315a222c226576656e745f6964223a227368613235363a64346665386437396464646366363836336132353165623437333431633532353264613939366465373032623965323566303736393638623830386266616330222c226576656e745f74797065223a22616c6961735f6164646564222c226576656e745f76657273696f6e223a22312e30222c227061796c6f6164223a7b22616c6961735f6b696e64223a2261727869765f76657273696f6e222c22616c6961735f76616c7565223a22323431322e31343136347631227d2c227369676e6174757265223a7b22616c676f726974686d223a2265643235353139222c227369676e61747572655f623634223a2235477a4332624d626d4f502b675535525a766a767971776965776e7a6145414f2b576a354376334934503357347232664d3451345a3461736b366a45532b46452f7a4b4f35436a58417967556a4a55457365744241413d3d227d2c227369676e6572223a7b226b65795f6964223a2272656769737472792d3035633836313564222c227075626c69635f6b65795f66696e6765727072696e74223a223035633836313564313664646265396235393635626638303331303637633932222c227369676e65725f6964223a2275726e3a706974686c65646765723a72656769737472793a3035633836313564313664646265396235393635626638303331303637633932222c227369676e65725f74797065223a227265676973747279227d2c227375626a6563745f706974685f6e756d626572223a22706974683a323032343a344f584b5851345042434350484f43565a4b32504b505a544132222c22746172676574223a227265636f7264227d7d', '2026-11-27 05:56:33.760581+00', NULL);
INSERT INTO ledger.event VALUES (4, 1, '2026-11-27 05:56:33.760989+00', NULL, -6157968244714077807, NULL, NULL, 0, 0, 0, 0, 8, 1, '\x9319e3528ea693d5cf9dd45d158587bc81452bc6a530687bdd938aa00bfbb45a', '\x05c8615d16ddbe9b5965bf8031067c92', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '\x7b2261646d697373696f6e223a7b22636865636b73223a5b7b22636865636b223a227369676e6174757265222c2276657264696374223a227665726966696564227d5d2c227265636f726465645f6174223a22323032362d31312d32375430353a35363a33332e3736303938395a222c2276657264696374223a227665726966696564227d2c226576656e74223a7b22637265617465645f6174223a22323032362d31312d32375430353a35363a33332e3736303938395a222c226576656e745f6964223a227368613235363a39333139653335323865613639336435636639646434356431353835383762633831343532626336613533303638376264643933386161303062666262343561222c226576656e745f74797065223a22616c6961735f6164646564222c226576656e745f76657273696f6e223a22312e30222c227061796c6f6164223a7b22616c6961735f6b696e64223a22646f69222c22616c6961735f76616c7565223a2231302e34383535302f61727869762e323431322e3134313634227d2c227369676e6174757265223a7b22616c676f726974686d223a2265643235353139222c227369676e61747572655f623634223a225649306d4b3531434d6f523033526c416f6778364358416b737a51624b73346c437a4f2f7773655436594d655457427a6a5230344a6f464159796e682b2f744375384969765532306535384f7736742b7530454441513d3d227d2c227369676e6572223a7b226b65795f6964223a2272656769737472792d3035633836313564222c227075626c69635f6b65795f66696e6765727072696e74223a223035633836313564313664646265396235393635626638303331303637633932222c227369676e65725f6964223a2275726e3a706974686c65646765723a72656769737472793a3035633836313564313664646265396235393635626638303331303637633932222c227369676e65725f74797065223a227265676973747279227d2c227375626a6563745f706974685f6e756d626572223a22706974683a323032343a344f584b5851345042434350484f43565a4b32504b505a544132222c22746172676574223a227265636f7264227d7d', '2026-11-27 05:56:33.760989+00', NULL);
INSERT INTO ledger.event VALUES (5, 1, '2026-11-27 05:56:33.761476+00', NULL, -6157968244714077807, NULL, NULL, 0, 0, 0, 0, 8, 1, '\x298f4325b2a3a71dd9d2d8f5c7b06d589508bb1778efaf937dfeb29313b4c674', '\x05c8615d16ddbe9b5965bf8031067c92', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '\x7b2261646d697373696f6e223a7b22636865636b73223a5b7b22636865636b223a227369676e6174757265222c2276657264696374223a227665726966696564227d5d2c227265636f726465645f6174223a22323032362d31312d32375430353a35363a33332e3736313437365a222c2276657264696374223a227665726966696564227d2c226576656e74223a7b22637265617465645f6174223a22323032362d31312d32375430353a35363a33332e3736313437365a222c226576656e745f6964223a227368613235363a32393866343332356232613361373164643964326438663563376230366435383935303862623137373865666166393337646665623239333133623463363734222c226576656e745f74797065223a22616c6961735f6164646564222c226576656e745f76657273696f6e223a22312e30222c227061796c6f6164223a7b22616c6961735f6b696e64223a22706974685f73686f72745f3132222c22616c6961735f76616c7565223a22344f584b5851345042434350227d2c227369676e6174757265223a7b22616c676f726974686d223a2265643235353139222c227369676e61747572655f623634223a223979727a362f6c6a6146717270346933325467674639453569502b4765644a47683263334d346c497531395261744c556473666c717559525555616e79592f77644b2b4a4e686b597739515836464470436d637643773d3d227d2c227369676e6572223a7b226b65795f6964223a2272656769737472792d3035633836313564222c227075626c69635f6b65795f66696e6765727072696e74223a223035633836313564313664646265396235393635626638303331303637633932222c227369676e65725f6964223a2275726e3a706974686c65646765723a72656769737472793a3035633836313564313664646265396235393635626638303331303637633932222c227369676e65725f74797065223a227265676973747279227d2c227375626a6563745f706974685f6e756d626572223a22706974683a323032343a344f584b5851345042434350484f43565a4b32504b505a544132222c22746172676574223a227265636f7264227d7d', '2026-11-27 05:56:33.761476+00', NULL);
INSERT INTO ledger.event VALUES (6, 1, '2026-11-27 05:56:33.761828+00', NULL, -6157968244714077807, NULL, NULL, 0, 0, 0, 0, 8, 1, '\x0985bc3e882c9a6498a4a7c1fba345852e3cbca8a7bbef4c7d93ccaec767f8bd', '\x05c8615d16ddbe9b5965bf8031067c92', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '\x7b2261646d697373696f6e223a7b22636865636b73223a5b7b22636865636b223a227369676e6174757265222c2276657264696374223a227665726966696564227d5d2c227265636f726465645f6174223a22323032362d31312d32375430353a35363a33332e3736313832385a222c2276657264696374223a227665726966696564227d2c226576656e74223a7b22637265617465645f6174223a22323032362d31312d32375430353a35363a33332e3736313832385a222c226576656e745f6964223a227368613235363a30393835626333653838326339613634393861346137633166626133343538353265336362636138613762626566346337643933636361656337363766386264222c226576656e745f74797065223a22616c6961735f6164646564222c226576656e745f76657273696f6e223a22312e30222c227061796c6f6164223a7b22616c6961735f6b696e64223a22706974685f73686f72745f3136222c22616c6961735f76616c7565223a22344f584b5851345042434350484f4356227d2c227369676e6174757265223a7b22616c676f726974686d223a2265643235353139222c227369676e61747572655f623634223a2246546d384e726237515a516774663163437432772f54317643755167706c6b675a4e785449707151322f4a41566a2f444c4c6c344d46497055716574534266316a766f674f2b6a7248752b7835782f76717a597844513d3d227d2c227369676e6572223a7b226b65795f6964223a2272656769737472792d3035633836313564222c227075626c69635f6b65795f66696e6765727072696e74223a223035633836313564313664646265396235393635626638303331303637633932222c227369676e65725f6964223a2275726e3a706974686c65646765723a72656769737472793a3035633836313564313664646265396235393635626638303331303637633932222c227369676e65725f74797065223a227265676973747279227d2c227375626a6563745f706974685f6e756d626572223a22706974683a323032343a344f584b5851345042434350484f43565a4b32504b505a544132222c22746172676574223a227265636f7264227d7d', '2026-11-27 05:56:33.761828+00', NULL);
INSERT INTO ledger.event VALUES (7, 1, '2026-11-27 05:56:33.77798+00', NULL, -6157968244714077807, NULL, NULL, 0, 0, 0, 0, 8, 1, '\x5e9dc65ae3b79e796084f410b453e58c03e3fdeae3fcb9389403e7ae896fe1c7', '\x05c8615d16ddbe9b5965bf8031067c92', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '\x7b2261646d697373696f6e223a7b22636865636b73223a5b7b22636865636b223a227369676e6174757265222c2276657264696374223a227665726966696564227d5d2c227265636f726465645f6174223a22323032362d31312d32375430353a35363a33332e3737373938305a222c2276657264696374223a227665726966696564227d2c226576656e74223a7b22637265617465645f6174223a22323032362d31312d32375430353a35363a33332e3737373938305a222c226576656e745f6964223a227368613235363a35653964633635616533623739653739363038346634313062343533653538633033653366646561653366636239333839343033653761653839366665316337222c226576656e745f74797065223a22616c6961735f6164646564222c226576656e745f76657273696f6e223a22312e30222c227061796c6f6164223a7b22616c6961735f6b696e64223a22706974685f73686f72745f38222c22616c6961735f76616c7565223a22344f584b58513450227d2c227369676e6174757265223a7b22616c676f726974686d223a2265643235353139222c227369676e61747572655f623634223a224465396f5052516f79365354546351664f2f4a6866455551546f527634374a3873777955506f4c456a43565963324a6837324471373932446567775246474d6f4651436252416f75614972327538426e3045516e41413d3d227d2c227369676e6572223a7b226b65795f6964223a2272656769737472792d3035633836313564222c227075626c69635f6b65795f66696e6765727072696e74223a223035633836313564313664646265396235393635626638303331303637633932222c227369676e65725f6964223a2275726e3a706974686c65646765723a72656769737472793a3035633836313564313664646265396235393635626638303331303637633932222c227369676e65725f74797065223a227265676973747279227d2c227375626a6563745f706974685f6e756d626572223a22706974683a323032343a344f584b5851345042434350484f43565a4b32504b505a544132222c22746172676574223a227265636f7264227d7d', '2026-11-27 05:56:33.77798+00', NULL);
INSERT INTO ledger.event VALUES (8, 1, '2026-11-27 05:56:33.778729+00', NULL, 8326083068711904758, NULL, NULL, 282, 282, 2, 8192, 7, 1, '\x98df892b92dcca6ef819c9bb219454e522d945b4546bc88cc71296f3d7fc6d2b', '\x05c8615d16ddbe9b5965bf8031067c92', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '\x7b2261646d697373696f6e223a7b22636865636b73223a5b7b22636865636b223a227369676e6174757265222c2276657264696374223a227665726966696564227d5d2c227265636f726465645f6174223a22323032362d31312d32375430353a35363a33332e3737383732395a222c2276657264696374223a227665726966696564227d2c226576656e74223a7b22637265617465645f6174223a22323032362d31312d32375430353a35363a33332e3737383732395a222c226576656e745f6964223a227368613235363a39386466383932623932646363613665663831396339626232313934353465353232643934356234353436626338386363373132393666336437666336643262222c226576656e745f74797065223a2267726170685f736e617073686f74222c226576656e745f76657273696f6e223a22312e30222c227061796c6f6164223a7b22636c61696d5f696473223a5b224331222c224332222c224333222c224334225d2c22646f63756d656e745f736861323536223a2265633735656262643461623237316132323237303264303839313237346366313238303036613030383133343638613839656162316234333865383664646437222c22666f726d616c5f65766964656e63655f636f756e74223a322c227265666572656e63655f636f756e74223a3238322c227265736f6c7665645f776f726b223a3238327d2c227369676e6174757265223a7b22616c676f726974686d223a2265643235353139222c227369676e61747572655f623634223a226e4e4f4562636e62675567514d57784a2b43666362336241734a42304f59683131715a5750336c6a7774585a5a59594844395365317a44747a4b714f524a7a705154336c367a6676553377314c7a78383930423341673d3d227d2c227369676e6572223a7b226b65795f6964223a2272656769737472792d3035633836313564222c227075626c69635f6b65795f66696e6765727072696e74223a223035633836313564313664646265396235393635626638303331303637633932222c227369676e65725f6964223a2275726e3a706974686c65646765723a72656769737472793a3035633836313564313664646265396235393635626638303331303637633932222c227369676e65725f74797065223a227265676973747279227d2c227375626a6563745f706974685f6e756d626572223a22706974683a323032343a344f584b5851345042434350484f43565a4b32504b505a544132222c22746172676574223a226772617068227d7d', '2026-11-27 05:56:33.778729+00', NULL);
INSERT INTO ledger.event VALUES (9, -1, '2026-11-27 05:56:35.187438+00', NULL, 7576092468935574410, NULL, NULL, 0, 0, 0, 0, 13, 1, '\x70c41891cbe7d94eea39a663d712685907a13331797ba809c1485c15eb7ea080', '\xcd56f8015663b7b633d5816fc0cb0dc2', NULL, NULL, NULL, '\xcd56f8015663b7b633d5816fc0cb0dc2', 'https://orcid.org/0000-0002-1825-0097', 1, 'author-1', '\x2b8ce23a07698082f77b1ec07b504f9827a1b3e9cdb2c2fb58dd06e4bfa681ae', NULL, '\x7b2261646d697373696f6e223a7b22636865636b73223a5b7b22636865636b223a227369676e6174757265222c2276657264696374223a227665726966696564227d5d2c227265636f726465645f6174223a22323032362d31312d32375430353a35363a33352e3138373433385a222c2276657264696374223a227665726966696564227d2c226576656e74223a7b22637265617465645f6174223a22323032362d31312d32375430353a35363a33352e3134323333305a222c226576656e745f6964223a227368613235363a37306334313839316362653764393465656133396136363364373132363835393037613133333331373937626138303963313438356331356562376561303830222c226576656e745f74797065223a226b65795f72656769737465726564222c226576656e745f76657273696f6e223a22312e30222c227061796c6f6164223a7b22616c676f726974686d223a2265643235353139222c227075626c69635f6b65795f623634223a224b347a694f67647067494c3365783741653142506d436568732b6e4e73734c37574e3047354c2b6d6761343d227d2c227369676e6174757265223a7b22616c676f726974686d223a2265643235353139222c227369676e61747572655f623634223a22436b71332b34787a6631424b475369554d6e4c37464a58524456304778793178625162476e58756d686d646c615049474d786674667352637656546d73596f666e7a6166535952686147424e6d4351384c4b705544773d3d227d2c227369676e6572223a7b226b65795f6964223a22617574686f722d31222c227075626c69635f6b65795f66696e6765727072696e74223a226364353666383031353636336237623633336435383136666330636230646332222c227369676e65725f6964223a2268747470733a2f2f6f726369642e6f72672f303030302d303030322d313832352d30303937222c227369676e65725f74797065223a22617574686f72227d2c227375626a6563745f706974685f6e756d626572223a22706974683a7265676973747279222c22746172676574223a226b65793a6364353666383031353636336237623633336435383136666330636230646332227d7d', '2026-11-27 05:56:35.14233+00', NULL);
INSERT INTO ledger.event VALUES (10, 1, '2026-11-27 05:56:36.524852+00', -5563609798722049258, -6157968244714077807, NULL, NULL, 0, 0, 0, 0, 4, 1, '\x947fd122a8498dc00de70a99c7982d816e2c5b2b9dc5119cdd1da905cbecb547', '\xcd56f8015663b7b633d5816fc0cb0dc2', '\x48b234c506bb95ccd805490d7a86d66f', '\x34ad6739837aa0d459a6e185896bbd0a', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '\x7b2261646d697373696f6e223a7b22636865636b73223a5b7b22636865636b223a227369676e6174757265222c2276657264696374223a227665726966696564227d5d2c227265636f726465645f6174223a22323032362d31312d32375430353a35363a33362e3532343835325a222c2276657264696374223a227665726966696564227d2c226576656e74223a7b22637265617465645f6174223a22323032362d31312d32375430353a35363a33362e3439353934375a222c226576656e745f6964223a227368613235363a39343766643132326138343938646330306465373061393963373938326438313665326335623262396463353131396364643164613930356362656362353437222c226576656e745f74797065223a226369746174696f6e5f7369676e6174757265222c226576656e745f76657273696f6e223a22312e30222c227061796c6f6164223a7b22636974696e675f646f69223a22646f693a31302e313030302f6669727374222c226e6f7465223a22412073686f7274206e6f7465222c2272656c6174696f6e223a226369746573227d2c227369676e6174757265223a7b22616c676f726974686d223a2265643235353139222c227369676e61747572655f623634223a2248463746674b786b656c38343777644e7246674554353230647652797a716958496f6f445a38574b57576c69773964734a644e3756746a31637354796b34426c5a716d6157414e7659545966497676686137526141413d3d227d2c227369676e6572223a7b226b65795f6964223a22617574686f722d31222c227075626c69635f6b65795f66696e6765727072696e74223a226364353666383031353636336237623633336435383136666330636230646332222c227369676e65725f6964223a2268747470733a2f2f6f726369642e6f72672f303030302d303030322d313832352d30303937222c227369676e65725f74797065223a22617574686f72227d2c227375626a6563745f706974685f6e756d626572223a22706974683a323032343a344f584b5851345042434350484f43565a4b32504b505a544132222c22746172676574223a227265636f7264227d7d', '2026-11-27 05:56:36.495947+00', NULL);
INSERT INTO ledger.event_summary VALUES (1, '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0}', '2026-11-27 05:56:36.524852+00', '2026-11-27 05:56:36.524852+00', '\x947fd122a8498dc00de70a99c7982d816e2c5b2b9dc5119cdd1da905cbecb547', 0, 0, 0, 10);
INSERT INTO ledger.event_type VALUES (1, 'timestamp_anchor');
INSERT INTO ledger.event_type VALUES (2, 'storage_attestation');
INSERT INTO ledger.event_type VALUES (3, 'author_attestation');
INSERT INTO ledger.event_type VALUES (4, 'citation_signature');
INSERT INTO ledger.event_type VALUES (5, 'replication_record');
INSERT INTO ledger.event_type VALUES (6, 'record_created');
INSERT INTO ledger.event_type VALUES (7, 'graph_snapshot');
INSERT INTO ledger.event_type VALUES (8, 'alias_added');
INSERT INTO ledger.event_type VALUES (9, 'anchor_upgraded');
INSERT INTO ledger.event_type VALUES (10, 'check_recorded');
INSERT INTO ledger.event_type VALUES (11, 'moderation_decision');
INSERT INTO ledger.event_type VALUES (12, 'event_withdrawn');
INSERT INTO ledger.event_type VALUES (13, 'key_registered');
INSERT INTO ledger.event_type VALUES (14, 'key_vouched');
INSERT INTO ledger.event_type VALUES (15, 'key_revoked');
INSERT INTO ledger.event_type VALUES (16, 'alias_retracted');
INSERT INTO ledger.event_type VALUES (17, 'vouching_withdrawn');
INSERT INTO ledger.evidence VALUES ('\xec75ebbd4ab271a222702d0891274cf128006a00813468a89eab1b438e86ddd7', 'document', '2026-11-27 05:56:33.77911+00', '\x7b22616c6961736573223a5b7b22616c6961735f6b696e64223a226172786976222c22616c6961735f76616c7565223a22323431322e3134313634222c22637265617465645f6174223a22323032362d30352d31375432333a33383a31342e3637343437342b30303a3030227d2c7b22616c6961735f6b696e64223a2261727869765f76657273696f6e222c22616c6961735f76616c7565223a22323431322e31343136347631222c22637265617465645f6174223a22323032362d30352d31375432333a33383a31342e3637343437342b30303a3030227d2c7b22616c6961735f6b696e64223a22646f69222c22616c6961735f76616c7565223a2231302e34383535302f61727869762e323431322e3134313634222c22637265617465645f6174223a22323032362d30352d31375432333a33383a31342e3637343437342b30303a3030227d2c7b22616c6961735f6b696e64223a22706974685f73686f72745f3132222c22616c6961735f76616c7565223a22344f584b5851345042434350222c22637265617465645f6174223a22323032362d30352d31385431323a33333a33372e3538393330392b30303a3030227d2c7b22616c6961735f6b696e64223a22706974685f73686f72745f3136222c22616c6961735f76616c7565223a22344f584b5851345042434350484f4356222c22637265617465645f6174223a22323032362d30352d31385431323a33333a33372e3538393330392b30303a3030227d2c7b22616c6961735f6b696e64223a22706974685f73686f72745f38222c22616c6961735f76616c7565223a22344f584b58513450222c22637265617465645f6174223a22323032362d30352d31385431323a33333a33372e3538393330392b30303a3030227d5d2c226174746573746174696f6e5f7374617465223a22636f6d7075746564222c2263616e6f6e6963616c5f7265636f7264223a7b226d65746164617461223a7b2261627374726163745f63616e6f6e5f736861323536223a2237366466626666636631353435373162393532383535656238373761346661376535346563303464666533393134646362643034663461323031616462653537222c2263726f73735f636174735f736f72746564223a5b5d2c226c6963656e7365223a22687474703a2f2f6372656174697665636f6d6d6f6e732e6f72672f6c6963656e7365732f62792f342e302f222c227072696d6172795f636174223a2263732e4356222c227375626d69747465645f6174223a22323032342d31322d31385431383a35383a35305a222c227469746c655f63616e6f6e5f736861323536223a2232306330323532393166373765376364653339633661636336656437656265613964643361626263616132366633623939623935653236663831363161333063227d2c22736368656d615f76657273696f6e223a22312e30222c22736f75726365223a7b226964223a22323431322e3134313634222c226b696e64223a226172786976222c2276657273696f6e223a317d7d2c2263616e6f6e6963616c5f736861323536223a2265336165616263333866303838346633623835356361623466353366333330363936616433626565636265313536373761313439376430363563366338336436222c22637265617465645f6174223a22323032362d30352d31375432333a33383a31342e3637343437342b30303a3030222c226576656e745f73756d6d617279223a7b7d2c226576656e7473223a5b5d2c22666f726d616c5f63616e6f6e223a7b22616e63686f7273223a5b5d2c2265766964656e63655f636f756e74223a322c2273616d706c65223a5b5d7d2c2267726170685f736e617073686f74223a7b22617574686f725f636c61696d73223a7b22636f756e74223a302c227374726f6e675f636f756e74223a307d2c226275696c6465725f76657273696f6e223a22706974682d6e756d6265722d6275696c6465722d323032362d30352d31372d7631222c22636c61696d73223a7b22636f756e74223a342c226974656d73223a5b7b226174746573746174696f6e223a22756e636c61696d6564222c22636c61696d5f6964223a224331222c226b696e64223a227374726f6e676573745f636c61696d222c22737461747573223a226d616368696e655f657874726163746564222c2274657874223a22436c61696d204331206f6620746865207061706572227d2c7b226174746573746174696f6e223a22756e636c61696d6564222c22636c61696d5f6964223a224332222c226b696e64223a227765616b6573745f617373756d7074696f6e222c22737461747573223a226d616368696e655f657874726163746564222c2274657874223a22436c61696d204332206f6620746865207061706572227d2c7b226174746573746174696f6e223a22756e636c61696d6564222c22636c61696d5f6964223a224333222c226b696e64223a226f6e655f6c696e655f73756d6d617279222c22737461747573223a226d616368696e655f657874726163746564222c2274657874223a22436c61696d204333206f6620746865207061706572227d2c7b226174746573746174696f6e223a22756e636c61696d6564222c22636c61696d5f6964223a224334222c226b696e64223a22686561646c696e65222c22737461747573223a226d616368696e655f657874726163746564222c2274657874223a22436c61696d204334206f6620746865207061706572227d5d7d2c22666f726d616c5f63616e6f6e223a7b2265766964656e63655f636f756e74223a327d2c227061706572223a7b22617574686f72735f74657874223a2244617669642046616e2c204a69616368656e205a68752c204b6f75737475762053696e68612c204d69636861656c205261626261742c205361696e696e67205869652c205368656e6762616e6720546f6e672c2058696e6c6569204368656e2c2059616e6e204c6543756e2c2059756e79616e672058696f6e672c205a6875616e67204c6975222c2263726f73735f63617473223a5b5d2c226c6963656e7365223a22687474703a2f2f6372656174697665636f6d6d6f6e732e6f72672f6c6963656e7365732f62792f342e302f222c227072696d6172795f636174223a2263732e4356222c227375626d69747465645f6174223a22323032342d31322d31385431383a35383a35305a222c227469746c65223a224d6574614d6f7270683a204d756c74696d6f64616c20556e6465727374616e64696e6720616e642047656e65726174696f6e2076696120496e737472756374696f6e2054756e696e67227d2c227265666572656e636573223a7b22636f756e74223a3238322c22696e7465726e616c5f616e63686f7273223a33322c227265736f6c7665645f776f726b223a3238322c2273616d706c65223a5b5d7d2c22736f75726365223a7b226964223a22323431322e3134313634222c226b696e64223a226172786976222c2276657273696f6e223a317d7d2c22696e626f756e645f6369746174696f6e73223a7b22636f756e74223a32322c22696e7465726e616c5f616e63686f725f636f756e74223a32322c2273616d706c65223a5b5d7d2c227061706572223a7b22617574686f72735f74657874223a2244617669642046616e2c204a69616368656e205a68752c204b6f75737475762053696e68612c204d69636861656c205261626261742c205361696e696e67205869652c205368656e6762616e6720546f6e672c2058696e6c6569204368656e2c2059616e6e204c6543756e2c2059756e79616e672058696f6e672c205a6875616e67204c6975222c2263726f73735f63617473223a5b5d2c226c6963656e7365223a22687474703a2f2f6372656174697665636f6d6d6f6e732e6f72672f6c6963656e7365732f62792f342e302f222c227072696d6172795f636174223a2263732e4356222c227375626d69747465645f6174223a22323032342d31322d31385431383a35383a35305a222c227469746c65223a224d6574614d6f7270683a204d756c74696d6f64616c20556e6465727374616e64696e6720616e642047656e65726174696f6e2076696120496e737472756374696f6e2054756e696e67227d2c2270617065725f636c61696d73223a5b5d2c22706974685f6e756d626572223a22706974683a323032343a344f584b5851345042434350484f43565a4b32504b505a544132222c2272656365697074223a7b22616c676f726974686d223a2265643235353139222c226275696c6465725f76657273696f6e223a22706974682d6e756d6265722d6275696c6465722d323032362d30352d31372d7631222c2263616e6f6e6963616c5f736861323536223a2265336165616263333866303838346633623835356361623466353366333330363936616433626565636265313536373761313439376430363563366338336436222c2266697273745f636f6d70757465645f6174223a22323032362d30352d31375432333a33383a31342e3637343338315a222c226b65795f6964223a22706974682d76312d323032362d3035222c226b696e64223a22706974685f72656365697074222c226c6173745f72656973737565645f6174223a22323032362d30352d31375432333a33383a31342e3637343338315a222c227075626c69635f6b65795f66696e6765727072696e74223a223864346235656537346534363933626364316466323434363430386230643534222c22726563656970745f76657273696f6e223a22302e33222c227369676e61747572655f623634223a224c39354a356d2b3175447375784657517871594d6e637338514f715a464d63443042306754307a467732677959346a61514265773261466b782b6b6250692b42394853325376496c35655765787a69387447456642413d3d222c227369676e61747572655f737461747573223a227369676e65645f7631222c227369676e65645f6174223a22323032362d30352d31375432333a33383a31342e3637343937395a222c227369676e65645f6d657373616765223a2263616e6f6e6963616c5f7368613235365f6279746573227d2c227265636f72645f74797065223a22706974685f6e756d6265725f7265636f7264222c22736368656d615f75726c223a2268747470733a2f2f706974682e736369656e63652f736368656d61732f706974682d6e756d6265722f76312e6a736f6e222c22736368656d615f76657273696f6e223a22312e30222c2273686f72745f706974685f6e756d626572223a22706974683a344f584b58513450222c22736f75726365223a7b226964223a22323431322e3134313634222c226b696e64223a226172786976222c2276657273696f6e223a317d2c22757064617465645f6174223a22323032362d30352d31375432333a33383a31342e3637343437342b30303a3030227d');
INSERT INTO ledger.head VALUES (true, 11, 'pithledger/05c8615d16ddbe9b5965bf8031067c92');
INSERT INTO ledger.projection_checkpoint VALUES (true, 11);
INSERT INTO ledger.subject VALUES ('pith:2024:4OXKXQ4PBCCPHOCVZK2PKPZTA2', '4OXKXQ4PBCCPHOCVZK2PKPZTA2', 1, '\xe3aeabc38f0884f3b855cab4f53f330696ad3beecbe15677a1497d065c6c83d6', 1, true, true);
INSERT INTO ledger.tree VALUES (true, 10, '{"\\xeeaf6fabde7befe9f45d6044df7fbda81537ec884f11f3f99f2c61518a1846ac698342379b79370113088eba622c9247fb7951df1633bf6ec436e8ce6f8a26d0d0131738badb97e7566017452cf93291b57d3ffb3534d1eb980df5e2deb1abd21970318e937d34f5a43b8af306ed5c660b710d691e30961bd1f8397f6492b5485ad68fc9c4b38cddf27fc9b206ff8d67591a15bf206e5e0187adb70a2725c9b8f1568e6152692aacd330c08de6bce258e040243811ef7ee9ffbfa1248fd641e54d38a4afca1a266f89c6941b7660cd0937adadb9ff236b76b98a765512d810617be06dff134caca4caaea62a4116e7632ecc9fd526946847dec6f9addd6a9d3bc39055d0ed56bd4fb434f17700d439c7a383dd5640248c7ebcadcbd21ad38cc37b8acedf0f1ccea026867693356e65d3b40b4267410a7f9b4cba0942b7fdc047"}', 'pithledger/05c8615d16ddbe9b5965bf8031067c92+9f30bc26+AdqNcVEdYaKlBkRujI2AR/K4r4I/eJRHKhJD5Ide5cwU');
INSERT INTO ledger.verification_status VALUES (1, true, true, 0, 0, 0, NULL, 1, 0, 0, true, 282, 282, 2);
INSERT INTO pithledger.migration VALUES (1, '0001_roles_and_schema', '\x704990b36d3f5a8b13ee9c6ec0b124539d05ed601dcf73423301ac9a228f022d', '2026-11-27 05:56:32.757945+00');
INSERT INTO pithledger.migration VALUES (2, '0002_event', '\x4c2b70ae7d82121fd158c3001c793f1d9e5909f2bbbadde5d2a95cf0ff36048f', '2026-11-27 05:56:32.781969+00');
INSERT INTO pithledger.migration VALUES (3, '0003_indexes_of_the_log', '\x8906eacda2e6a2ff00f9e9c60b9fefe5d6b9acc32439546690833ff59e015599', '2026-11-27 05:56:32.847355+00');
INSERT INTO pithledger.migration VALUES (4, '0004_append_only', '\x610debedd4290493e823da379f7b0fa1cccd0e89876b9a867f907fc57430de0b', '2026-11-27 05:56:32.88009+00');
INSERT INTO pithledger.migration VALUES (5, '0005_append', '\xdfb9599991b0f6ed6ca60045f5f156c77db4ec6c3f80dd2015156ede9d3f8562', '2026-11-27 05:56:32.890103+00');
INSERT INTO pithledger.migration VALUES (6, '0006_projections', '\x171da90592513bae7c4ae86c99825c146a306621b885164cbb5dd6a4d66315d9', '2026-11-27 05:56:32.903507+00');
INSERT INTO pithledger.migration VALUES (7, '0007_views', '\xb86552a5071aa6ffea6b9347e86dddf4a0dc3e761e67f41048fe6e273016ee73', '2026-11-27 05:56:32.934389+00');
INSERT INTO pithledger.migration VALUES (8, '0008_replay', '\xa999d731e4b8a26169faa7f7b352e6e3180b9d90404b97678e6b583d54fead67', '2026-11-27 05:56:32.958186+00');
INSERT INTO pithledger.migration VALUES (9, '0009_guard_the_lookups', '\xdf0aa9cecc43774588d01c861f975adb2ddfdf84e411d7fab2072a85f1454be0', '2026-11-27 05:56:32.966313+00');
INSERT INTO pithledger.migration VALUES (10, '0010_positions_and_private_evidence', '\x3d4ef7b850dc377f55db3637d0c0b463ce636664babb5db131265de5871832d6', '2026-11-27 05:56:32.975139+00');
INSERT INTO pithledger.migration VALUES (11, '0011_append_by_set', '\x35e40d978eb066892ee6da4bef72753a91ef3b28feaaf15f794baa44a5c06943', '2026-11-27 05:56:32.985997+00');
INSERT INTO pithledger.migration VALUES (12, '0012_trust_and_erasure', '\x9894b9f4b5b79266f92e2a08b06505fb4f0139f973d662d1cb3aafc6c366e2d3', '2026-11-27 05:56:32.987683+00');
INSERT INTO pithledger.migration VALUES (13, '0013_tokens_serve_once', '\x5fda06198cf5c7a2f3055bef993aa4297990f3ac90c599c5db99c9a2ce0ad38b', '2026-11-27 05:56:33.006158+00');
INSERT INTO pithledger.migration VALUES (14, '0014_merkle_tree', '\x8787382ac724957bce9b05db4f691489821274d48d6e2350dd3d39823b60317a', '2026-11-27 05:56:33.033912+00');
INSERT INTO pithledger.migration VALUES (15, '0015_newest_documents', '\x01c30fab32d964855fb5677dc888d822de36315defa8a1a3c46a37c5d743bf9b', '2026-11-27 05:56:33.069951+00');
INSERT INTO pithledger.migration VALUES (16, '0016_append_row_by_row', '\x71e87aa0b788d436fe9e591304c77b12ca612aa55a07bca6c1dc81e09e25b913', '2026-11-27 05:56:33.083749+00');
INSERT INTO pithledger.migration VALUES (17, '0017_index_after_loading', '\x4a606de91ced7b2ebc451ee26f20149e7338ecd62f3984433880bb8c4a821045', '2026-11-27 05:56:33.086076+00');
INSERT INTO pithledger.migration VALUES (18, '0018_signers_by_position', '\x4586662be33e5d8f4e00029e9b368cc813edbae1e980d85fa3a30905e192492c', '2026-11-27 05:56:33.086892+00');
INSERT INTO pithledger.migration VALUES (19, '0019_groups_by_signer', '\x47e209c5068d39229ddc20992a52f9d99f3500bca0ade7730d3ec7f4048dc3f9', '2026-11-27 05:56:33.097912+00');
INSERT INTO pithledger.migration VALUES (20, '0020_whose_names', '\xe41441c09cca226033869dcc6f1620ea9d96106481e9720e18d1e696f3e406c6', '2026-11-27 05:56:33.10196+00');
INSERT INTO pithledger.migration VALUES (25, '0025_separate_logins', '\x7f1b0653b9d9a09cfe8d1d6fe3a66ec7cf3c32558f0b70a8d12884a49d5dbba0', '2026-11-27 05:56:33.11391+00');
INSERT INTO pithledger.migration VALUES (26, '0026_checkpoints_of_the_tree', '\x4ae89a3add15a927a24bf65d083ca09d9a4c98a4e34cb384f5e4a4aa27635978', '2026-11-27 05:56:33.146209+00');
INSERT INTO pithledger.migration VALUES (27, '0027_no_rotation_since', '\x18bdbfbb26b29d56a51ae1c87206fac7bc59a15246c618b6df6824fa2873fed3', '2026-11-27 05:56:33.150442+00');
ALTER TABLE ONLY ledger.alias
    ADD CONSTRAINT alias_pkey PRIMARY KEY (folded, kind, record);
ALTER TABLE ONLY ledger.checkpoint
    ADD CONSTRAINT checkpoint_pkey PRIMARY KEY (size);
ALTER TABLE ONLY ledger.column_rules
    ADD CONSTRAINT column_rules_pkey PRIMARY KEY (one);
ALTER TABLE ONLY ledger.cosignature
    ADD CONSTRAINT cosignature_pkey PRIMARY KEY (size, witness);
ALTER TABLE ONLY ledger.event
    ADD CONSTRAINT event_position_is_unique PRIMARY KEY ("position");
ALTER TABLE ONLY ledger.event_summary
    ADD CONSTRAINT event_summary_pkey PRIMARY KEY (record);
ALTER TABLE ONLY ledger.event_type
    ADD CONSTRAINT event_type_name_key UNIQUE (name);
ALTER TABLE ONLY ledger.event_type
    ADD CONSTRAINT event_type_pkey PRIMARY KEY (code);
ALTER TABLE ONLY ledger.evidence
    ADD CONSTRAINT evidence_pkey PRIMARY KEY (sha256);
ALTER TABLE ONLY ledger.head
    ADD CONSTRAINT head_pkey PRIMARY KEY (one);
ALTER TABLE ONLY ledger.projection_checkpoint
    ADD CONSTRAINT projection_checkpoint_pkey PRIMARY KEY (one);
ALTER TABLE ONLY ledger.storage_standing
    ADD CONSTRAINT storage_standing_pkey PRIMARY KEY (record, fold_group);
ALTER TABLE ONLY ledger.subject
    ADD CONSTRAINT subject_pkey PRIMARY KEY (pith_number);
ALTER TABLE ONLY ledger.subject
    ADD CONSTRAINT subject_record_key UNIQUE (record);
ALTER TABLE ONLY ledger.tile
    ADD CONSTRAINT tile_pkey PRIMARY KEY (level, index);
ALTER TABLE ONLY ledger.token_use
    ADD CONSTRAINT token_use_pkey PRIMARY KEY (sha256);
ALTER TABLE ONLY ledger.tree
    ADD CONSTRAINT tree_pkey PRIMARY KEY (one);
ALTER TABLE ONLY ledger.trusted_document
    ADD CONSTRAINT trusted_document_pkey PRIMARY KEY (kind, sha256);
ALTER TABLE ONLY ledger.trusted_header
    ADD CONSTRAINT trusted_header_pkey PRIMARY KEY (height);
ALTER TABLE ONLY ledger.verification_status
    ADD CONSTRAINT verification_status_pkey PRIMARY KEY (record);
ALTER TABLE ONLY pithledger.migration
    ADD CONSTRAINT migration_pkey PRIMARY KEY (number);
CREATE INDEX alias_by_record ON ledger.alias USING btree (record);
CREATE UNIQUE INDEX event_by_event_id ON ledger.event USING btree (event_id, record);
CREATE INDEX event_by_group ON ledger.event USING btree (record, fold_group, "position") WHERE (fold_group IS NOT NULL);
CREATE INDEX event_by_record ON ledger.event USING btree (record, "position");
CREATE INDEX event_document ON ledger.event USING btree (record, event_type, "position") WHERE (event_type = ANY (ARRAY[6, 7]));
CREATE INDEX event_of_signer ON ledger.event USING btree (signer_key, "position") INCLUDE (record);
CREATE INDEX event_pending_anchor ON ledger.event USING btree ("position") WHERE ((event_type = 1) AND (verdict = 2));
CREATE INDEX event_pending_claim ON ledger.event USING btree ("position") WHERE ((event_type = 3) AND (verdict = 2));
CREATE INDEX event_proven_claim ON ledger.event USING btree (record, claimant) WHERE ((event_type = 10) AND (claimant IS NOT NULL));
CREATE INDEX event_storage ON ledger.event USING btree ("position") WHERE (event_type = 2);
CREATE INDEX storage_standing_record_verified_until_idx ON ledger.storage_standing USING btree (record, verified_until);
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
CREATE TRIGGER head_only_grows BEFORE DELETE OR UPDATE ON ledger.head FOR EACH ROW EXECUTE FUNCTION ledger.refuse_shrinking();
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
REVOKE ALL ON FUNCTION ledger.append(units integer[], guards bigint[], subjects text[], records bigint[], recorded_ats timestamp with time zone[], fold_groups bigint[], target_keys bigint[], refers bigint[], valid_untils timestamp with time zone[], reference_counts integer[], resolved_works integer[], formal_evidence_counts integer[], flag_sets integer[], event_types smallint[], verdicts smallint[], event_ids bytea[], signer_keys bytea[], slots bytea[], statements bytea[], claimants bytea[], key_fingerprints bytea[], key_signer_ids text[], key_signer_types smallint[], key_ids text[], key_publics bytea[], compromised_froms bigint[], entries bytea[], created_ats timestamp with time zone[], key_names text[], canonical_sha256s bytea[], source_versions bigint[], alias_kinds text[], alias_folded text[], log_origin text) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.append(units integer[], guards bigint[], subjects text[], records bigint[], recorded_ats timestamp with time zone[], fold_groups bigint[], target_keys bigint[], refers bigint[], valid_untils timestamp with time zone[], reference_counts integer[], resolved_works integer[], formal_evidence_counts integer[], flag_sets integer[], event_types smallint[], verdicts smallint[], event_ids bytea[], signer_keys bytea[], slots bytea[], statements bytea[], claimants bytea[], key_fingerprints bytea[], key_signer_ids text[], key_signer_types smallint[], key_ids text[], key_publics bytea[], compromised_froms bigint[], entries bytea[], created_ats timestamp with time zone[], key_names text[], canonical_sha256s bytea[], source_versions bigint[], alias_kinds text[], alias_folded text[], log_origin text) TO pithledger_writer;
REVOKE ALL ON FUNCTION ledger.claim_log_key(the_key text) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.claim_log_key(the_key text) TO pithledger_signer;
REVOKE ALL ON FUNCTION ledger.corrupt_evidence() FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.corrupt_evidence() TO pithledger_admin;
REVOKE ALL ON FUNCTION ledger.create_projections(target name) FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger.define_projection_views() FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger.erase_evidence(digest bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.erase_evidence(digest bytea) TO pithledger_admin;
REVOKE ALL ON FUNCTION ledger.evidence_for_audit(digest bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.evidence_for_audit(digest bytea) TO pithledger_admin;
REVOKE ALL ON FUNCTION ledger.evidence_names(after bytea, how_many integer) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.evidence_names(after bytea, how_many integer) TO pithledger_admin;
REVOKE ALL ON FUNCTION ledger.grow_tree(old_size bigint, new_size bigint, new_edge bytea[], levels smallint[], indexes bigint[], tiles bytea[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.grow_tree(old_size bigint, new_size bigint, new_edge bytea[], levels smallint[], indexes bigint[], tiles bytea[]) TO pithledger_signer;
REVOKE ALL ON FUNCTION ledger.put_evidence(digests bytea[], kinds text[], contents bytea[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.put_evidence(digests bytea[], kinds text[], contents bytea[]) TO pithledger_writer;
REVOKE ALL ON FUNCTION ledger.record_checkpoint(the_size bigint, the_root bytea, the_note text) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.record_checkpoint(the_size bigint, the_root bytea, the_note text) TO pithledger_signer;
REVOKE ALL ON FUNCTION ledger.record_cosignature(the_size bigint, the_witness text, the_line text) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.record_cosignature(the_size bigint, the_witness text, the_line text) TO pithledger_signer;
REVOKE ALL ON FUNCTION ledger.refuse_alias_change() FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger.refuse_change() FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger.refuse_shrinking() FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger.refuse_subject_change() FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger.refuse_tree_change() FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger.replay_begin() FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.replay_begin() TO pithledger_projector;
REVOKE ALL ON FUNCTION ledger.replay_end() FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.replay_end() TO pithledger_projector;
REVOKE ALL ON FUNCTION ledger.replay_index() FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.replay_index() TO pithledger_projector;
REVOKE ALL ON FUNCTION ledger.replay_swap() FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.replay_swap() TO pithledger_projector;
REVOKE ALL ON FUNCTION ledger.require_no_rotation(since bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.require_no_rotation(since bigint) TO pithledger_writer;
REVOKE ALL ON FUNCTION ledger.spend_tokens(digests bytea[], records bigint[], event_ids bytea[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.spend_tokens(digests bytea[], records bigint[], event_ids bytea[]) TO pithledger_writer;
REVOKE ALL ON FUNCTION ledger.subtree_root(height integer, index bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger.token_to_settle(digest bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.token_to_settle(digest bytea) TO pithledger_settler;
REVOKE ALL ON FUNCTION ledger.tree_root(the_size bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger.trust_document(the_kind text, the_bytes bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.trust_document(the_kind text, the_bytes bytea) TO pithledger_admin;
REVOKE ALL ON FUNCTION ledger.trust_headers(heights bigint[], headers bytea[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.trust_headers(heights bigint[], headers bytea[]) TO pithledger_admin;
GRANT ALL ON FUNCTION ledger.trust_headers(heights bigint[], headers bytea[]) TO pithledger_settler;
REVOKE ALL ON FUNCTION ledger.untrust_document(the_kind text, the_sha256 bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.untrust_document(the_kind text, the_sha256 bytea) TO pithledger_admin;
REVOKE ALL ON FUNCTION ledger.untrust_header(the_height bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.untrust_header(the_height bigint) TO pithledger_admin;
GRANT SELECT ON TABLE ledger.alias TO pithledger_projector;
GRANT SELECT ON TABLE ledger.alias TO pithledger_reader;
GRANT SELECT ON TABLE ledger.checkpoint TO pithledger_reader;
GRANT SELECT ON TABLE ledger.column_rules TO pithledger_projector;
GRANT SELECT ON TABLE ledger.column_rules TO pithledger_reader;
GRANT SELECT ON TABLE ledger.cosignature TO pithledger_reader;
GRANT SELECT ON TABLE ledger.event TO pithledger_projector;
GRANT SELECT ON TABLE ledger.event TO pithledger_reader;
GRANT SELECT ON TABLE ledger.event_summary TO pithledger_reader;
GRANT SELECT,INSERT,DELETE,TRUNCATE,UPDATE ON TABLE ledger.event_summary TO pithledger_projector;
GRANT SELECT ON TABLE ledger.event_type TO pithledger_projector;
GRANT SELECT ON TABLE ledger.event_type TO pithledger_reader;
GRANT SELECT ON TABLE ledger.subject TO pithledger_projector;
GRANT SELECT ON TABLE ledger.subject TO pithledger_reader;
GRANT SELECT ON TABLE ledger.event_summary_view TO pithledger_projector;
GRANT SELECT ON TABLE ledger.event_summary_view TO pithledger_reader;
GRANT SELECT ON TABLE ledger.event_view TO pithledger_projector;
GRANT SELECT ON TABLE ledger.event_view TO pithledger_reader;
GRANT SELECT ON TABLE ledger.head TO pithledger_projector;
GRANT SELECT ON TABLE ledger.head TO pithledger_reader;
GRANT SELECT ON TABLE ledger.head TO pithledger_signer;
GRANT SELECT ON TABLE ledger.projection_checkpoint TO pithledger_reader;
GRANT SELECT,UPDATE ON TABLE ledger.projection_checkpoint TO pithledger_projector;
GRANT SELECT ON TABLE ledger.public_evidence TO pithledger_reader;
GRANT SELECT ON TABLE ledger.storage_standing TO pithledger_reader;
GRANT SELECT,INSERT,DELETE,TRUNCATE,UPDATE ON TABLE ledger.storage_standing TO pithledger_projector;
GRANT SELECT ON TABLE ledger.tile TO pithledger_reader;
GRANT SELECT ON TABLE ledger.token_use TO pithledger_reader;
GRANT SELECT ON TABLE ledger.tree TO pithledger_reader;
GRANT SELECT ON TABLE ledger.tree TO pithledger_signer;
GRANT SELECT ON TABLE ledger.trusted_document TO pithledger_reader;
GRANT SELECT ON TABLE ledger.trusted_header TO pithledger_reader;
GRANT SELECT ON TABLE ledger.verification_status TO pithledger_reader;
GRANT SELECT,INSERT,DELETE,TRUNCATE,UPDATE ON TABLE ledger.verification_status TO pithledger_projector;
GRANT SELECT ON TABLE ledger.verification_status_view TO pithledger_projector;
GRANT SELECT ON TABLE ledger.verification_status_view TO pithledger_reader;
GRANT SELECT ON TABLE pithledger.migration TO pithledger_reader;
