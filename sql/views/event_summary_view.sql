-- How many events each record has, as status.json shows it.
CREATE VIEW ledger.event_summary_view AS
SELECT s.pith_number, (SELECT sum(b) FROM unnest(e.standing_counts) b) AS total,
  (SELECT coalesce(jsonb_object_agg(t.name, t.counts), '{}')
    FROM (SELECT n.name, ledger.counts_by_standing(e.standing_counts, n.code::integer) AS counts
        FROM unnest(ledger.event_types()) WITH ORDINALITY AS n (name, code)
        WHERE n.code <= cardinality(e.standing_counts) / cardinality(ledger.standings())) AS t
    WHERE (t.counts ->> 'total')::bigint > 0) AS by_type,
  e.first_recorded_at, e.last_recorded_at, 'sha256:' || encode(e.last_event_id, 'hex') AS last_event_id,
  e.equivocations, e.position
FROM ledger.event_summary e JOIN ledger.subject s USING (record_position);
COMMENT ON VIEW ledger.event_summary_view IS 'How many events each record has, as status.json shows it.';
COMMENT ON COLUMN ledger.event_summary_view.pith_number IS 'The record.';
COMMENT ON COLUMN ledger.event_summary_view.total IS 'The number of attestations.';
COMMENT ON COLUMN ledger.event_summary_view.by_type IS 'The numbers by type of attestation and standing.';
COMMENT ON COLUMN ledger.event_summary_view.first_recorded_at IS 'The time of the first attestation.';
COMMENT ON COLUMN ledger.event_summary_view.last_recorded_at IS 'The time of the last attestation.';
COMMENT ON COLUMN ledger.event_summary_view.last_event_id IS 'The id of the last attestation.';
COMMENT ON COLUMN ledger.event_summary_view.equivocations IS 'The number of slots whose live statements contradict each other.';
COMMENT ON COLUMN ledger.event_summary_view.position IS 'The position of the last event that the row includes.';
