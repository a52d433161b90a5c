import Encodings
import LedgerDomain
import Logging
import SafeHTTPClient
import Synchronization
import TestSupport
import TransparencyLog

@testable import LedgerService
@testable import LedgerStore

// The fakes of what components use, for tests without a database and a network.

/// A logger that discards its messages.
let silentLogger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// An error that is none of the errors that components know.
struct FakeFailure: Error {}

/// A clock that a test moves.
final class FakeClock: Sendable {
  private let time: Mutex<Timestamp>

  init(_ time: Timestamp) { self.time = Mutex(time) }

  var now: Timestamp { time.withLock { $0 } }

  func advance(seconds: Int64) { time.withLock { $0 = $0.adding(seconds: seconds) } }
}

/// A tree in memory.
actor FakeTree: LogTree {
  private var leaves: [Digest]
  /// Thrown by every operation, if it is set.
  private var failure: (any Error)?

  init(_ contents: [String]) { leaves = contents.map { .leaf(Array($0.utf8)) } }

  func replace(_ contents: [String]) { leaves = contents.map { .leaf(Array($0.utf8)) } }

  func fail(with error: (any Error)?) { failure = error }

  @discardableResult
  func integrate() throws -> Frontier {
    if let failure { throw failure }
    var frontier = Frontier()
    for leaf in leaves { frontier.append(leaf) { _ in } }
    return frontier
  }

  func hashes(of elements: [ProofElement]) throws -> [Digest] {
    if let failure { throw failure }
    return elements.map { ProofLayout.hash($0) { hash($0) } }
  }

  private func hash(_ node: TreeNode) -> Digest {
    guard node.level > 0 else { return leaves[Int(node.index)] }
    let left = TreeNode(level: node.level - 1, index: 2 * node.index)
    let right = TreeNode(level: node.level - 1, index: 2 * node.index + 1)
    return .node(hash(left), hash(right))
  }
}

/// Checkpoints and cosignatures in memory.
actor FakeCheckpointArchive: CheckpointArchive, CosignatureArchive {
  private(set) var key: String?
  private(set) var checkpoints: [TreeSize: StoredCheckpoint] = [:]
  private(set) var cosigned: [String: TreeSize] = [:]
  /// Thrown when a checkpoint is saved, if it is set.
  private var failure: (any Error)?

  init(key: String? = nil) { self.key = key }

  func fail(with error: (any Error)?) { failure = error }

  func claimLogKey(_ key: NoteVerifierKey) -> String {
    let claimed = self.key ?? key.description
    self.key = claimed
    return claimed
  }

  func latest() -> StoredCheckpoint? { checkpoints.max { $0.key < $1.key }?.value }

  func checkpoint(size: TreeSize) -> StoredCheckpoint? { checkpoints[size] }

  func save(_ checkpoint: SignedCheckpoint) throws {
    if let failure { throw failure }
    checkpoints[checkpoint.checkpoint.size] = StoredCheckpoint(checkpoint)
  }

  func lastCosignedSize(by witness: String) throws -> TreeSize {
    if let failure { throw failure }
    return cosigned[witness] ?? 0
  }

  func save(cosignature: NoteSignature, size: TreeSize) {
    cosigned[cosignature.name] = size
    if let stored = checkpoints[size] {
      checkpoints[size] = stored.with(cosignatures: stored.cosignatures + [cosignature.line])
    }
  }
}

/// Answers each request with the next of some results, and stores the requests.
actor FakeFetcher: Fetcher {
  private var answers: [Result<Fetched, FetchError>]
  private(set) var requests: [SafeHTTPClient.Request] = []

  init(_ answers: [Result<Fetched, FetchError>]) { self.answers = answers }

  func fetch(_ request: SafeHTTPClient.Request) throws -> Fetched {
    requests.append(request)
    guard !answers.isEmpty else { throw FetchError(.unreachable, "The test has no more answers.") }
    return try answers.removeFirst().get()
  }

  static func answer(_ status: Int, _ body: String) -> Result<Fetched, FetchError> {
    let bytes = Array(body.utf8)
    return .success(
      Fetched(
        status: status, sha256: Digest(hashing: bytes).bytes, length: Int64(bytes.count),
        location: "https://example.org", bytes: bytes))
  }
}

/// A log of one record in memory.
struct FakeLog: EventSource, StorageAttestationSource, StatementSource {
  let stored: [StoredEvent]
  let columns: [FoldEvent]
  let record: ResolvedRecord

  init(_ writer: EntryWriter, record: RecordID, _ canonical: CanonicalRecord) {
    columns = writer.events
    stored = zip(writer.events, writer.entries).map { event, entry in
      StoredEvent(
        position: event.position, record: event.record, eventID: event.eventID, type: event.type,
        recordedAt: event.recordedAt, entry: entry)
    }
    self.record = ResolvedRecord(
      record: record, pithNumber: canonical.pithNumber, canonicalSHA256: canonical.digest,
      isOperatorImported: false)
  }

  func size() -> TreeSize { TreeSize(stored: Int64(stored.count)) }

  func events(from: Position, limit: Int) -> [StoredEvent] {
    Array(stored.filter { $0.position >= from }.prefix(limit))
  }

  func storageAttestations(from: Position, limit: Int) -> [StoredEvent] {
    Array(stored.filter { $0.type == .storageAttestation && $0.position >= from }.prefix(limit))
  }

  func statement(of stored: StoredEvent) -> GroupFold.Statement? {
    let group = columns[Int(stored.position.rawValue)].foldGroup
    return GroupFold(
      columns.filter { $0.foldGroup == group && group != nil }, LogWriter.context(columns[...])
    ).statements.first { $0.event.position == stored.position }
  }

  func record(of event: SignedEvent) -> ResolvedRecord? { record }
}

/// Stores the results of checks that a component records.
actor FakeCheckWriter: AnchorCheckWriter {
  struct Recorded: Equatable {
    let verdict: Verdict
    let position: Position
    let finding: Finding?
    let report: [UInt8]?
  }

  private(set) var recorded: [Recorded] = []
  private(set) var upgrades: [[UInt8]] = []

  func record(
    _ verdict: Verdict, _ reason: String, about target: StoredEvent, of record: ResolvedRecord?,
    finding: Finding?, report: [UInt8]?
  ) {
    recorded.append(
      Recorded(verdict: verdict, position: target.position, finding: finding, report: report))
  }

  func recordUpgrade(
    _ proof: [UInt8], of anchor: StoredEvent, record: ResolvedRecord?, finding: Finding
  ) { upgrades.append(proof) }
}
