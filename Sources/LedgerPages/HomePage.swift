/// The first page of a ledger.
public struct HomePage: Page {
  public static let template = "home"
  public let frame: PageFrame

  /// Makes the page.
  public init(frame: PageFrame) { self.frame = frame }
}
