import RecordFormats

/// An entry of a select element.
public struct SelectOption: Sendable, Equatable {
  /// The value that the form sends.
  public let value: String
  /// The words.
  public let label: String
  /// Whether it is chosen.
  public let isSelected: Bool

  /// Makes the entries of a select element.
  ///
  /// - Parameter chosen: the chosen value; `nil` for the first entry.
  static func all(_ entries: [(value: String, label: String)], chosen: String?) -> [SelectOption] {
    entries.map { SelectOption(value: $0.value, label: $0.label, isSelected: $0.value == chosen) }
  }
}

/// A link with its words.
public struct TextLink: Sendable, Equatable {
  /// The address.
  public let href: String
  /// The words.
  public let text: String
  /// Whether it is where the reader is.
  public let isCurrent: Bool

  /// Makes a link.
  public init(_ text: String, _ href: String, isCurrent: Bool = false) {
    self.text = text
    self.href = href
    self.isCurrent = isCurrent
  }
}

/// The links between the pages of a list. The template `pager` shows them.
public struct Pager: Sendable, Equatable {
  /// The first page; `nil` on the first page.
  public let first: String?
  /// The next page; `nil` on the last page.
  public let next: String?

  /// Makes the links.
  ///
  /// - Parameters:
  ///   - isFirst: whether this is the first page.
  ///   - next: the parameter that begins the next page; `nil` on the last page.
  init(
    _ path: String, _ items: [(name: String, value: String)], isFirst: Bool, next: (String, String)?
  ) {
    first = isFirst ? nil : Links.address(path, items)
    self.next = next.map { Links.address(path, items + [($0.0, $0.1)]) }
  }

  /// Whether there is any link.
  public var hasLinks: Bool { first != nil || next != nil }
}
