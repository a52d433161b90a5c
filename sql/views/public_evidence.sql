-- Evidence that everybody may read: all but identity tokens, which are personal data.
CREATE VIEW ledger.public_evidence AS
SELECT e.sha256, e.kind, e.bytes FROM ledger.evidence e WHERE e.kind <> 'identity_token';
