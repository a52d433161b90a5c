-- The names of the bits of event.flags, the lowest first. Names are only ever added at the end. The option set
-- FoldFlags of the domain has the same names and bits.
CREATE OR REPLACE FUNCTION ledger.event_flags()
RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ARRAY[
  'name_mismatch', 'content_role_counts', 'token_claim', 'bare', 'content_addressed', 'receipt_verified', 'approved',
  'provider_statement', 'elsewhere', 'name_listed', 'name_verified', 'name_differs', 'name_unknown',
  'operator_imported', 'unsettleable'];
