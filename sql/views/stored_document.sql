-- The documents in the store of evidence. Other bytes that equal an erased document are not the document again.
CREATE VIEW ledger.stored_document AS
SELECT e.sha256, e.bytes FROM ledger.evidence e WHERE e.kind = 'document';
COMMENT ON VIEW ledger.stored_document IS 'The documents in the store of evidence.';
COMMENT ON COLUMN ledger.stored_document.sha256 IS 'The SHA-256 of the document.';
COMMENT ON COLUMN ledger.stored_document.bytes IS 'The document.';
