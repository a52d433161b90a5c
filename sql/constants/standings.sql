-- The names of the standings that an event can have, in the order in which event_summary counts them. The
-- enumeration of standings in the domain has the same names and order.
CREATE OR REPLACE FUNCTION ledger.standings()
RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ARRAY['verified', 'pending', 'rejected', 'withdrawn', 'superseded', 'revoked'];
