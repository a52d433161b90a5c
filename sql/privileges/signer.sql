-- The signer writes the tree, checkpoints and cosignatures.
GRANT USAGE ON SCHEMA ledger TO pithledger_signer;
GRANT SELECT ON ledger.head, ledger.tree TO pithledger_signer;
GRANT EXECUTE ON FUNCTION ledger.grow_tree, ledger.claim_log_key, ledger.record_checkpoint, ledger.record_cosignature
  TO pithledger_signer;
