/// The templates by name.
enum TemplateFiles {
  static let all: [(name: String, bytes: [UInt8])] = [
    ("layout", PackageResources.layout_mustache),
    ("event_row", PackageResources.event_row_mustache), ("home", PackageResources.home_mustache),
  ]
}
