-- The code of a signer type, as event.key_signer_type holds it. The planner replaces a call by its value.
CREATE OR REPLACE FUNCTION ledger.signer_type_code(name text)
RETURNS smallint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(array_position(ledger.signer_types(), name), ledger.unknown_constant('signer type', name))::smallint;
