-- Anchors that were pending when they were recorded.
CREATE INDEX event_pending_anchor ON ledger.event (position)
WHERE event_type = ledger.event_type_code('timestamp_anchor') AND verdict = ledger.verdict_code('pending');
