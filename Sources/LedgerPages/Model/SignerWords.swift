import Encodings
public import LedgerDomain
import ProofFormats

/// Who signed an event, for a page.
public struct SignerWords: Sendable, Equatable {
  /// The name that the key was registered under; `the registry of this ledger` for its own key.
  public let name: String
  /// What is known about the name: whether the operator vouched for it.
  public let note: String
  /// Whether ``note`` says that somebody vouched.
  public let isVouched: Bool
  /// The page of the key.
  public let href: String
  /// The page of the author; `nil` if the name is not an ORCID iD.
  public let author: String?
  /// The first digits of the key's fingerprint.
  public let shortKey: String

  /// Describes a signer.
  ///
  /// - Parameters:
  ///   - signer: the signer, as its event names it.
  ///   - isVouched: whether a vouch of the key was in force at the event's position.
  public init(_ signer: Signer, isVouched: Bool) {
    let isRegistry = signer.signerType == .registry
    let iD = Self.iD(signer.signerID)
    name =
      isRegistry
      ? "the registry of this ledger" : iD.map { "ORCID iD \($0)" } ?? signer.signerID
    self.isVouched = isVouched || isRegistry
    note =
      isRegistry
      ? "signs for the operator"
      : isVouched
        ? "the operator vouched for the name" : "nobody vouched for the name"
    href = "/keys/\(signer.fingerprint.hex)"
    author = iD.map { "/authors/\($0)" }
    shortKey = String(signer.fingerprint.hex.prefix(8))
  }

  /// The signer of an event whose form this version does not know.
  static let unreadable = SignerWords()

  private init() {
    name = "somebody whom this version of the program cannot name"
    note = "nothing is known about the key here"
    isVouched = false
    href = "/keys"
    author = nil
    shortKey = "unknown"
  }

  /// The ORCID iD in a `signer_id`; `nil` if it is not one.
  static func iD(_ signerID: String) -> String? {
    let prefix = "https://orcid.org/"
    guard signerID.hasPrefix(prefix) else { return nil }
    let iD = String(signerID.dropFirst(prefix.count))
    return ORCID.isValid(iD) ? iD : nil
  }
}
