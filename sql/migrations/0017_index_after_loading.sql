-- A replay fills its tables first and indexes them then: a sorted index costs a fraction of as many single
-- entries, and is smaller.
CREATE OR REPLACE FUNCTION ledger.create_projections(target name) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format($sql$
    CREATE TABLE %1$I.verification_status (
      record                       bigint  NOT NULL,
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
      record               bigint   NOT NULL,
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
      verified_until timestamptz NOT NULL
    );
    GRANT SELECT ON %1$I.verification_status, %1$I.event_summary, %1$I.storage_standing
      TO pithledger_writer, pithledger_reader;
    GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON %1$I.verification_status, %1$I.event_summary,
      %1$I.storage_standing TO pithledger_projector;
  $sql$, target);
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
