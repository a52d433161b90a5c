-- Replay builds the same tables beside the live ones and puts them in their place. These functions are
-- the projector's only way to create or drop a table.
CREATE FUNCTION ledger.replay_begin() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  -- What an interrupted replay left behind goes first.
  DROP SCHEMA IF EXISTS ledger_replay CASCADE;
  CREATE SCHEMA ledger_replay;
  GRANT USAGE ON SCHEMA ledger_replay TO pithledger_projector;
  PERFORM ledger.create_projections('ledger_replay');
END
$$;

CREATE FUNCTION ledger.replay_end() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  DROP SCHEMA IF EXISTS ledger_replay CASCADE;
END
$$;

CREATE FUNCTION ledger.replay_swap() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  projection text;
BEGIN
  CREATE SCHEMA ledger_old;
  FOREACH projection IN ARRAY ARRAY['verification_status', 'event_summary', 'storage_standing'] LOOP
    EXECUTE format('ALTER TABLE ledger.%I SET SCHEMA ledger_old', projection);
    EXECUTE format('ALTER TABLE ledger_replay.%I SET SCHEMA ledger', projection);
  END LOOP;
  PERFORM ledger.define_projection_views();
  DROP SCHEMA ledger_old CASCADE;
  DROP SCHEMA ledger_replay CASCADE;
END
$$;

REVOKE ALL ON FUNCTION ledger.replay_begin, ledger.replay_end, ledger.replay_swap,
  ledger.create_projections, ledger.define_projection_views FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.replay_begin, ledger.replay_end, ledger.replay_swap
  TO pithledger_projector;
