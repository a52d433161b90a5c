/// A link of a record's page to another resource, with its relation.
public struct TypedLink: Sendable, Equatable {
  /// The relation.
  public let rel: String
  /// The address: visible ASCII characters without `<`, `>` and `"`.
  public let href: String
  /// The media type; `nil` if it is not stated.
  public let type: String?
  /// The title; `nil` if there is none.
  public let title: String?

  /// Makes a link.
  public init(rel: String, href: String, type: String? = nil, title: String? = nil) {
    self.rel = rel
    self.href = href
    self.type = type
    self.title = title
  }

  /// The link as a value of the header field `Link` (RFC 8288, section 3).
  public var headerValue: String {
    "<\(href)>; rel=\"\(rel)\"" + (type.map { "; type=\"\($0)\"" } ?? "")
  }
}
