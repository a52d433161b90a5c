import CanonicalJSON
public import Encodings
public import LedgerDomain
import LedgerVerifier

/// Imports the bundle of a record from another ledger.
///
/// The signed attestations of the bundle pass the same checks as submissions. What the other ledger
/// verified, vouched for or decided does not travel. Specification: merging.md, section Import.
public struct BundleImporter: Sendable {
  /// What became of an event of the bundle.
  public enum Outcome: Sendable {
    /// It was appended.
    case added
    /// This log had it already.
    case known
    /// It does not travel, for this reason.
    case left(String)
    /// A check refused it.
    case refused(Refusal)
  }

  /// The result of an import.
  public struct Report: Sendable {
    /// An event of the bundle with what became of it.
    public struct Item: Sendable {
      /// The event id.
      public let eventID: Digest
      /// The type of the event.
      public let type: EventType
      /// What became of it.
      public let outcome: Outcome
    }

    /// The answer for the document or the canonical record of the bundle.
    public let document: SubmissionAnswer
    /// The registrations of keys that signed an event of the bundle, and the events about the record.
    public let items: [Item]
  }

  let importer: DocumentImporter
  let submitter: BulkSubmitter
  let documents: RecordDocuments

  /// Whether some bytes are a bundle.
  public static func isBundle(_ bytes: [UInt8]) -> Bool {
    let limits = JSONLimits(maxBytes: BundleVerification.maxBytes, maxDepth: 64)
    return (try? JSON.parse(bytes, limits: limits)).map(BundleStatements.isBundle) ?? false
  }

  /// Imports a bundle on the operator's command.
  ///
  /// Errors: a `Refusal` if the bundle cannot be read or has no record; the errors of
  /// ``DocumentImporter/importDocument(_:client:operatorAuthorised:)``.
  public func importBundle(_ bytes: [UInt8]) async throws -> Report {
    let bundle: BundleStatements
    do { bundle = try await BundleStatements(bytes, keys: []) } catch let fault as LogFault {
      throw Refusal(.malformed, check: "bundle", field: fault.place, fault.message)
    }
    let document = try await importer.importDocument(
      try record(of: bundle), client: .shell, operatorAuthorised: true)
    let events = bundle.statements.map(\.event)
    let about = events.filter { $0.body.subject == .record(bundle.pithNumber) }
    let travelling = about.filter { Self.reasonToLeave($0, bundle) == nil }
    let signers = Set(travelling.map(\.body.signer.fingerprint))
    let keys = events.filter {
      $0.body.type == .keyRegistered && signers.contains($0.body.signer.fingerprint)
    }
    var outcomes: [Digest: Outcome] = [:]
    for event in keys + about {
      if let reason = Self.reasonToLeave(event, bundle) { outcomes[event.eventID] = .left(reason) }
    }
    let sent = (keys + about).filter { outcomes[$0.eventID] == nil }
    try await submit(sent, bundle.proofs) { outcomes[$0.eventID] = $1 }
    return Report(
      document: document,
      items: (keys + about).compactMap { event in
        outcomes[event.eventID].map {
          Report.Item(eventID: event.eventID, type: event.body.type, outcome: $0)
        }
      })
  }

  /// The document of the bundle. Without one, the canonical record alone.
  private func record(of bundle: BundleStatements) throws -> RecordDocument {
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
    let document = try documents.parse(json.canonicalBytes())
    guard document.canonical.pithNumber == bundle.pithNumber else {
      throw Refusal(
        .invalid, check: "pith_number", field: "document",
        "The document is about another record than \(bundle.pithNumber).")
    }
    return document
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

  /// Submits events in their order, without the operator's authority.
  private func submit(
    _ events: [SignedEvent], _ proofs: [Digest: [UInt8]],
    _ note: (SignedEvent, Outcome) -> Void
  ) async throws {
    let (lines, continuation) = AsyncStream.makeStream(of: NumberedLine.self)
    for (index, event) in events.enumerated() {
      var json = event.json
      if let evidence = event.body.payload.evidence, let bytes = proofs[evidence] {
        json["evidence"] = .object(JSONObject([(evidence.hex, .string(Base64.encode(bytes)))]))
      }
      continuation.yield(
        NumberedLine(number: index + 1, bytes: JSON.object(json).canonicalBytes()))
    }
    continuation.finish()
    for try await answer in submitter.submit(
      lines, .events, client: .shell, operatorAuthorised: false)
    {
      let event = events[answer.line - 1]
      switch answer.result {
      case .success(let answer): note(event, answer.created ? .added : .known)
      case .failure(let refusal as Refusal): note(event, .refused(refusal))
      case .failure(let error): throw error
      }
    }
  }
}
