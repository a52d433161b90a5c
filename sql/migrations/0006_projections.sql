-- What is verified about each record: a pure function of the log, and so disposable.
CREATE FUNCTION ledger.create_projections(target name) RETURNS void LANGUAGE plpgsql AS $$
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
$$;
SELECT ledger.create_projections('ledger');

-- How far the projections are: every event below next_position is in them.
CREATE TABLE ledger.projection_checkpoint (
  one           boolean PRIMARY KEY DEFAULT true CONSTRAINT checkpoint_is_one_row CHECK (one),
  next_position bigint NOT NULL
);
INSERT INTO ledger.projection_checkpoint (next_position) VALUES (0);
GRANT SELECT ON ledger.projection_checkpoint TO pithledger_writer, pithledger_reader;
GRANT SELECT, UPDATE ON ledger.projection_checkpoint TO pithledger_projector;
