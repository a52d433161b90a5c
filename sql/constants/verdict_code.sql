-- The code of a verdict, as event.verdict holds it. The planner replaces a call by its value.
CREATE OR REPLACE FUNCTION ledger.verdict_code(name text)
RETURNS smallint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(array_position(ledger.verdicts(), name), ledger.unknown_constant('verdict', name))::smallint;
