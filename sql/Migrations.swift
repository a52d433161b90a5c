/// One step of the schema, applied once and never changed afterwards.
public struct Migration: Sendable {
  public let number: Int
  /// The file's name without its ending.
  public let name: String
  public let sql: String

  init(_ name: String, _ bytes: [UInt8]) {
    number = Int(name.prefix(4)) ?? 0
    self.name = name
    sql = String(decoding: bytes, as: UTF8.self)
  }
}

/// All steps in order, embedded in the program so that it needs no files beside it.
public enum Migrations {
  public static let all: [Migration] = [
    Migration("0001_roles_and_schema", PackageResources._001_roles_and_schema_sql),
    Migration("0002_event", PackageResources._002_event_sql),
    Migration("0003_indexes_of_the_log", PackageResources._003_indexes_of_the_log_sql),
    Migration("0004_append_only", PackageResources._004_append_only_sql),
    Migration("0005_append", PackageResources._005_append_sql),
    Migration("0006_projections", PackageResources._006_projections_sql),
    Migration("0007_views", PackageResources._007_views_sql),
    Migration("0008_replay", PackageResources._008_replay_sql),
    Migration("0009_guard_the_lookups", PackageResources._009_guard_the_lookups_sql),
    Migration(
      "0010_positions_and_private_evidence",
      PackageResources._010_positions_and_private_evidence_sql),
    Migration("0011_append_by_set", PackageResources._011_append_by_set_sql),
    Migration("0012_trust_and_erasure", PackageResources._012_trust_and_erasure_sql),
    Migration("0013_tokens_serve_once", PackageResources._013_tokens_serve_once_sql),
    Migration("0014_merkle_tree", PackageResources._014_merkle_tree_sql),
    Migration("0015_newest_documents", PackageResources._015_newest_documents_sql),
    Migration("0016_append_row_by_row", PackageResources._016_append_row_by_row_sql),
    Migration("0017_index_after_loading", PackageResources._017_index_after_loading_sql),
    Migration("0018_signers_by_position", PackageResources._018_signers_by_position_sql),
    Migration("0019_groups_by_signer", PackageResources._019_groups_by_signer_sql),
    Migration("0020_whose_names", PackageResources._020_whose_names_sql),
    Migration("0025_separate_logins", PackageResources._025_separate_logins_sql),
    Migration("0026_checkpoints_of_the_tree", PackageResources._026_checkpoints_of_the_tree_sql),
    Migration("0027_no_rotation_since", PackageResources._027_no_rotation_since_sql),
  ]
}
