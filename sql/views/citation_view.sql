-- The citations with their standing.
CREATE VIEW ledger.citation_view AS
SELECT s.pith_number AS cited_pith_number, c.position, 'sha256:' || encode(e.event_id, 'hex') AS event_id, e.recorded_at,
  p.payload ->> 'citing_pith_number' AS citing_pith_number, p.payload ->> 'citing_arxiv' AS citing_arxiv,
  p.payload ->> 'citing_doi' AS citing_doi, encode(c.paper, 'hex') AS citing_paper, p.payload ->> 'relation' AS relation,
  (ledger.standings())[c.standing + 1] AS standing, c.is_vouched,
  encode(e.signer_key, 'hex') AS signer, e.signer_key
FROM ledger.citation c JOIN ledger.event e USING (record_position, position) JOIN ledger.subject s USING (record_position)
  CROSS JOIN LATERAL (
    SELECT convert_from(e.entry, 'UTF8')::jsonb #> '{event,payload}' AS payload) AS p;
COMMENT ON VIEW ledger.citation_view IS 'The citations with their standing. The projector writes it, and replay rebuilds it.';
COMMENT ON COLUMN ledger.citation_view.cited_pith_number IS 'The record that is cited.';
COMMENT ON COLUMN ledger.citation_view.position IS 'The position of the citation in the log.';
COMMENT ON COLUMN ledger.citation_view.event_id IS 'The id of the citation.';
COMMENT ON COLUMN ledger.citation_view.recorded_at IS 'The time of admission, by the clock of the ledger.';
COMMENT ON COLUMN ledger.citation_view.citing_pith_number IS 'The citing paper, if the citation names it by its Pith Number.';
COMMENT ON COLUMN ledger.citation_view.citing_arxiv IS 'The citing paper, if the citation names it by its arXiv id.';
COMMENT ON COLUMN ledger.citation_view.citing_doi IS 'The citing paper, if the citation names it by its DOI.';
COMMENT ON COLUMN ledger.citation_view.citing_paper IS 'The citing paper: equal for all names of one paper. Citations of a record by one paper and signer count once.';
COMMENT ON COLUMN ledger.citation_view.relation IS 'How the paper cites the record: supports, refutes, extends, and so on.';
COMMENT ON COLUMN ledger.citation_view.standing IS 'The standing: verified counts.';
COMMENT ON COLUMN ledger.citation_view.is_vouched IS 'Whether the key was vouched for before the citation.';
COMMENT ON COLUMN ledger.citation_view.signer IS 'The fingerprint of the signing key, in hexadecimal. Filter by signer_key instead, which has an index.';
COMMENT ON COLUMN ledger.citation_view.signer_key IS 'The fingerprint of the signing key.';
