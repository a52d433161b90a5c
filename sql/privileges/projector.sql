-- The projector reads the log and the documents, and writes the projections.
GRANT USAGE ON SCHEMA ledger TO pithledger_projector;
GRANT SELECT ON ledger.event, ledger.head, ledger.subject, ledger.alias, ledger.column_rules,
  ledger.verification_status_view, ledger.event_summary_view, ledger.event_view TO pithledger_projector;
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON ledger.verification_status, ledger.event_summary,
  ledger.storage_validity, ledger.citation, ledger.record_text, ledger.strong_author TO pithledger_projector;
GRANT SELECT ON ledger.stored_document TO pithledger_projector;
GRANT SELECT, UPDATE ON ledger.projection_offset TO pithledger_projector;
GRANT EXECUTE ON FUNCTION ledger.advance_projection, ledger.naming_events, ledger.replay_begin, ledger.replay_index, ledger.replay_end, ledger.replay_swap
  TO pithledger_projector;
