-- Checks that proved a claimant. They link the fold groups of one person.
CREATE INDEX event_checked_claimant ON ledger.event (record_position, claimant)
WHERE event_type = ledger.event_type_code('check_recorded') AND claimant IS NOT NULL;
