-- The six logins. Each has the rights of one kind of work, given in privileges/.
--
--   pithledger_writer     appends events and stores the evidence that they name
--   pithledger_projector  writes projections
--   pithledger_reader     reads what is public
--   pithledger_signer     writes the tree, checkpoints and cosignatures
--   pithledger_settler    settles pending statements: reads tokens of pending claims, adds block headers; delivers webhooks
--   pithledger_admin      reads and erases evidence of every kind, changes what is trusted, manages webhooks
--
-- Only the owner of the schema changes tables. No login has a password here: the operator sets one, or a rule in
-- pg_hba.conf. Roles belong to the cluster, and several databases may be migrated at once: a role that another
-- migration has just created is no error.
DO $$
DECLARE
  role_name text;
BEGIN
  FOREACH role_name IN ARRAY ARRAY['pithledger_writer', 'pithledger_projector', 'pithledger_reader',
    'pithledger_signer', 'pithledger_settler', 'pithledger_admin'] LOOP
    BEGIN
      IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
        EXECUTE format('CREATE ROLE %I LOGIN', role_name);
      ELSIF NOT (SELECT rolcanlogin FROM pg_roles WHERE rolname = role_name) THEN
        EXECUTE format('ALTER ROLE %I LOGIN', role_name);
      END IF;
    EXCEPTION
      WHEN duplicate_object OR unique_violation THEN NULL;
      -- Another migration in the same cluster changes the same catalogue row at this moment.
      WHEN internal_error THEN NULL;
      -- The user who migrates may not change a role that another user created. Such a role is left as it is.
      WHEN insufficient_privilege THEN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
          RAISE;
        END IF;
    END;
  END LOOP;
END
$$;
