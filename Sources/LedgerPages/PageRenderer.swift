import Mustache

/// Renders pages with the templates that are embedded in the program.
public struct PageRenderer: Sendable {
  /// The name of the ledger's log, which every page shows.
  private let origin: String
  private let library: MustacheLibrary

  /// Parses the templates.
  ///
  /// - Parameter origin: the name of the ledger's log.
  ///
  /// Errors: the parser's, for a template that is not Mustache. A test renders every template.
  public init(origin: String) throws {
    self.origin = origin
    var library = MustacheLibrary()
    for (name, bytes) in TemplateFiles.all {
      try library.register(String(decoding: bytes, as: UTF8.self), named: name)
    }
    self.library = library
  }

  /// What a template sees.
  private struct Context {
    let frame: PageFrame
    let page: any Page
    let origin: String
    /// The folder of the files that a page loads.
    let assets: String
    let navigation: [NavigationLink]
  }

  private struct NavigationLink {
    let title: String
    let href: String
    let isCurrent: Bool
  }

  /// The links at the head of every page.
  private static let navigation = [
    ("Records", "/records"), ("Events", "/events"), ("Keys", "/keys"), ("Check a file", "/check"),
    ("Your key", "/your-key"),
  ]

  /// The page as HTML.
  ///
  /// Errors: `MissingTemplate` for a page without a template, which a test excludes.
  public func html(_ page: some Page) throws -> String {
    let context = Context(
      frame: page.frame, page: page, origin: origin, assets: Asset.folder,
      navigation: Self.navigation.map {
        NavigationLink(title: $0.0, href: $0.1, isCurrent: $0.1 == page.frame.section)
      })
    guard
      let html = library.render(
        TemplateValue.make(context), withTemplate: type(of: page).template)
    else {
      throw MissingTemplate(name: type(of: page).template)
    }
    return html
  }
}

/// No template has the name that a page gives.
struct MissingTemplate: Error {
  let name: String
}
