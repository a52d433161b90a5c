-- The claims of authorship that name one iD, whoever signed them.
CREATE INDEX event_claim_of_author ON ledger.event (claimant, position)
WHERE event_type = ledger.event_type_code('author_attestation');
