-- Six logins instead of one that may become anybody: whoever steals a connection has the rights of that login, and
-- no SET ROLE or RESET ROLE gives more.
--
--   pithledger_writer     appends events and the evidence that they name
--   pithledger_projector  writes projections
--   pithledger_reader     reads what is public
--   pithledger_signer     keeps the tree, checkpoints and cosignatures
--   pithledger_settler    settles what was pending: reads the tokens of pending claims, and adds block headers
--   pithledger_admin      reads and erases evidence of every kind, and changes what is trusted
--
-- Only the owner of the schema changes tables. Nobody gets a password here: an operator gives one, or a rule of
-- pg_hba.conf.
DO $$
DECLARE
  role_name text;
BEGIN
  FOREACH role_name IN ARRAY ARRAY['pithledger_writer', 'pithledger_projector', 'pithledger_reader',
    'pithledger_signer', 'pithledger_settler', 'pithledger_admin'] LOOP
    BEGIN
      IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
        EXECUTE format('CREATE ROLE %I', role_name);
      END IF;
      IF NOT (SELECT rolcanlogin FROM pg_roles WHERE rolname = role_name) THEN
        EXECUTE format('ALTER ROLE %I LOGIN', role_name);
      END IF;
    EXCEPTION
      WHEN duplicate_object OR unique_violation THEN NULL;
      -- Another migration of the same cluster changes the same row at this moment.
      WHEN internal_error THEN NULL;
      -- Roles that somebody else made are theirs to change.
      WHEN insufficient_privilege THEN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
          RAISE;
        END IF;
    END;
  END LOOP;
END
$$;

GRANT USAGE ON SCHEMA ledger TO pithledger_signer, pithledger_settler, pithledger_admin;
-- What a process looks at first: whether the database is migrated.
GRANT USAGE ON SCHEMA pithledger TO pithledger_reader;
GRANT SELECT ON pithledger.migration TO pithledger_reader;

-- The writer appends by functions, and reads nothing.
REVOKE ALL ON ALL TABLES IN SCHEMA ledger FROM pithledger_writer;
REVOKE EXECUTE ON FUNCTION ledger.grow_tree, ledger.claim_log_key, ledger.record_checkpoint, ledger.record_cosignature,
  ledger.corrupt_evidence, ledger.evidence_names, ledger.trust_headers, ledger.untrust_header, ledger.trust_document,
  ledger.untrust_document, ledger.evidence_for_audit, ledger.erase_evidence FROM pithledger_writer;

GRANT EXECUTE ON FUNCTION ledger.grow_tree, ledger.claim_log_key, ledger.record_checkpoint, ledger.record_cosignature
  TO pithledger_signer;
GRANT SELECT ON ledger.head, ledger.tree TO pithledger_signer;

GRANT EXECUTE ON FUNCTION ledger.corrupt_evidence, ledger.evidence_names, ledger.trust_headers, ledger.untrust_header,
  ledger.trust_document, ledger.untrust_document, ledger.evidence_for_audit, ledger.erase_evidence TO pithledger_admin;

-- The token of a claim that came before it could be checked; no other evidence.
CREATE FUNCTION ledger.token_to_settle(digest bytea)
RETURNS TABLE (bytes bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, ledger, pg_temp AS $$
  SELECT v.bytes FROM evidence v
  WHERE v.sha256 = digest AND v.kind = 'identity_token' AND EXISTS (
    SELECT FROM token_use u JOIN event e ON e.event_id = u.event_id
    WHERE u.sha256 = digest AND e.event_type = 3 AND e.verdict = 2)
$$;
REVOKE ALL ON FUNCTION ledger.token_to_settle FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.token_to_settle, ledger.trust_headers TO pithledger_settler;

-- A function is everybody's to call until that is taken back: these are called by triggers, views and other functions.
REVOKE ALL ON FUNCTION ledger.refuse_change, ledger.refuse_shrinking, ledger.refuse_subject_change,
  ledger.refuse_alias_change, ledger.refuse_tree_change FROM PUBLIC;

-- Replays make new tables, with the same rights: the writer reads none of them.
CREATE OR REPLACE FUNCTION ledger.replay_swap() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
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
