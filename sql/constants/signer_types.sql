-- The names of the signer types; the code of a type is its number in this list. Names are only ever added at the end.
-- The enumeration SignerType of the domain has the same names and codes.
CREATE OR REPLACE FUNCTION ledger.signer_types()
RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ARRAY['author', 'replicator', 'agent', 'moderator', 'storage_provider', 'registry'];
