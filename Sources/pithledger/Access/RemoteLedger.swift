import CanonicalJSON
import Encodings
import LedgerClient
import LedgerDomain
import LedgerService
import TransparencyLog

/// A ledger that a server serves. Keys stay on this machine: what is signed is made here, and the server gets the
/// signed event.
///
/// The server does not decide what is signed. A record is named by its Pith Number or a part of it, which the answer of
/// the server must fit, and an event by its id, a part of it, or its position.
struct RemoteLedger: LedgerAccess {
  let client: LedgerClient
  /// The settings of this machine.
  let configuration: LedgerConfiguration

  // MARK: Reading

  func status(of record: String, asOf: String?, atLeast: Position?) async throws -> JSON {
    try await client.get(
      ["api", "pith-number", record, "status.json"],
      [("as_of", asOf), ("at_least", atLeast.map { "\($0)" })])
  }

  func statuses(of records: [String], atLeast: Position?) async throws -> JSON {
    try await client.get(
      ["api", "status"], records.map { ("id", $0) } + [("at_least", atLeast.map { "\($0)" })])
  }

  func records(_ query: ListOptions) async throws -> JSON {
    try await client.get(["api", "records"], Self.items(query))
  }

  func citations(of record: String, _ query: ListOptions) async throws -> JSON {
    try await client.get(["api", "pith-number", record, "citations.json"], Self.items(query))
  }

  func replications(_ query: ListOptions) async throws -> JSON {
    try await client.get(["api", "replications"], Self.items(query))
  }

  func events(_ list: EventList, _ query: ListOptions) async throws -> JSON {
    switch list {
    case .log: try await client.get(["api", "events"], Self.items(query))
    case .record(let name):
      try await client.get(["api", "pith-number", name, "events.json"], Self.items(query))
    case .key(let fingerprint):
      try await client.get(["api", "keys", fingerprint, "events"], Self.items(query))
    }
  }

  func event(_ name: String) async throws -> JSON {
    let id = try await eventID(name, field: "event")
    return try await client.get(["api", "events", id.hex])
  }

  func keys() async throws -> JSON {
    var all: [JSON] = []
    var from: Int64?
    for _ in 0..<Self.maxPages {
      let page = try await client.get(
        ["api", "keys"], [("from", from.map { "\($0)" }), ("limit", "1000")])
      let keys = page["keys"]?.arrayValue ?? []
      all += keys
      guard let last = keys.last?["registered_position"]?.integerValue,
        page["next"]?.isNull == false
      else { return ["keys": .array(all)] }
      // A server that repeats itself must not be asked for ever.
      guard last >= from ?? 0, last < JSON.maxInteger else {
        throw Self.unusable("The pages of keys are not in order.")
      }
      from = last + 1
    }
    throw Self.unusable("The server has more than \(Self.maxPages) pages of keys.")
  }

  /// The number of pages of 1000 keys after which a list is not read further.
  private static let maxPages = 1000

  func proof(of event: String) async throws -> InclusionProof {
    let bytes = try await client.bytes(["api", "proof", event])
    do { return try InclusionProof(bytes) } catch {
      throw Self.unusable("The answer is not a proof: \(error.message)")
    }
  }

  func receipt(of event: String) async throws -> (index: UInt64, bytes: [UInt8]) {
    let index = try await proof(of: event).index
    let bytes = try await client.bytes(["api", "proof", event], accept: "application/cose")
    // A tagged COSE_Sign1 message with its four elements.
    guard bytes.starts(with: [0xD2, 0x84]) else {
      throw Self.unusable("The answer is not a COSE receipt.")
    }
    return (index, bytes)
  }

  func bundle(of record: String, _ write: ([UInt8]) throws -> Void) async throws {
    let bytes = try await client.bytes(["pith", record, "bundle.json"])
    guard BundleImporter.isBundle(bytes) else {
      throw Self.unusable("The answer is not a bundle.")
    }
    try write(bytes)
  }

  func size() async throws -> Int64 {
    let page = try await client.get(["api", "events"], [("order", "desc"), ("limit", "1")])
    let last = page["events"]?.arrayValue?.first?["position"]?.integerValue ?? -1
    guard last < JSON.maxInteger else { throw Self.unusable("The log has too many events.") }
    return last + 1
  }

  func exportTiles(
    to directory: String, progress: @Sendable (TreeSize, TreeSize) -> Void
  ) async throws -> ExportReport {
    let note = try await checkpoint(stamp: false).note
    return try await LogExporter.exportTiles(of: note, to: directory, progress: progress) { path in
      let bytes = try await client.bytes(path.description.split(separator: "/").map(String.init))
      if case .hashes = path.kind, bytes.count != path.width * 32 {
        throw Self.unusable("The tile \(path) has \(bytes.count) bytes.")
      }
      return bytes
    }
  }

  func logKey() async throws -> String? { try await description()["log_key"]?.stringValue }

  private func description() async throws -> JSON {
    try await client.get([".well-known", "pith-ledger.json"])
  }

  func trusted() async throws -> JSON {
    guard
      let trust = try await client.get(["api", "admin", "status"], asOperator: true)["trust"],
      trust.objectValue != nil
    else { throw Self.unusable("The server does not state what it trusts.") }
    return trust
  }

  func check(proof: [UInt8], of digest: Digest?) async throws -> JSON {
    try await client.post(
      ["api", "evidence", "check"], [("digest", digest?.hex)], body: proof,
      type: "application/octet-stream")
  }

  private static func items(_ query: ListOptions) -> [(String, String?)] {
    query.conditions.map { ($0.name, $0.value) } + [
      ("cursor", query.cursor), ("from", query.from.map { "\($0)" }), ("limit", "\(query.limit)"),
    ]
  }

  private static func unusable(_ message: String) -> Refusal {
    Refusal(.unavailable, check: "server", message)
  }

  // MARK: What a statement names

  /// The Pith Number of a record for a statement that is signed.
  private func number(of record: String) async throws -> PithNumber {
    switch try RecordName(record) {
    case .pithNumber(let number): return number
    case .suffix(let beginning):
      let answer = try await client.get(
        ["api", "pith-number", "resolve"], [("id", record), ("json", "true")])
      guard let number = answer["pith_number"]?.stringValue.flatMap({ PithNumber($0) }),
        number.suffix.hasPrefix(beginning)
      else {
        throw Self.unusable("The server names a record whose Pith Number does not begin so.")
      }
      return number
    case .alias:
      throw Refusal(
        .malformed, check: "identifier", field: "record",
        "Name the record by its Pith Number or a short form: with --server the server decides what an arXiv id or "
          + "a DOI means, and a signature is permanent.")
    }
  }

  func digest(of record: String) async throws -> Digest {
    let number = try await number(of: record)
    let document = try await client.get(["pith", "\(number).json"])
    guard let canonical = document["canonical_record"],
      let record = try? CanonicalRecord(canonical), record.pithNumber == number
    else { throw Self.unusable("The canonical record of the server has another Pith Number.") }
    return record.digest
  }

  func eventID(_ name: String, field: String) async throws -> Digest {
    let hex = (name.hasPrefix("sha256:") ? String(name.dropFirst(7)) : name).lowercased()
    if let id = Digest(hex: hex) { return id }
    guard !name.hasPrefix("sha256:"), let position = Int64(hex), "\(position)" == hex else {
      throw Refusal(
        .malformed, check: "event_id", field: field,
        "With --server, name an event by its whole event_id or by its position.")
    }
    let page = try await client.get(
      ["api", "events"], [("from", hex), ("limit", "1")])
    guard let event = page["events"]?.arrayValue?.first,
      event["position"]?.integerValue == position
    else {
      throw Refusal(
        .notFound, check: "position", field: field, "The log has no event at \(position).")
    }
    do { return try SignedEvent(Self.signed(event)).body.eventID } catch {
      throw Self.unusable("The answer is not a signed event.")
    }
  }

  /// A listed event without what the ledger added to it.
  private static func signed(_ event: JSON) -> JSON {
    let added = ["admission", "position", "reason", "recorded_at", "signer_vouched", "standing"]
    return .object((event.objectValue ?? [:]).removing(added))
  }

  func citingPaper(_ name: String) async throws -> ReferenceResolver.CitingPaper {
    switch try RecordName(name) {
    case .pithNumber(let number):
      return .init(member: "citing_pith_number", value: number.description)
    case .suffix:
      return .init(member: "citing_pith_number", value: "\(try await number(of: name))")
    case .alias(let kinds, _):
      return .init(member: kinds == [.doi] ? "citing_doi" : "citing_arxiv", value: name)
    }
  }

  func origin() async throws -> String {
    guard let origin = try await description()["origin"]?.stringValue else {
      throw Self.unusable("The server does not state its origin.")
    }
    return origin
  }

  // MARK: Submission

  func submit(_ statement: Statement, by key: KeyFile) async throws -> JSON {
    let body = try EventBody.make(
      type: statement.type, payload: statement.payload, signer: key.signer,
      subject: .record(try await number(of: statement.record)), target: statement.target,
      createdAt: .now)
    return try await submit(body, key, statement)
  }

  private func submit(_ body: EventBody, _ key: KeyFile, _ statement: Statement?) async throws
    -> JSON
  {
    var submission = try key.key.sign(body).json
    if let statement, !statement.evidence.isEmpty {
      submission["evidence"] = statement.namedEvidence
    }
    let answer = try await client.post(
      ["api", "events"], body: JSON.object(submission).canonicalBytes())
    guard answer["event_id"]?.stringValue == "sha256:" + body.eventID.hex else {
      throw Self.otherEvent
    }
    return answer
  }

  private static let otherEvent = unusable(
    "The server answered about another event than the one it was sent.")

  func submit(bare statement: Statement) async throws -> JSON {
    try await client.post(
      ["pith", statement.record, "action", statement.type.name], body: statement.bareBytes)
  }

  func register(_ key: KeyFile) async throws -> JSON {
    let body = try EventBody.make(
      type: .keyRegistered, payload: key.registration, signer: key.signer, subject: .registry,
      target: "key:\(key.signer.fingerprint.hex)", createdAt: .now)
    return try await submit(body, key, nil)
  }

  func revoke(
    _ fingerprint: Digest128, reason: String, compromisedFrom: Position?, key: KeyFile?
  ) async throws -> JSON {
    guard let key else {
      return try await administer(
        fingerprint, "revoke",
        [
          "compromised_from_position": compromisedFrom.map { .integer($0.rawValue) },
          "reason": .string(reason),
        ])
    }
    let payload = KeyAdministrator.revocation(
      of: fingerprint, reason: reason, compromisedFrom: compromisedFrom, origin: try await origin())
    let body = try EventBody.make(
      type: .keyRevoked, payload: payload, signer: key.signer, subject: .registry,
      target: "key:\(fingerprint.hex)", createdAt: .now)
    return try await submit(body, key, nil)
  }

  func vouch(_ fingerprint: Digest128, as type: SignerType, name: String?) async throws -> JSON {
    try await administer(
      fingerprint, "vouch", ["as": .string(type.name), "name": name.map { .string($0) }])
  }

  func withdrawVouching(_ fingerprint: Digest128, reason: String) async throws -> JSON {
    try await administer(fingerprint, "unvouch", ["reason": .string(reason)])
  }

  /// Sends a command of the operator about a key, which the registry of the ledger signs.
  private func administer(
    _ fingerprint: Digest128, _ command: String, _ members: [String: JSON?]
  ) async throws -> JSON {
    let body = JSONObject(members.compactMap { name, value in value.map { (name, $0) } })
    return try await client.post(
      ["api", "admin", "keys", fingerprint.hex, command],
      body: JSON.object(body).canonicalBytes())
  }

  func checkpoint(stamp: Bool) async throws -> (note: String, timestamps: [Position]?) {
    guard !stamp else {
      throw Refusal(
        .malformed, check: "server", field: "--stamp",
        "The ledger requests and signs timestamps of its checkpoints itself. Run this on its machine."
      )
    }
    let note = String(decoding: try await client.bytes(["checkpoint"]), as: UTF8.self)
    do { _ = try Checkpoint(text: SignedNote(note).text) } catch {
      throw Self.unusable("The answer is not a checkpoint.")
    }
    return (note, nil)
  }

  var timestampRequester: TimestampRequester { TimestampRequester(configuration) }

  func importDocument(_ bytes: [UInt8]) async throws -> JSON {
    try await client.post(["api", "records"], body: bytes)
  }

  /// The operator's token goes with the document only: what is in a bundle has no authority.
  func importBundle(_ bytes: [UInt8]) async throws -> BundleImport {
    let plan = try await BundlePlan(bytes)
    let document = try await importDocument(plan.document)
    var outcomes: [Digest: BundleImporter.Outcome] = [:]
    for (event, submission) in plan.submissions {
      do {
        let answer = try await client.post(["api", "events"], body: submission, asOperator: false)
        guard answer["event_id"]?.stringValue == "sha256:" + event.eventID.hex else {
          throw Self.otherEvent
        }
        outcomes[event.eventID] = answer["created"] == true ? .added : .known
      } catch let refusal as Refusal where refusal.code != .unavailable {
        outcomes[event.eventID] = .refused(refusal)
      }
    }
    return BundleImport(document: document, items: plan.items(outcomes))
  }

  /// Sends one line after the other. A server that cannot be reached ends the import.
  func importLines(
    _ lines: FileLines, _ each: (Int, Result<JSON, any Error>) -> Void
  ) async throws {
    for try await line in lines {
      let limits = JSONLimits(maxBytes: max(1, line.bytes.count), maxDepth: 64)
      let isEvent = (try? JSON.parse(line.bytes, limits: limits))?["event_type"] != nil
      do {
        let answer = try await client.post(
          ["api", isEvent ? "events" : "records"], body: line.bytes)
        each(line.number, .success(answer))
      } catch let refusal as Refusal where refusal.code != .unavailable {
        each(line.number, .failure(refusal))
      }
    }
  }
}
