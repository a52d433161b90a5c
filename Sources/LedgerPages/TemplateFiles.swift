/// The templates by name.
enum TemplateFiles {
  static let all: [(name: String, bytes: [UInt8])] =
    [
      ("layout", PackageResources.layout_mustache),
      ("citations", PackageResources.citations_mustache),
      ("record_events", PackageResources.record_events_mustache),
      ("citation_row", PackageResources.citation_row_mustache),
      ("record", PackageResources.record_mustache),
      ("event_row", PackageResources.event_row_mustache),
    ] + finding + acting

  /// The templates of the pages that find things.
  private static let finding: [(name: String, bytes: [UInt8])] = [
    ("home", PackageResources.home_mustache), ("search", PackageResources.search_mustache),
    ("records", PackageResources.records_mustache),
    ("record_row", PackageResources.record_row_mustache),
    ("author", PackageResources.author_mustache), ("keys", PackageResources.keys_mustache),
    ("key", PackageResources.key_mustache), ("event_list", PackageResources.event_list_mustache),
    ("event", PackageResources.event_mustache), ("check", PackageResources.check_mustache),
    ("error", PackageResources.error_mustache), ("pager", PackageResources.pager_mustache),
    ("known_hash", PackageResources.known_hash_mustache),
    ("problem", PackageResources.problem_mustache),
  ]

  /// The templates of forms, and of the pages on which people act.
  private static let acting: [(name: String, bytes: [UInt8])] = [
    ("field", PackageResources.field_mustache),
    ("signing_key", PackageResources.signing_key_mustache),
    ("action", PackageResources.action_mustache), ("orcid", PackageResources.orcid_mustache),
    ("your_key", PackageResources.your_key_mustache), ("admin", PackageResources.admin_mustache),
  ]
}
