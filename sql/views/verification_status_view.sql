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
COMMENT ON VIEW ledger.verification_status_view IS 'What is verified about each record, as status.json shows it.';
COMMENT ON COLUMN ledger.verification_status_view.pith_number IS 'The record.';
COMMENT ON COLUMN ledger.verification_status_view.content_addressed IS 'Whether the canonical record has the Pith Number.';
COMMENT ON COLUMN ledger.verification_status_view.pith_receipt IS 'Whether a receipt by a trusted key was verified.';
COMMENT ON COLUMN ledger.verification_status_view.author_attested IS 'Whether a strong claim of authorship stands.';
COMMENT ON COLUMN ledger.verification_status_view.weak_author_claims IS 'Authors whose standing claim is weak.';
COMMENT ON COLUMN ledger.verification_status_view.strong_author_claims IS 'Authors whose standing claim is strong.';
COMMENT ON COLUMN ledger.verification_status_view.externally_anchored IS 'Whether a proof of time is verified.';
COMMENT ON COLUMN ledger.verification_status_view.storage_verified IS 'Whether a verified copy has not expired at this time.';
COMMENT ON COLUMN ledger.verification_status_view.citation_signatures IS 'Signed citations by distinct signer and citing paper.';
COMMENT ON COLUMN ledger.verification_status_view.replication_records IS 'Replications that a moderator approved.';
COMMENT ON COLUMN ledger.verification_status_view.graph_snapshot IS 'Whether the record has a graph snapshot.';
COMMENT ON COLUMN ledger.verification_status_view.references_resolved IS 'Whether the newest snapshot resolves every reference.';
COMMENT ON COLUMN ledger.verification_status_view.formal_links_present IS 'Whether the newest snapshot has formal evidence.';
COMMENT ON COLUMN ledger.verification_status_view.position IS 'The position of the last event that the row includes.';
