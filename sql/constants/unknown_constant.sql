-- Raises an error for a constant that does not exist, so that a misspelt name never reads as NULL.
CREATE OR REPLACE FUNCTION ledger.unknown_constant(list text, name text)
RETURNS integer LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  RAISE EXCEPTION 'there is no % "%"', list, name USING ERRCODE = 'PL030';
END
$$;
