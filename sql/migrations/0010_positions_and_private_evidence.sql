-- The status view says as of which event, as DESIGN's answer does; the last column, since a view can
-- only grow at its end.
CREATE OR REPLACE FUNCTION ledger.define_projection_views() RETURNS void LANGUAGE plpgsql AS $$
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
SELECT ledger.define_projection_views();

ALTER FUNCTION ledger.replay_begin SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION ledger.replay_end SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION ledger.replay_swap SET search_path = pg_catalog, pg_temp;

-- Identity tokens are personal data: they are kept for an audit by the owner, and no role that answers
-- people can read them.
CREATE VIEW ledger.public_evidence AS
  SELECT e.sha256, e.kind, e.bytes FROM ledger.evidence e WHERE e.kind <> 'identity_token';
REVOKE SELECT ON ledger.evidence FROM pithledger_writer, pithledger_projector, pithledger_reader;
GRANT SELECT ON ledger.public_evidence TO pithledger_reader;
