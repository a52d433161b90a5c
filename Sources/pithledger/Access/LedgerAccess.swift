import CanonicalJSON
import Encodings
import LedgerDomain
import LedgerService
import TransparencyLog

/// A ledger as the commands use it: one that this process opens, or one that a server serves.
///
/// The answers are those of the HTTP interface. Specification: http.md. Errors: a `Refusal`.
protocol LedgerAccess: Sendable {
  // MARK: Reading

  /// The status of a record.
  ///
  /// - Parameters:
  ///   - asOf: a number of events or a time; `nil` for now.
  ///   - atLeast: the position that the projections must include.
  func status(of record: String, asOf: String?, atLeast: Position?) async throws -> JSON
  /// The statuses of several records.
  func statuses(of records: [String], atLeast: Position?) async throws -> JSON
  /// A page of a search.
  func records(_ query: ListOptions) async throws -> JSON
  /// A page of the citations of a record.
  func citations(of record: String, _ query: ListOptions) async throws -> JSON
  /// A page of replication records.
  func replications(_ query: ListOptions) async throws -> JSON
  /// A page of events.
  func events(_ list: EventList, _ query: ListOptions) async throws -> JSON
  /// An event with its standing.
  ///
  /// - Parameter name: an event id, the first digits of one, or a position.
  func event(_ name: String) async throws -> JSON
  /// All registered keys.
  func keys() async throws -> JSON
  /// A proof that an event is in the log.
  func proof(of event: String) async throws -> InclusionProof
  /// A COSE receipt that an event is in the log, with the position of the event.
  func receipt(of event: String) async throws -> (index: UInt64, bytes: [UInt8])
  /// Writes the bundle of a record in parts.
  func bundle(of record: String, _ write: ([UInt8]) throws -> Void) async throws
  /// The number of events in the log, or below it.
  func size() async throws -> Int64
  /// Writes the newest checkpoint, tiles and entries as files.
  ///
  /// - Parameter progress: called with the exported entries and the size of the checkpoint.
  func exportTiles(
    to directory: String, progress: @Sendable (TreeSize, TreeSize) -> Void
  ) async throws -> ExportReport
  /// The verifier key of the log's checkpoints, as NAME+ID+KEY; `nil` if it is not known.
  func logKey() async throws -> String?
  /// The trust configuration.
  func trusted() async throws -> JSON
  /// The verdict on a proof of time.
  func check(proof: [UInt8], of digest: Digest?) async throws -> JSON

  // MARK: Writing

  /// The digest of a record's canonical record.
  func digest(of record: String) async throws -> Digest
  /// The id of an event that a person names.
  ///
  /// - Parameter field: the argument that a refusal names.
  func eventID(_ name: String, field: String) async throws -> Digest
  /// The member by which a citation names a paper.
  func citingPaper(_ name: String) async throws -> ReferenceResolver.CitingPaper
  /// The name of the ledger in statements of authority.
  func origin() async throws -> String
  /// Signs a statement with a key of this machine, and submits it.
  func submit(_ statement: Statement, by key: KeyFile) async throws -> JSON
  /// Submits a statement that proves itself.
  func submit(bare statement: Statement) async throws -> JSON
  /// Registers a key, which signs its own registration.
  func register(_ key: KeyFile) async throws -> JSON
  /// Revokes a key: with its own signature, or with the authority of the operator.
  func revoke(
    _ fingerprint: Digest128, reason: String, compromisedFrom: Position?, key: KeyFile?
  ) async throws -> JSON
  /// Confirms that a key belongs to its `signer_id`, with the authority of the operator.
  func vouch(_ fingerprint: Digest128, as type: SignerType, name: String?) async throws -> JSON
  /// Withdraws all vouches for a key, with the authority of the operator.
  func withdrawVouching(_ fingerprint: Digest128, reason: String) async throws -> JSON
  /// A checkpoint of the whole log as a signed note. A ledger that is served elsewhere signs at its own intervals:
  /// its newest one is given.
  ///
  /// - Parameter stamp: whether to timestamp it.
  /// - Returns: the note, and the positions of new timestamps; `nil` if none were requested.
  func checkpoint(stamp: Bool) async throws -> (note: String, timestamps: [Position]?)
  /// What requests proofs of time, with the connections and limits of this machine.
  var timestampRequester: TimestampRequester { get }
  /// Imports a record document.
  func importDocument(_ bytes: [UInt8]) async throws -> JSON
  /// Imports a bundle of another ledger.
  func importBundle(_ bytes: [UInt8]) async throws -> BundleImport
  /// Imports the lines of a file: each a record document or a signed event.
  ///
  /// - Parameter each: is called with the number of each line and its answer.
  func importLines(
    _ lines: FileLines, _ each: (Int, Result<JSON, any Error>) -> Void
  ) async throws
}

/// The conditions of a list by the names of the HTTP interface, and which page of it.
struct ListOptions: Sendable {
  /// Conditions. Those without a value are left out.
  var conditions: [(name: String, value: String?)] = []
  var cursor: String?
  var from: Int64?
  var limit: Int

  /// The value of a condition.
  func value(_ name: String) -> String? { conditions.first { $0.name == name }?.value }
}

/// The events of which a command lists some.
enum EventList: Sendable {
  case log
  case record(String)
  /// Those that a key signed.
  case key(String)
}

/// The result of an import of a bundle.
struct BundleImport: Sendable {
  /// The answer for the record of the bundle.
  let document: JSON
  /// What became of the events of the bundle.
  let items: [BundleImporter.Report.Item]
}

/// What is submitted about a record.
struct Statement: Sendable {
  var type: EventType
  var payload: JSONObject
  var record: String
  var target = "record"
  var evidence: [[UInt8]] = []

  /// The evidence by its SHA-256, as a member of a submission.
  var namedEvidence: JSON {
    var named: JSONObject = [:]
    for bytes in evidence { named[Digest(hashing: bytes).hex] = .string(Base64.encode(bytes)) }
    return .object(named)
  }

  /// The bytes of an unsigned submission.
  var bareBytes: [UInt8] {
    var bare: JSONObject = ["payload": .object(payload)]
    if target != "record" { bare["target"] = .string(target) }
    if !evidence.isEmpty { bare["evidence"] = namedEvidence }
    return JSON.object(bare).canonicalBytes()
  }
}
