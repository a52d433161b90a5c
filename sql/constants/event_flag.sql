-- The bit of event.flags with a name. The planner replaces a call by its value.
CREATE OR REPLACE FUNCTION ledger.event_flag(name text)
RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 1 << (coalesce(array_position(ledger.event_flags(), name), ledger.unknown_constant('event flag', name)) - 1);
