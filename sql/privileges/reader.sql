-- The reader reads what is public: everything but evidence, of which it reads the public part. It also reads what a
-- process checks first, whether the database is migrated.
GRANT USAGE ON SCHEMA ledger, pithledger TO pithledger_reader;
GRANT SELECT ON pithledger.migration, pithledger.definition TO pithledger_reader;
GRANT SELECT ON ledger.event, ledger.head, ledger.subject, ledger.alias, ledger.used_token, ledger.column_rules,
  ledger.public_evidence, ledger.verification_status, ledger.event_summary, ledger.storage_validity, ledger.citation,
  ledger.record_text, ledger.strong_author, ledger.projection_offset, ledger.tile, ledger.tree, ledger.checkpoint, ledger.cosignature,
  ledger.trusted_header, ledger.trusted_document,
  ledger.verification_status_view, ledger.event_summary_view, ledger.event_view,
  ledger.record_view, ledger.key_view, ledger.citation_view, ledger.claim_view
  TO pithledger_reader;
GRANT EXECUTE ON FUNCTION ledger.naming_events TO pithledger_reader;
