-- A replay fills its tables first and indexes them then: a sorted index costs a fraction of as many single
-- entries, and is smaller.
CREATE OR REPLACE FUNCTION ledger.replay_begin() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
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

-- What a replay calls between its load and everything else.
CREATE FUNCTION ledger.replay_index() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  ALTER TABLE ledger_replay.verification_status ADD PRIMARY KEY (record);
  ALTER TABLE ledger_replay.event_summary ADD PRIMARY KEY (record);
  ALTER TABLE ledger_replay.storage_standing ADD PRIMARY KEY (record, fold_group);
  CREATE INDEX ON ledger_replay.storage_standing (record, verified_until);
END
$$;

REVOKE ALL ON FUNCTION ledger.replay_index FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.replay_index TO pithledger_projector;
