extension DatabaseSchema {
  /// The schema of this program.
  public static let current = DatabaseSchema(
    roles: [SQLFile("roles/logins", PackageResources.logins_sql)], schemas: schemas,
    // The earlier migrations had the numbers 1 to 27. A program of that time refuses a higher number as unknown.
    baseline: TableChange(number: 28, name: "0028_baseline", files: tables + indexes),
    constants: constants, tableChanges: tableChanges,
    definitions: functions + triggers + views + privileges, revision: 5)

  private static let schemas: [SQLFile] = [
    SQLFile("schemas/pithledger", PackageResources.pithledger_sql),
    SQLFile("schemas/ledger", PackageResources.ledger_sql),
  ]

  private static let constants: [SQLFile] = [
    SQLFile("constants/unknown_constant", PackageResources.unknown_constant_sql),
    SQLFile("constants/event_types", PackageResources.event_types_sql),
    SQLFile("constants/event_type_code", PackageResources.event_type_code_sql),
    SQLFile("constants/event_type_name", PackageResources.event_type_name_sql),
    SQLFile("constants/verdicts", PackageResources.verdicts_sql),
    SQLFile("constants/verdict_code", PackageResources.verdict_code_sql),
    SQLFile("constants/signer_types", PackageResources.signer_types_sql),
    SQLFile("constants/signer_type_code", PackageResources.signer_type_code_sql),
    SQLFile("constants/event_flags", PackageResources.event_flags_sql),
    SQLFile("constants/event_flag", PackageResources.event_flag_sql),
    SQLFile("constants/standings", PackageResources.standings_sql),
    SQLFile("constants/citation_relations", PackageResources.citation_relations_sql),
    SQLFile("constants/registry", PackageResources.registry_sql),
    SQLFile("constants/projections", PackageResources.projections_sql),
  ]

  private static let tables: [SQLFile] = [
    SQLFile("tables/migration", PackageResources.migration_sql),
    SQLFile("tables/definition", PackageResources.definition_sql),
    SQLFile("tables/event", PackageResources.event_sql),
    SQLFile("tables/head", PackageResources.head_sql),
    SQLFile("tables/subject", PackageResources.subject_sql),
    SQLFile("tables/alias", PackageResources.alias_sql),
    SQLFile("tables/evidence", PackageResources.evidence_sql),
    SQLFile("tables/used_token", PackageResources.used_token_sql),
    SQLFile("tables/column_rules", PackageResources.column_rules_sql),
    SQLFile("tables/verification_status", PackageResources.verification_status_sql),
    SQLFile("tables/event_summary", PackageResources.event_summary_sql),
    SQLFile("tables/storage_validity", PackageResources.storage_validity_sql),
    SQLFile("tables/projection_offset", PackageResources.projection_offset_sql),
    SQLFile("tables/tile", PackageResources.tile_sql),
    SQLFile("tables/tree", PackageResources.tree_sql),
    SQLFile("tables/checkpoint", PackageResources.checkpoint_sql),
    SQLFile("tables/cosignature", PackageResources.cosignature_sql),
    SQLFile("tables/trusted_header", PackageResources.trusted_header_sql),
    SQLFile("tables/trusted_document", PackageResources.trusted_document_sql),
  ]

  private static let indexes: [SQLFile] = [
    SQLFile("indexes/alias_by_record", PackageResources.alias_by_record_sql),
    SQLFile("indexes/event_by_document", PackageResources.event_by_document_sql),
    SQLFile("indexes/event_by_event_id", PackageResources.event_by_event_id_sql),
    SQLFile("indexes/event_by_group", PackageResources.event_by_group_sql),
    SQLFile("indexes/event_by_record", PackageResources.event_by_record_sql),
    SQLFile("indexes/event_by_signer", PackageResources.event_by_signer_sql),
    SQLFile("indexes/event_checked_claimant", PackageResources.event_checked_claimant_sql),
    SQLFile("indexes/event_pending_anchor", PackageResources.event_pending_anchor_sql),
    SQLFile("indexes/event_pending_claim", PackageResources.event_pending_claim_sql),
    SQLFile("indexes/event_storage", PackageResources.event_storage_sql),
    SQLFile("indexes/storage_validity_by_time", PackageResources.storage_validity_by_time_sql),
    SQLFile("indexes/subject_by_suffix", PackageResources.subject_by_suffix_sql),
  ]

  private static let tableChanges: [TableChange] = [
    TableChange(SQLFile("migrations/0029_citation", PackageResources._029_citation_sql)),
    TableChange(
      SQLFile("migrations/0030_record_search", PackageResources._030_record_search_sql)),
    TableChange(
      SQLFile("migrations/0031_analyst_indexes", PackageResources._031_analyst_indexes_sql)),
    TableChange(
      SQLFile("migrations/0032_lookup_events", PackageResources._032_lookup_events_sql)),
    TableChange(SQLFile("migrations/0033_author_claims", PackageResources._033_author_claims_sql)),
    TableChange(
      SQLFile(
        "migrations/0034_erasures",
        PackageResources._034_erasures_sql)),
    TableChange(
      SQLFile(
        "migrations/0035_record_statements",
        PackageResources._035_record_statements_sql)),
    TableChange(
      SQLFile(
        "migrations/0036_claims_by_author",
        PackageResources._036_claims_by_author_sql)),
    TableChange(SQLFile("migrations/0037_webhooks", PackageResources._037_webhooks_sql)),
  ]

  private static let functions: [SQLFile] = [
    SQLFile("functions/refuse_change", PackageResources.refuse_change_sql),
    SQLFile("functions/refuse_head_change", PackageResources.refuse_head_change_sql),
    SQLFile("functions/refuse_subject_change", PackageResources.refuse_subject_change_sql),
    SQLFile("functions/refuse_alias_change", PackageResources.refuse_alias_change_sql),
    SQLFile("functions/refuse_tree_change", PackageResources.refuse_tree_change_sql),
    SQLFile("functions/append", PackageResources.append_sql),
    SQLFile("functions/advance_projection", PackageResources.advance_projection_sql),
    SQLFile("functions/naming_events", PackageResources.naming_events_sql),
    SQLFile("functions/replace_lookups", PackageResources.replace_lookups_sql),
    SQLFile("functions/save_evidence", PackageResources.save_evidence_sql),
    SQLFile("functions/use_tokens", PackageResources.use_tokens_sql),
    SQLFile("functions/require_no_rotation", PackageResources.require_no_rotation_sql),
    SQLFile("functions/read_evidence", PackageResources.read_evidence_sql),
    SQLFile("functions/list_evidence", PackageResources.list_evidence_sql),
    SQLFile("functions/list_corrupt_evidence", PackageResources.list_corrupt_evidence_sql),
    SQLFile("functions/erase_evidence", PackageResources.erase_evidence_sql),
    SQLFile("functions/read_pending_token", PackageResources.read_pending_token_sql),
    SQLFile("functions/trust_headers", PackageResources.trust_headers_sql),
    SQLFile("functions/untrust_header", PackageResources.untrust_header_sql),
    SQLFile("functions/trust_document", PackageResources.trust_document_sql),
    SQLFile("functions/untrust_document", PackageResources.untrust_document_sql),
    SQLFile("functions/integrate_tree", PackageResources.integrate_tree_sql),
    SQLFile("functions/subtree_root", PackageResources.subtree_root_sql),
    SQLFile("functions/tree_root", PackageResources.tree_root_sql),
    SQLFile("functions/claim_log_key", PackageResources.claim_log_key_sql),
    SQLFile("functions/save_checkpoint", PackageResources.save_checkpoint_sql),
    SQLFile("functions/save_cosignature", PackageResources.save_cosignature_sql),
    SQLFile("functions/replay_begin", PackageResources.replay_begin_sql),
    SQLFile("functions/replay_index", PackageResources.replay_index_sql),
    SQLFile("functions/replay_swap", PackageResources.replay_swap_sql),
    SQLFile("functions/replay_end", PackageResources.replay_end_sql),
    SQLFile("functions/counts_by_standing", PackageResources.counts_by_standing_sql),
  ]

  private static let triggers: [SQLFile] = [
    SQLFile("triggers/alias_is_append_only", PackageResources.alias_is_append_only_sql),
    SQLFile("triggers/alias_is_never_truncated", PackageResources.alias_is_never_truncated_sql),
    SQLFile("triggers/checkpoint_is_append_only", PackageResources.checkpoint_is_append_only_sql),
    SQLFile(
      "triggers/checkpoint_is_never_truncated", PackageResources.checkpoint_is_never_truncated_sql),
    SQLFile("triggers/cosignature_is_append_only", PackageResources.cosignature_is_append_only_sql),
    SQLFile(
      "triggers/cosignature_is_never_truncated", PackageResources.cosignature_is_never_truncated_sql
    ),
    SQLFile("triggers/event_is_append_only", PackageResources.event_is_append_only_sql),
    SQLFile("triggers/event_is_never_truncated", PackageResources.event_is_never_truncated_sql),
    SQLFile("triggers/head_is_never_truncated", PackageResources.head_is_never_truncated_sql),
    SQLFile("triggers/head_only_grows", PackageResources.head_only_grows_sql),
    SQLFile("triggers/subject_is_append_only", PackageResources.subject_is_append_only_sql),
    SQLFile("triggers/subject_is_never_truncated", PackageResources.subject_is_never_truncated_sql),
    SQLFile("triggers/tile_is_append_only", PackageResources.tile_is_append_only_sql),
    SQLFile("triggers/tile_is_never_truncated", PackageResources.tile_is_never_truncated_sql),
    SQLFile("triggers/tree_is_never_truncated", PackageResources.tree_is_never_truncated_sql),
    SQLFile("triggers/tree_only_grows", PackageResources.tree_only_grows_sql),
  ]

  private static let views: [SQLFile] = [
    SQLFile("views/verification_status_view", PackageResources.verification_status_view_sql),
    SQLFile("views/event_summary_view", PackageResources.event_summary_view_sql),
    SQLFile("views/event_view", PackageResources.event_view_sql),
    SQLFile("views/stored_document", PackageResources.stored_document_sql),
    SQLFile("views/record_view", PackageResources.record_view_sql),
    SQLFile("views/key_view", PackageResources.key_view_sql),
    SQLFile("views/citation_view", PackageResources.citation_view_sql),
    SQLFile("views/claim_view", PackageResources.claim_view_sql),
    SQLFile("views/public_evidence", PackageResources.public_evidence_sql),
  ]

  private static let privileges: [SQLFile] = [
    SQLFile("privileges/none", PackageResources.none_sql),
    SQLFile("privileges/everybody", PackageResources.everybody_sql),
    SQLFile("privileges/writer", PackageResources.writer_sql),
    SQLFile("privileges/projector", PackageResources.projector_sql),
    SQLFile("privileges/reader", PackageResources.reader_sql),
    SQLFile("privileges/signer", PackageResources.signer_sql),
    SQLFile("privileges/settler", PackageResources.settler_sql),
    SQLFile("privileges/admin", PackageResources.admin_sql),
  ]
}
