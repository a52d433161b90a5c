-- Constants and names: everybody's to call, since indexes, views and statements of every login contain them.
GRANT EXECUTE ON FUNCTION ledger.unknown_constant, ledger.citation_relations, ledger.event_types, ledger.event_type_code, ledger.event_type_name,
  ledger.verdicts, ledger.verdict_code, ledger.signer_types, ledger.signer_type_code, ledger.event_flags,
  ledger.event_flag, ledger.standings, ledger.counts_by_standing, ledger.registry, ledger.projections TO PUBLIC;
