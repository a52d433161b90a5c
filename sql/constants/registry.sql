-- The record position of events about keys, which belong to no record.
CREATE OR REPLACE FUNCTION ledger.registry()
RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN -1::bigint;
