import Mustache

/// The values of a page in the form in which templates look names up.
///
/// The template library reads a struct by reflection at each use of a name, which took most of the time of a page, and it
/// looks for a property that is `nil` in the objects around it. Here each struct is read once, and a property that is
/// `nil` hides those of the same name around it.
enum TemplateValue {
  /// The value of a property: a struct becomes a dictionary, an array an array of such values.
  static func make(_ value: Any) -> Any {
    switch value {
    case let text as String: return text
    case let flag as Bool: return flag
    case let number as Int: return number
    default: return reflected(value)
    }
  }

  private static func reflected(_ value: Any) -> Any {
    let mirror = Mirror(reflecting: value)
    switch mirror.displayStyle {
    case .optional: return mirror.children.first.map { make($0.value) } ?? Absent()
    case .collection, .set: return mirror.children.map { make($0.value) }
    case .struct, .tuple, .class:
      var members: [String: Any] = [:]
      for child in mirror.children {
        if let name = child.label { members[name] = make(child.value) }
      }
      return members
    default: return String(describing: value)
    }
  }

  /// A property that is `nil`.
  private struct Absent: MustacheCustomRenderable {
    let renderText = ""
    let isNull = true
  }
}
