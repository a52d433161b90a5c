import LedgerDomain

/// The page to which ORCID sends a person back after the sign-in.
public struct OrcidPage: Page {
  public static let template = "orcid"
  public let frame: PageFrame
  let words = BrowserWords.json(.authorAttestation, .eventWithdrawn)

  /// Makes the page.
  public init() {
    var frame = PageFrame(
      title: "Signed in with ORCID", summary: "Sends a claim that a sign-in with ORCID proves.")
    frame.scripts = ["orcid-return.js"]
    self.frame = frame
  }
}
