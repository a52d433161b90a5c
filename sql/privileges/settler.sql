-- The settler reads the tokens of pending claims, and adds block headers.
GRANT USAGE ON SCHEMA ledger TO pithledger_settler;
GRANT EXECUTE ON FUNCTION ledger.read_pending_token, ledger.trust_headers TO pithledger_settler;
