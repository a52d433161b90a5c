-- Evidence that everybody may read: all but identity tokens, which are personal data.
CREATE VIEW ledger.public_evidence AS
SELECT e.sha256, e.kind, e.bytes FROM ledger.evidence e WHERE e.kind <> 'identity_token';
COMMENT ON VIEW ledger.public_evidence IS 'Evidence that everybody may read: all but identity tokens, which are personal data.';
COMMENT ON COLUMN ledger.public_evidence.sha256 IS 'The SHA-256 of the bytes.';
COMMENT ON COLUMN ledger.public_evidence.kind IS 'What the bytes are: document, proof, stored_bytes, fetch_report or other.';
COMMENT ON COLUMN ledger.public_evidence.bytes IS 'The bytes.';
