/// The templates by name.
enum TemplateFiles {
  static let all: [(name: String, bytes: [UInt8])] = [
    ("layout", PackageResources.layout_mustache),
    ("citations", PackageResources.citations_mustache),
    ("record_events", PackageResources.record_events_mustache),
    ("citation_row", PackageResources.citation_row_mustache),
    ("record", PackageResources.record_mustache),
    ("event_row", PackageResources.event_row_mustache), ("home", PackageResources.home_mustache),
  ]
}
