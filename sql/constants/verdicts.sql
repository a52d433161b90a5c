-- The names of the verdicts; the code of a verdict is its number in this list. Names are only ever added at the end.
-- The enumeration Verdict of the domain has the same names and codes.
CREATE OR REPLACE FUNCTION ledger.verdicts()
RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ARRAY['verified', 'pending', 'failed', 'gone', 'changed', 'erased'];
