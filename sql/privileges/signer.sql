-- The signer writes the tree, checkpoints and cosignatures.
GRANT USAGE ON SCHEMA ledger TO pithledger_signer;
GRANT SELECT ON ledger.head, ledger.tree TO pithledger_signer;
GRANT EXECUTE ON FUNCTION ledger.integrate_tree, ledger.claim_log_key, ledger.save_checkpoint, ledger.save_cosignature
  TO pithledger_signer;
