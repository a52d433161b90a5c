-- The names of citation.relation, from 1. Names are only ever added at the end. CitationSignature.Relation of the domain
-- has the same numbers, and the flags of an event have them in the bits 16 to 19.
CREATE OR REPLACE FUNCTION ledger.citation_relations()
RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ARRAY['supports', 'refutes', 'extends', 'uses_method', 'depends_on', 'replaces', 'compares', 'cites'];
