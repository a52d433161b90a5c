import LedgerDomain

/// The page on which a person makes, imports, exports and registers keys of the browser.
public struct YourKeyPage: Page {
  public static let template = "your_key"
  public let frame: PageFrame
  let words = BrowserWords.json(.keyRegistered, .keyRevoked)
  /// The origin of the ledger, which a revocation names.
  let log: String
  let fields: [FormField]
  let imports: [FormField]
  let commands =
    "pithledger key generate --out you.key --id laptop --signer https://orcid.org/0000-0002-1825-0097 --type author\n"
    + "pithledger key register you.key"

  /// Makes the page.
  ///
  /// - Parameter log: the origin of the ledger.
  public init(log: String) {
    self.log = log
    var frame = PageFrame(
      title: "Your key", summary: "Make, import, export and register the key that signs for you.")
    frame.section = "/your-key"
    frame.scripts = ["your-key.js"]
    self.frame = frame
    let types = SignerType.allCases.filter { $0 != .registry }.map {
      FormField.Option(
        choice: $0.name, words: Self.words($0) + ($0.isOpen ? "" : " (the operator registers it)"))
    }
    fields = [
      .init(
        "key_id", "Your name for the key", .line(), help: "Such as: laptop 2026. It is public.",
        faults: "signer.key_id", isRequired: true),
      .init(
        "signer_id", "Who you are", .line(),
        help:
          "The address of your ORCID iD, such as https://orcid.org/0000-0002-1825-0097, another address, or a name. It is public and permanent.",
        faults: "signer.signer_id", isRequired: true),
      .init("signer_type", "You sign as", .choice(types), faults: "signer.signer_type"),
    ]
    imports = [
      .init(
        "key_file", "Key file", .file,
        help: "A file that was exported here, or made by pithledger key generate.", faults: "key",
        isRequired: true)
    ]
  }

  private static func words(_ type: SignerType) -> String {
    switch type {
    case .author: "an author of papers"
    case .replicator: "somebody who replicates results"
    case .agent: "a program that acts for somebody"
    case .moderator: "a moderator"
    case .storageProvider: "a provider of storage"
    case .registry: "the registry"
    }
  }
}
