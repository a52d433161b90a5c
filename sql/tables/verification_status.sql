-- Projection: what is verified about each record.
CREATE TABLE ledger.verification_status (
  record_position             bigint      PRIMARY KEY,
  content_addressed           boolean     NOT NULL,
  pith_receipt                boolean     NOT NULL,
  weak_author_claims          integer     NOT NULL,
  strong_author_claims        integer     NOT NULL,
  verified_anchors            integer     NOT NULL,
  storage_verified_until      timestamptz,
  citation_signatures         integer     NOT NULL,
  vouched_citation_signatures integer     NOT NULL,
  replication_records         integer     NOT NULL,
  graph_snapshot              boolean     NOT NULL,
  reference_count             integer     NOT NULL,
  resolved_work               integer     NOT NULL,
  formal_evidence_count       integer     NOT NULL
);
