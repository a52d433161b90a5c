-- The administrator reads and erases evidence of every kind, and changes what is trusted.
GRANT USAGE ON SCHEMA ledger TO pithledger_admin;
GRANT EXECUTE ON FUNCTION ledger.list_corrupt_evidence, ledger.list_evidence, ledger.read_evidence,
  ledger.erase_evidence, ledger.trust_headers, ledger.untrust_header, ledger.trust_document, ledger.untrust_document
  TO pithledger_admin;
