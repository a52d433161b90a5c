public import LedgerDomain
import RecordFormats

/// A few words with a colour that repeats what they say.
public struct Badge: Sendable, Equatable {
  /// The words.
  public let text: String
  /// The class of the style sheet: `good`, `wait`, `bad` or `none`.
  public let tone: String

  /// Makes a badge.
  public init(_ text: String, _ tone: Tone) {
    self.text = text
    self.tone = tone.rawValue
  }

  /// What the colour says: it counts, it may count later, it failed, or it does not count.
  public enum Tone: String, Sendable, CaseIterable { case good, wait, bad, none }
}

/// A standing in words.
public struct StandingWords: Sendable, Equatable {
  /// The badge.
  public let badge: Badge
  /// What the standing means, in one or two sentences.
  public let meaning: String
  /// The reason that the fold gives, as a sentence; `nil` if it gives none.
  public let reason: String?

  /// Describes the standing of an event.
  ///
  /// - Parameters:
  ///   - standing: the name of a standing, as answers give it.
  ///   - type: the type of the event.
  ///   - reason: why the standing is not higher.
  public init(_ standing: String, of type: EventType, reason: String? = nil) {
    self.reason = reason.map(Words.sentence)
    switch standing {
    case "withdrawn":
      badge = Badge("withdrawn", .none)
      meaning = "The signer or the registry took this statement back. It no longer counts."
    case "superseded":
      badge = Badge("replaced", .none)
      meaning = "A later statement of the same signer takes its place. It no longer counts."
    case "revoked":
      badge = Badge("key revoked", .bad)
      meaning = "The signing key was revoked, and this statement lost its standing with it."
    case "recorded":
      badge = Badge("recorded", .none)
      meaning = "The event is in the log. It is not an attestation, and has no standing of its own."
    case "rejected": (badge, meaning) = Self.rejected(type)
    default: (badge, meaning) = Self.live(standing, type)
    }
  }

  private static func rejected(_ type: EventType) -> (Badge, String) {
    type == .replicationRecord
      ? (
        Badge("rejected", .bad),
        "A moderator rejected this report, or its signer contradicts an earlier one. It does not count."
      )
      : (
        Badge("does not count", .bad),
        "A later check failed, or the signer contradicts an earlier statement. It does not count."
      )
  }

  private static func live(_ standing: String, _ type: EventType) -> (Badge, String) {
    switch (type, standing) {
    case (.authorAttestation, "strong"):
      (
        Badge("strong claim", .good),
        "The iD of the signer is proven, and the name that comes with it is in the author list of the paper."
      )
    case (.authorAttestation, "weak"):
      (
        Badge("weak claim", .wait),
        "Somebody signed this claim. It is not proven that the signer is the author."
      )
    case (.authorAttestation, _):
      (Badge("not checked yet", .wait), "The identity token could not be checked yet.")
    case (.timestampAnchor, "verified"):
      (
        Badge("verified", .good),
        "The proof was checked against a block of Bitcoin or a timestamp authority that the operator trusts."
      )
    case (.timestampAnchor, _):
      (
        Badge("pending", .wait),
        "The proof is well formed. Its end could not be checked yet, so it proves no time."
      )
    case (.storageAttestation, "verified"):
      (
        Badge("verified", .good),
        "The ledger hashed the bytes itself, or a vouched storage provider signed that it keeps them."
      )
    case (.storageAttestation, _):
      (Badge("pending", .wait), "It could not be checked that the location has these bytes.")
    case (.citationSignature, "verified"):
      (
        Badge("signed", .good),
        "The signature is valid. Whether the citing paper says so was not checked."
      )
    case (.replicationRecord, "approved"):
      (Badge("approved", .good), "A moderator approved this report. The ledger did not repeat it.")
    case (.replicationRecord, _):
      (Badge("awaits a moderator", .wait), "A moderator has not decided about this report yet.")
    default: (Badge(standing, .none), "")
    }
  }
}
