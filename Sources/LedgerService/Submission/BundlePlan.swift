import CanonicalJSON
public import Encodings
public import LedgerDomain
import LedgerVerifier

/// What the import of a bundle sends to a ledger: the document of the record, and the signed events that travel.
///
/// The plan depends on the bundle only, so that a ledger elsewhere can be sent the same. Specification: merging.md,
/// section Import.
public struct BundlePlan: Sendable {
  /// The document of the bundle. Without one, the canonical record alone.
  public let document: [UInt8]
  /// The registrations of keys that signed an event of the bundle, and the events about the record.
  private let events: [SignedEvent]
  /// Why an event does not travel.
  private let left: [Digest: String]
  private let proofs: [Digest: [UInt8]]

  /// Reads a bundle.
  ///
  /// Errors: a `Refusal` if the bundle cannot be read or has no record.
  public init(_ bytes: [UInt8]) async throws {
    let bundle: BundleStatements
    do { bundle = try await BundleStatements(bytes, keys: []) } catch let fault as LogFault {
      throw Refusal(.malformed, check: "bundle", field: fault.place, fault.message)
    }
    document = try Self.document(of: bundle)
    proofs = bundle.proofs
    let all = bundle.statements.map(\.event)
    let about = all.filter { $0.body.subject == .record(bundle.pithNumber) }
    let travelling = about.filter { Self.reasonToLeave($0, bundle) == nil }
    let signers = Set(travelling.map(\.body.signer.fingerprint))
    let keys = all.filter {
      $0.body.type == .keyRegistered && signers.contains($0.body.signer.fingerprint)
    }
    events = keys + about
    var left: [Digest: String] = [:]
    for event in events {
      if let reason = Self.reasonToLeave(event, bundle) { left[event.eventID] = reason }
    }
    self.left = left
  }

  /// The events that travel in their order, each with the bytes of its submission.
  public var submissions: [(event: SignedEvent, bytes: [UInt8])] {
    events.filter { left[$0.eventID] == nil }.map { event in
      var json = event.json
      if let evidence = event.body.payload.evidence, let bytes = proofs[evidence] {
        json["evidence"] = .object(JSONObject([(evidence.hex, .string(Base64.encode(bytes)))]))
      }
      return (event, JSON.object(json).canonicalBytes())
    }
  }

  /// What became of the events of the bundle, in their order.
  ///
  /// - Parameter outcomes: what became of those that were sent. Others are left out.
  public func items(_ outcomes: [Digest: BundleImporter.Outcome]) -> [BundleImporter.Report.Item] {
    events.compactMap { event in
      let outcome = left[event.eventID].map { .left($0) } ?? outcomes[event.eventID]
      return outcome.map {
        BundleImporter.Report.Item(eventID: event.eventID, type: event.body.type, outcome: $0)
      }
    }
  }

  private static func document(of bundle: BundleStatements) throws(Refusal) -> [UInt8] {
    var json = bundle.document
    if json == nil {
      for case .recordCreated(let created) in bundle.statements.map(\.event.body.payload)
      where created.canonical.pithNumber == bundle.pithNumber {
        json = ["canonical_record": .object(created.canonical.json)]
      }
    }
    guard let json else {
      throw Refusal(
        .invalid, check: "canonical_record", field: "document", "The bundle has no record.")
    }
    let canonical = try CanonicalRecord(json["canonical_record"] ?? .null)
    guard canonical.pithNumber == bundle.pithNumber else {
      throw Refusal(
        .invalid, check: "pith_number", field: "document",
        "The document is about another record than \(bundle.pithNumber).")
    }
    return json.canonicalBytes()
  }

  /// Why an event does not travel; `nil` for one that this ledger may admit.
  private static func reasonToLeave(_ event: SignedEvent, _ bundle: BundleStatements) -> String? {
    let signer = event.body.signer
    if event.body.type == .keyRegistered {
      return signer.signerType.isOpen
        ? nil : "the operator of this ledger registers keys of the type \(signer.signerType.name)"
    }
    if signer.signerType == .registry { return "the registry of another ledger signed it" }
    guard event.body.type.isAttestation || event.body.type == .eventWithdrawn else {
      return "it is a statement of authority of another ledger"
    }
    if let evidence = event.body.payload.evidence, bundle.proofs[evidence] == nil {
      return "the bundle does not contain its evidence"
    }
    return nil
  }
}
