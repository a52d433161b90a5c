-- The events that the lookup tables are derived from, in the order of the log: a replay reads them without the others.
-- An expression: statements that mean a smaller partial index, which name event_type itself, must not be given this one.
CREATE INDEX event_of_lookup ON ledger.event (position)
WHERE event_type + 0 IN (ledger.event_type_code('author_attestation'), ledger.event_type_code('record_created'),
  ledger.event_type_code('graph_snapshot'), ledger.event_type_code('alias_added'),
  ledger.event_type_code('event_withdrawn'), ledger.event_type_code('alias_retracted'));
