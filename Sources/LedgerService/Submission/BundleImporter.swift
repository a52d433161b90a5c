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
    let plan = try await BundlePlan(bytes)
    let document = try await importer.importDocument(
      plan.document, client: .shell, operatorAuthorised: true)
    var outcomes: [Digest: Outcome] = [:]
    try await submit(plan.submissions) { outcomes[$0.eventID] = $1 }
    return Report(document: document, items: plan.items(outcomes))
  }

  /// Submits events in their order, without the operator's authority.
  private func submit(
    _ submissions: [(event: SignedEvent, bytes: [UInt8])], _ note: (SignedEvent, Outcome) -> Void
  ) async throws {
    let (lines, continuation) = AsyncStream.makeStream(of: NumberedLine.self)
    for (index, submission) in submissions.enumerated() {
      continuation.yield(NumberedLine(number: index + 1, bytes: submission.bytes))
    }
    continuation.finish()
    for try await answer in submitter.submit(
      lines, .events, client: .shell, operatorAuthorised: false)
    {
      let event = submissions[answer.line - 1].event
      switch answer.result {
      case .success(let answer): note(event, answer.created ? .added : .known)
      case .failure(let refusal as Refusal): note(event, .refused(refusal))
      case .failure(let error): throw error
      }
    }
  }
}
