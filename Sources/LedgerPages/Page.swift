public import RecordFormats

/// A page that a template renders.
///
/// A template sees the stored properties of the page by name, and `frame`.
public protocol Page: Sendable {
  /// The name of the template's file, without its ending.
  static var template: String { get }
  /// What the page has in common with others.
  var frame: PageFrame { get }
}

/// What every page has: the title, the addresses of its other forms, and the navigation.
public struct PageFrame: Sendable {
  /// The title, without the name of the ledger.
  public let title: String
  /// One sentence for search engines and previews.
  public let summary: String
  /// The page's own absolute address; `nil` for a page that no other page should name.
  public let canonicalURL: String?
  /// Other forms of the page, for `link` elements.
  public var alternates: [TypedLink] = []
  /// A JSON-LD document for the head. Its text has no `<`.
  public var linkedData: String?
  /// The modules of JavaScript that the page loads, by file name.
  public var scripts: [String] = []
  /// The part of the navigation that is current: its address.
  public var section: String?

  /// Makes a frame.
  public init(title: String, summary: String, canonicalURL: String? = nil) {
    self.title = title
    self.summary = summary
    self.canonicalURL = canonicalURL
  }
}
