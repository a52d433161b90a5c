-- Three roles, so that what a connection may do is what its work needs. They belong to the cluster, and
-- several databases may be migrated at once: whoever comes second finds them there.
DO $$
DECLARE
  role_name text;
BEGIN
  FOREACH role_name IN ARRAY ARRAY['pithledger_writer', 'pithledger_projector', 'pithledger_reader'] LOOP
    BEGIN
      IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
        EXECUTE format('CREATE ROLE %I NOLOGIN', role_name);
      END IF;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
      NULL;
    END;
  END LOOP;
END
$$;

CREATE SCHEMA ledger;
GRANT USAGE ON SCHEMA ledger TO pithledger_writer, pithledger_projector, pithledger_reader;
