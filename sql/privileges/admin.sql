-- The administrator reads and erases evidence of every kind, changes what is trusted, replaces rows of lookup tables
-- that differ from the log, and manages webhooks.
GRANT USAGE ON SCHEMA ledger TO pithledger_admin;
GRANT EXECUTE ON FUNCTION ledger.list_corrupt_evidence, ledger.list_evidence, ledger.read_evidence,
  ledger.erase_evidence, ledger.trust_headers, ledger.untrust_header, ledger.trust_document, ledger.untrust_document,
  ledger.replace_lookups TO pithledger_admin;
GRANT SELECT, INSERT, UPDATE, DELETE ON ledger.webhook TO pithledger_admin;
