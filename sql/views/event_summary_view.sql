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
