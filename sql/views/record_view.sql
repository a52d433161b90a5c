-- The records with title, names and status.
CREATE VIEW ledger.record_view AS
SELECT s.pith_number, t.title, t.title_verified, t.authors, t.categories, t.submitted_at, t.source_kind, t.source_id,
  t.source_version,
  ARRAY(SELECT a.normalized FROM ledger.alias a
    WHERE a.record_position = s.record_position AND NOT a.is_retracted AND a.kind IN ('arxiv', 'doi')
    ORDER BY a.kind, a.normalized) AS names,
  s.operator_imported, s.trusted_receipt, v.strong_author_claims >= 1 AS author_attested, v.weak_author_claims,
  v.strong_author_claims, v.verified_anchors, v.citation_signatures, v.vouched_citation_signatures, v.replication_records,
  e.last_recorded_at, s.record_position AS position
FROM ledger.subject s LEFT JOIN ledger.record_text t USING (record_position)
  LEFT JOIN ledger.verification_status v USING (record_position)
  LEFT JOIN ledger.event_summary e USING (record_position);
COMMENT ON VIEW ledger.record_view IS 'The records with title, names and status.';
COMMENT ON COLUMN ledger.record_view.pith_number IS 'The Pith Number.';
COMMENT ON COLUMN ledger.record_view.title IS 'The title in the newest document. NULL if the ledger does not have the document.';
COMMENT ON COLUMN ledger.record_view.title_verified IS 'Whether the title has the digest in the canonical record.';
COMMENT ON COLUMN ledger.record_view.authors IS 'The authors in the newest document.';
COMMENT ON COLUMN ledger.record_view.categories IS 'The categories, the primary one first.';
COMMENT ON COLUMN ledger.record_view.submitted_at IS 'The time of submission in the canonical record.';
COMMENT ON COLUMN ledger.record_view.source_kind IS 'The kind of source in the canonical record, such as arxiv.';
COMMENT ON COLUMN ledger.record_view.source_id IS 'The identifier of the paper at its source.';
COMMENT ON COLUMN ledger.record_view.source_version IS 'The version of the paper at its source.';
COMMENT ON COLUMN ledger.record_view.names IS 'The arXiv ids and DOIs of the record that are not retracted.';
COMMENT ON COLUMN ledger.record_view.operator_imported IS 'Whether an operator imported the record.';
COMMENT ON COLUMN ledger.record_view.trusted_receipt IS 'Whether the record has a receipt by a trusted key.';
COMMENT ON COLUMN ledger.record_view.author_attested IS 'Whether a strong claim of authorship stands.';
COMMENT ON COLUMN ledger.record_view.weak_author_claims IS 'Authors whose standing claim is weak.';
COMMENT ON COLUMN ledger.record_view.strong_author_claims IS 'Authors whose standing claim is strong.';
COMMENT ON COLUMN ledger.record_view.verified_anchors IS 'Verified proofs of time.';
COMMENT ON COLUMN ledger.record_view.citation_signatures IS 'Signed citations by distinct signer and citing paper.';
COMMENT ON COLUMN ledger.record_view.vouched_citation_signatures IS 'Those of them by vouched signers.';
COMMENT ON COLUMN ledger.record_view.replication_records IS 'Replications that a moderator approved.';
COMMENT ON COLUMN ledger.record_view.last_recorded_at IS 'The time of the last attestation. NULL if there is none.';
COMMENT ON COLUMN ledger.record_view.position IS 'The position of the first event of the record in the log.';
