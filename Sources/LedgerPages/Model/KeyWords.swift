import Encodings
import LedgerDomain
public import LedgerService

/// A key with its standing in words.
public struct KeyWords: Sendable, Equatable {
  /// Who registered it: the name that the key was registered under.
  public let owner: String
  /// The page of the author; `nil` if the owner is not an ORCID iD.
  public let authorHref: String?
  /// The name of the key that its owner gave it.
  public let keyID: String
  /// The fingerprint.
  public let fingerprint: String
  /// The page of the key.
  public let href: String
  /// The capacity in which it is registered.
  public let capacity: String
  /// The standing.
  public let badge: Badge
  /// What the standing means.
  public let meaning: String

  /// Describes a key.
  public init(_ standing: KeyStanding) {
    let key = standing.key
    let iD = SignerWords.iD(key.signerID)
    owner =
      standing.isRegistry
      ? "the registry of this ledger" : iD.map { "ORCID iD \($0)" } ?? key.signerID
    authorHref = iD.map { "/authors/\($0)" }
    keyID = key.keyID
    fingerprint = key.fingerprint.hex
    href = "/keys/\(key.fingerprint.hex)"
    capacity = key.signerType.name.replacing("_", with: " ")
    (badge, meaning) = Self.words(standing)
  }

  private static func words(_ standing: KeyStanding) -> (Badge, String) {
    let isOfRegistry = standing.key.signerType == .registry
    switch standing.state {
    case .revoked where standing.key.compromisedFrom != nil:
      return (
        Badge("revoked", .bad),
        "The key is revoked and signs nothing any more. What it signed from some position on lost its standing."
      )
    case .revoked:
      return (
        Badge("revoked", .bad),
        "The key is revoked and signs nothing any more. What it signed before keeps its standing."
      )
    case .live where standing.isRegistry:
      return (
        Badge("key of the registry", .good),
        "The operator of this ledger signs with it: records, checks and vouches."
      )
    case .live:
      return (
        Badge("not vouched for", .wait),
        "Anybody can register a key under any name. Nobody has confirmed that this one belongs to the name."
      )
    case .vouched:
      return (
        Badge("vouched for", .good),
        "The registry of this ledger confirms that the key belongs to the name."
      )
    case .retired where isOfRegistry:
      return (Badge("replaced", .none), "A former key of the registry. Another one replaced it.")
    case .retired:
      return (
        Badge("no longer vouched for", .wait),
        "The registry confirmed the name once and took that back. What the key said while it was vouched for keeps its standing."
      )
    }
  }
}
