-- The views that people read, one plain column per key. A function, because replay puts new tables in
-- place of the old and points the views at them.
CREATE FUNCTION ledger.bucket(buckets integer[], type integer) RETURNS jsonb IMMUTABLE LANGUAGE sql AS $$
  SELECT jsonb_build_object(
    'total', (SELECT sum(b) FROM unnest(buckets[type * 6 + 1 : type * 6 + 6]) b),
    'verified', buckets[type * 6 + 1], 'pending', buckets[type * 6 + 2],
    'rejected', buckets[type * 6 + 3], 'withdrawn', buckets[type * 6 + 4],
    'superseded', buckets[type * 6 + 5], 'revoked', buckets[type * 6 + 6])
$$;

CREATE FUNCTION ledger.define_projection_views() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  CREATE OR REPLACE VIEW ledger.verification_status_view AS
  SELECT s.pith_number, v.content_addressed, v.pith_receipt,
    v.strong_author_claims >= 1 AS author_attested, v.weak_author_claims, v.strong_author_claims,
    v.verified_anchors > 0 AS externally_anchored,
    coalesce(v.storage_verified_until > now(), false) AS storage_verified, v.citation_signatures,
    v.replication_records, v.graph_snapshot,
    v.reference_count > 0 AND v.resolved_work = v.reference_count AS references_resolved,
    v.formal_evidence_count > 0 AS formal_links_present
  FROM ledger.verification_status v JOIN ledger.subject s USING (record);

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

CREATE VIEW ledger.event_view AS
  SELECT e.position, s.pith_number, coalesce(t.name, 'unknown') AS event_type, e.recorded_at,
    'sha256:' || encode(e.event_id, 'hex') AS event_id, encode(e.signer_key, 'hex') AS signer,
    convert_from(e.entry, 'UTF8')::jsonb AS entry
  FROM ledger.event e LEFT JOIN ledger.subject s USING (record)
    LEFT JOIN ledger.event_type t ON t.code = e.event_type;

GRANT SELECT ON ledger.verification_status_view, ledger.event_summary_view, ledger.event_view
  TO pithledger_writer, pithledger_projector, pithledger_reader;
