-- The name of an event type; 'unknown' for a code that this version of the schema does not have.
CREATE OR REPLACE FUNCTION ledger.event_type_name(code smallint)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce((ledger.event_types())[code], 'unknown');
