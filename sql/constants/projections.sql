-- The tables that a replay rebuilds.
CREATE OR REPLACE FUNCTION ledger.projections()
RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ARRAY['verification_status', 'event_summary', 'storage_validity', 'citation', 'record_text', 'strong_author'];
