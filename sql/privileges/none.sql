-- Takes every privilege from the six logins and from everybody; the other files of this folder grant what each needs.
REVOKE ALL ON ALL TABLES IN SCHEMA ledger, pithledger FROM PUBLIC, pithledger_writer, pithledger_projector,
  pithledger_reader, pithledger_signer, pithledger_settler, pithledger_admin;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ledger FROM PUBLIC, pithledger_writer, pithledger_projector,
  pithledger_reader, pithledger_signer, pithledger_settler, pithledger_admin;
REVOKE ALL ON SCHEMA ledger, pithledger FROM PUBLIC, pithledger_writer, pithledger_projector,
  pithledger_reader, pithledger_signer, pithledger_settler, pithledger_admin;
