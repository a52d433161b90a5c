-- The code of an event type, as event.event_type holds it. The planner replaces a call by its value.
CREATE OR REPLACE FUNCTION ledger.event_type_code(name text)
RETURNS smallint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(array_position(ledger.event_types(), name), ledger.unknown_constant('event type', name))::smallint;
