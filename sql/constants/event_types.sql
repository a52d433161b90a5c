-- The names of the event types; the code of a type is its number in this list. Names are only ever added at the end.
-- The enumeration EventType of the domain has the same names and codes.
CREATE OR REPLACE FUNCTION ledger.event_types()
RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ARRAY[
  'timestamp_anchor', 'storage_attestation', 'author_attestation', 'citation_signature', 'replication_record',
  'record_created', 'graph_snapshot', 'alias_added', 'anchor_upgraded', 'check_recorded',
  'moderation_decision', 'event_withdrawn', 'key_registered', 'key_vouched', 'key_revoked',
  'alias_retracted', 'vouching_withdrawn'];
