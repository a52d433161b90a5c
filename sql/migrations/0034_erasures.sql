-- Records of erasures, of which there are few among the checks.
CREATE INDEX event_erasure ON ledger.event (position)
WHERE event_type = ledger.event_type_code('check_recorded') AND verdict = ledger.verdict_code('erased');
