-- What is verified about each record, as status.json shows it.
CREATE VIEW ledger.verification_status_view AS
SELECT s.pith_number, v.content_addressed, v.pith_receipt,
  v.strong_author_claims >= 1 AS author_attested, v.weak_author_claims, v.strong_author_claims,
  v.verified_anchors > 0 AS externally_anchored,
  coalesce(v.storage_verified_until > now(), false) AS storage_verified, v.citation_signatures,
  v.replication_records, v.graph_snapshot,
  v.reference_count > 0 AND v.resolved_work = v.reference_count AS references_resolved,
  v.formal_evidence_count > 0 AS formal_links_present, e.position
FROM ledger.verification_status v JOIN ledger.event_summary e USING (record_position)
  JOIN ledger.subject s USING (record_position);
