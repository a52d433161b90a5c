-- The settler reads the tokens of pending claims, adds block headers, and delivers events to webhooks.
GRANT USAGE ON SCHEMA ledger TO pithledger_settler;
GRANT EXECUTE ON FUNCTION ledger.read_pending_token, ledger.trust_headers TO pithledger_settler;
GRANT SELECT ON ledger.head, ledger.webhook TO pithledger_settler;
GRANT UPDATE (next_position, batch_end, pause, failures, failing_since, next_attempt_at, last_attempt_at, delivered_at,
  last_error, holder, held_until) ON ledger.webhook TO pithledger_settler;
