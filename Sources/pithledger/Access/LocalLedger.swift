import CanonicalJSON
import Encodings
import LedgerDomain
import LedgerHTTP
import LedgerService
import LedgerStore
import RecordFormats
import TransparencyLog

/// A ledger that this process opened. Commands act as its operator.
struct LocalLedger: LedgerAccess {
  let ledger: Ledger

  private var links: Links { Links(ledger.configuration) }

  func status(of record: String, asOf: String?, atLeast: Position?) async throws -> JSON {
    if let asOf {
      return try await ledger.records.status(
        record, at: LogPoint(asOf, field: "as_of"), atLeast: atLeast
      ).json
    }
    return try await ledger.records.status(record, atLeast: try await newest(atLeast)).json
  }

  func statuses(of records: [String], atLeast: Position?) async throws -> JSON {
    try await ledger.records.statuses(records, atLeast: try await newest(atLeast)).json
  }

  /// The position to wait for: events that another process has just appended are part of an answer.
  private func newest(_ asked: Position?) async throws -> Position? {
    let newest = try await ledger.health().size.end.previous
    return newest >= .first ? max(asked ?? .first, newest) : asked
  }

  func records(_ query: ListOptions) async throws -> JSON {
    try await ledger.search.page(
      RecordFilter { query.value($0) }, cursor: query.cursor, limit: query.limit
    ).json(links)
  }

  func citations(of record: String, _ query: ListOptions) async throws -> JSON {
    try await ledger.citations.page(
      record, CitationFilter { query.value($0) }, cursor: query.cursor, limit: query.limit
    ).json(links)
  }

  func replications(_ query: ListOptions) async throws -> JSON {
    try await ledger.replications.page(
      ReplicationFilter(record: query.value("record"), standing: query.value("standing")),
      cursor: query.cursor, limit: query.limit
    ).json(links)
  }

  func events(_ list: EventList, _ query: ListOptions) async throws -> JSON {
    let filter = try EventFilter(
      types: query.value("type"), signer: query.value("signer"), target: query.value("target"),
      standings: query.value("standing"), since: query.value("since"), order: query.value("order"))
    let from = query.from.map(Position.init(rawValue:))
    let page =
      switch list {
      case .log:
        try await ledger.events.page(filter, from: from, cursor: query.cursor, limit: query.limit)
      case .record(let name):
        try await ledger.events.page(
          of: name, filter, from: from, cursor: query.cursor, limit: query.limit)
      case .key(let fingerprint):
        try await ledger.events.page(
          signedBy: fingerprint, filter, from: from, cursor: query.cursor, limit: query.limit)
      }
    return try page.json(links)
  }

  func event(_ name: String) async throws -> JSON {
    try await ledger.events.event(try await eventID(name, field: "event").hex).json()
  }

  func keys() async throws -> JSON { try await ledger.keys.all().json }

  func proof(of event: String) async throws -> InclusionProof {
    try await ledger.proofs.inclusionProof(event)
  }

  func receipt(of event: String) async throws -> (index: UInt64, bytes: [UInt8]) {
    let (index, receipt) = try await ledger.proofs.inclusionReceipt(event)
    return (index, receipt.bytes)
  }

  func bundle(of record: String, _ write: ([UInt8]) throws -> Void) async throws {
    for try await chunk in try await ledger.bundles.bundle(record) { try write(chunk) }
  }

  func size() async throws -> Int64 { try await ledger.health().size.stored }

  func exportTiles(
    to directory: String, progress: @Sendable (TreeSize, TreeSize) -> Void
  ) async throws -> ExportReport {
    try await ledger.logExporter.exportTiles(to: directory, progress: progress)
  }

  func logKey() async throws -> String? { try await ledger.checkpoints.verifierKey() }

  func trusted() async throws -> JSON { try await ledger.trust.summary().json }

  func check(proof: [UInt8], of digest: Digest?) async throws -> JSON {
    try await ledger.evidenceInspector.inspect(proof, of: digest).json
  }

  func digest(of record: String) async throws -> Digest {
    try await ledger.records.resolve(record).record.canonicalSHA256
  }

  func eventID(_ name: String, field: String) async throws -> Digest {
    try await ledger.references.eventID(name, field: field)
  }

  func citingPaper(_ name: String) async throws -> ReferenceResolver.CitingPaper {
    try await ledger.references.citingPaper(name, field: "--by")
  }

  func origin() async throws -> String { ledger.origin }

  func submit(_ statement: Statement, by key: KeyFile) async throws -> JSON {
    try await ledger.signingSubmitter.submit(
      type: statement.type, payload: statement.payload, record: statement.record,
      target: statement.target, evidence: statement.evidence, key: key
    ).json
  }

  func submit(bare statement: Statement) async throws -> JSON {
    try await ledger.submitter.submit(
      statement.bareBytes, record: statement.record, action: statement.type, client: .shell,
      operatorAuthorised: true
    ).json
  }

  func register(_ key: KeyFile) async throws -> JSON {
    try await ledger.keyAdministrator.register(key).json
  }

  func revoke(
    _ fingerprint: Digest128, reason: String, compromisedFrom: Position?, key: KeyFile?
  ) async throws -> JSON {
    try await ledger.keyAdministrator.revoke(
      fingerprint, reason: reason, compromisedFrom: compromisedFrom, key: key
    ).json
  }

  func vouch(_ fingerprint: Digest128, as type: SignerType, name: String?) async throws -> JSON {
    try await ledger.keyAdministrator.vouch(fingerprint, as: type, name: name).json
  }

  func withdrawVouching(_ fingerprint: Digest128, reason: String) async throws -> JSON {
    try await ledger.keyAdministrator.withdrawVouching(fingerprint, reason: reason).json
  }

  func checkpoint(stamp: Bool) async throws -> (note: String, timestamps: [Position]?) {
    let note = try await ledger.witnesses.publishCheckpoint()
    return (note, stamp ? try await ledger.timestamper.timestampCheckpoint() : nil)
  }

  var timestampRequester: TimestampRequester { ledger.timestampRequester }

  func importDocument(_ bytes: [UInt8]) async throws -> JSON {
    try await ledger.documentImporter.importDocument(
      bytes, client: .shell, operatorAuthorised: true
    ).json
  }

  func importBundle(_ bytes: [UInt8]) async throws -> BundleImport {
    let report = try await ledger.bundleImporter.importBundle(bytes)
    return BundleImport(document: report.document.json, items: report.items)
  }

  func importLines(
    _ lines: FileLines, _ each: (Int, Result<JSON, any Error>) -> Void
  ) async throws {
    let answers = ledger.bulkSubmitter.submit(
      lines, .either, client: .shell, operatorAuthorised: true)
    for try await answer in answers { each(answer.line, answer.result.map(\.json)) }
  }
}
