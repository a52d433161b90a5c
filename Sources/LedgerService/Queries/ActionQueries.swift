import CanonicalJSON
import LedgerDomain
public import LedgerStore

/// What a form about a record is filled with.
public struct ActionFacts: Sendable {
  /// A claim that a statement can name.
  public struct Claim: Sendable {
    /// The identifier in the newest snapshot.
    public let id: String
    /// The text in the document; `nil` if the document has none for it.
    public let text: String?
  }

  /// The record.
  public let record: ResolvedRecord
  /// The title in the document; `nil` without a document.
  public let title: String?
  /// The names in the author list of the document; `nil` if they are not known.
  public let authorNames: [String]?
  /// The claims of the newest graph snapshot, at most ``maxClaims``.
  public let claims: [Claim]

  /// The largest number of claims: as many as one statement can name.
  public static let maxClaims = 256
}

/// Reads what a person needs to make a statement about a record.
public struct ActionQueries: Sendable {
  let resolver: RecordResolver
  let documents: RecordDocuments

  /// Returns what a form about a record is filled with.
  ///
  /// Errors: those of ``RecordQueries/resolve(_:)``.
  public func facts(_ name: String) async throws -> ActionFacts {
    let record = try await resolver.resolve(name).record
    let document = try await documents.document(of: record)
    return ActionFacts(
      record: record, title: document?.json["paper"]?["title"]?.stringValue,
      authorNames: document?.authorNames,
      claims: try await claims(of: record, document?.json["graph_snapshot"]?["claims"]))
  }

  private func claims(
    of record: ResolvedRecord, _ inDocument: JSON?
  ) async throws -> [ActionFacts.Claim] {
    guard let snapshot = try await documents.snapshot(of: record) else { return [] }
    var texts: [String: String] = [:]
    for item in inDocument?["items"]?.arrayValue ?? [] {
      if let id = item["claim_id"]?.stringValue { texts[id] = item["text"]?.stringValue }
    }
    let ids = try Entry(bytes: snapshot.event.entry).event.body.payloadJSON["claim_ids"]?.arrayValue
    return (ids ?? []).prefix(ActionFacts.maxClaims).compactMap(\.stringValue).map {
      ActionFacts.Claim(id: $0, text: texts[$0])
    }
  }
}
