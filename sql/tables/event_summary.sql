-- Projection: how many events each record has, and the newest of them.
CREATE TABLE ledger.event_summary (
  record_position      bigint      PRIMARY KEY,
  -- Counts by attestation type and standing: number (event_type - 1) * 6 + the number of the standing.
  standing_counts      integer[]   NOT NULL,
  first_recorded_at    timestamptz,
  last_recorded_at     timestamptz,
  last_event_id        bytea,
  equivocations        integer     NOT NULL,
  pending_bare_anchors integer     NOT NULL,
  unknown_events       integer     NOT NULL,
  -- The position of the last event that the row includes.
  position             bigint      NOT NULL
);
