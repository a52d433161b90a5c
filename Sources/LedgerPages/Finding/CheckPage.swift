import Encodings
import LedgerDomain
public import LedgerService
import LedgerStore
import RecordFormats

/// What this ledger knows about bytes with some SHA-256, in words. The template `known_hash` shows it.
public struct KnownHashWords: Sendable {
  /// The SHA-256.
  public let sha256: String
  /// Whether nothing is known.
  public let isUnknown: Bool
  /// The records whose canonical record the bytes are.
  public let canonical: [RecordLink]
  /// Whether there are ``canonical`` records.
  public let hasCanonical: Bool
  /// The records whose document the bytes are.
  public let documents: [RecordLink]
  /// Whether there are ``documents``.
  public let hasDocuments: Bool
  /// The page of the event whose signed body the bytes are; `nil` if they are none.
  public let eventHref: String?
  /// What kind of evidence the bytes are; `nil` if they are not stored.
  public let evidence: String?
  /// The address of the evidence.
  public let evidenceHref: String
  /// Whether evidence with this SHA-256 was erased.
  public let isErased: Bool

  /// Describes what is known.
  public init(_ known: KnownHash) {
    sha256 = known.digest.hex
    isUnknown = known.isUnknown
    canonical = known.canonical.map { RecordLink($0) }
    hasCanonical = !canonical.isEmpty
    documents = known.documents.map { RecordLink($0) }
    hasDocuments = !documents.isEmpty
    eventHref = known.event.map { _ in "/events/sha256:\(known.digest.hex)" }
    evidence = known.evidence.map { evidence in
      let kind =
        switch evidence.kind {
        case "document": "a document of a record"
        case "proof": "a proof of time"
        case "stored_bytes": "a stored copy"
        case "fetch_report": "the ledger's report of a fetch"
        default: "other evidence"
        }
      return "\(kind), \(NumberWords.count(evidence.sizeBytes, "byte", "bytes"))"
    }
    evidenceHref = "/api/evidence/\(known.digest.hex)"
    isErased = known.isErased
  }
}

/// A page that checks a file in the browser, and looks a SHA-256 up.
public struct CheckPage: Page {
  public static let template = "check"
  public let frame: PageFrame
  /// The SHA-256 in the form; empty for none.
  public let sha256: String
  /// Why the SHA-256 cannot be looked up; `nil` if it can.
  public let problem: String?
  /// What is known about it; `nil` if none was asked for.
  public let known: KnownHashWords?
  /// The key that verifies the log's checkpoints; `nil` before the first one.
  public let logKey: String?
  /// The command that verifies a bundle.
  public let bundleCommand: String

  /// Makes the page.
  public init(
    frame: PageFrame, sha256: String?, problem: String?, known: KnownHash?, logKey: String?
  ) {
    var frame = frame
    frame.scripts.append("check.js")
    frame.section = "/check"
    if let known {
      frame.alternates.append(
        TypedLink(
          rel: "alternate", href: "/api/hashes/\(known.digest.hex)", type: "application/json"))
    }
    self.frame = frame
    self.sha256 = sha256 ?? ""
    self.problem = problem
    self.known = known.map { KnownHashWords($0) }
    self.logKey = logKey
    bundleCommand = "pithledger verify bundle bundle.json --log-key '\(logKey ?? "KEY")'"
  }
}
