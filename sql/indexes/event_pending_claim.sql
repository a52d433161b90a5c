-- Claims whose identity token could not be checked when they were recorded.
CREATE INDEX event_pending_claim ON ledger.event (position)
WHERE event_type = ledger.event_type_code('author_attestation') AND verdict = ledger.verdict_code('pending');
