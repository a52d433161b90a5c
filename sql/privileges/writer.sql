-- The writer appends by functions, and reads no table.
GRANT USAGE ON SCHEMA ledger TO pithledger_writer;
GRANT EXECUTE ON FUNCTION ledger.append, ledger.save_evidence, ledger.use_tokens, ledger.require_no_rotation
  TO pithledger_writer;
