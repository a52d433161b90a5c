import Encodings
import LedgerDomain
import NIOPosix
import ProofFormats
import ProofVerification
import SafeHTTPClient

/// What executing an `.ots` file came to. It depends on the bytes alone.
struct ExecutedProof: Sendable {
  let algorithm: OpenTimestampsProof.DigestAlgorithm
  let digest: [UInt8]
  let ends: [OpenTimestampsProof.End]

  init(_ bytes: [UInt8]) throws(ProofFormatError) {
    let proof = try OpenTimestampsProof.parse(bytes)
    algorithm = proof.algorithm
    digest = proof.digest
    ends = try proof.evaluate()
  }

  /// Bytes that the messages take in memory.
  var size: Int { ends.reduce(256) { $0 + $1.message.count + 64 } }

  /// Heights of the Bitcoin blocks that its paths end in.
  var heights: [Int64] {
    ends.compactMap {
      if case .bitcoin(let height) = $0.attestation { Int64(exactly: height) } else { nil }
    }
  }
}

/// A dictionary that forgets its oldest entries.
struct BoundedCache<Key: Hashable, Value> {
  private var values: [Key: (value: Value, size: Int)] = [:]
  private var order: [Key] = []
  private var first = 0
  private var size = 0
  private let limit: Int

  /// - Parameter limit: the sum of all entries' sizes at most.
  init(limit: Int) { self.limit = limit }

  subscript(key: Key) -> Value? { values[key]?.value }
  var count: Int { values.count }

  mutating func insert(_ value: Value, for key: Key, size added: Int) {
    guard values[key] == nil, added <= limit / 16 else { return }
    values[key] = (value, added)
    order.append(key)
    size += added
    while size > limit, first < order.count {
      size -= values.removeValue(forKey: order[first])?.size ?? 0
      first += 1
    }
    if first > 1024, first * 2 > order.count {
      order.removeFirst(first)
      first = 0
    }
  }
}

/// Executes proofs and checks tokens on threads of their own, a few at a time, and remembers the results.
///
/// Such a check computes for some milliseconds. On the threads of the concurrency runtime, a few of them would
/// hold up every request.
actor ProofExecutor {
  struct Limits: Sendable {
    /// Checks at one time.
    var concurrent = 2
    /// Checks that wait at most.
    var waiting = 64
    /// Of these, checks for one client at most.
    var waitingPerClient = 8
    init() {}
  }

  private struct Waiter {
    let client: String?
    let continuation: CheckedContinuation<Void, Never>
  }

  private let limits: Limits
  private var running = 0
  private var waiting: [Waiter] = []
  private var proofs = BoundedCache<Digest, Result<ExecutedProof, ProofFormatError>>(limit: 8 << 20)
  private var tokens = BoundedCache<Digest, Result<CheckedToken, ProofFormatError>>(limit: 1 << 20)
  /// Checks that were not answered from memory.
  private(set) var executions = 0
  var load: (running: Int, waiting: Int) { (running, waiting.count) }

  typealias CheckedToken = (token: TimestampToken, finding: TimestampToken.Finding)

  init(_ limits: Limits = Limits()) { self.limits = limits }

  /// Parses and executes an `.ots` file.
  ///
  /// Errors: a ``ProofFormatError``; a `Refusal` where too many checks wait.
  func execute(_ bytes: [UInt8]) async throws -> ExecutedProof {
    let key = Digest(hashing: bytes)
    if let known = proofs[key] { return try known.get() }
    let result = try await run {
      Result<ExecutedProof, ProofFormatError> { () throws(ProofFormatError) in
        try ExecutedProof(bytes)
      }
    }
    proofs.insert(result, for: key, size: (try? result.get().size) ?? 256)
    return try result.get()
  }

  /// Checks a token under some roots. The same token under other roots is another check.
  func check(
    _ bytes: [UInt8], roots: [UInt8], imprint: [UInt8]?
  ) async throws -> CheckedToken {
    let key = Digest(
      hashing: Digest(hashing: bytes).bytes + Digest(hashing: roots).bytes + (imprint ?? []))
    if let known = tokens[key] { return try known.get() }
    let result = try await run {
      Result<CheckedToken, ProofFormatError> { () throws(ProofFormatError) in
        try TimestampToken.check(bytes, roots: roots, imprint: imprint)
      }
    }
    tokens.insert(result, for: key, size: 512)
    return try result.get()
  }

  /// Runs other work of this kind: with the same limits, and without memory of its result.
  func run<R: Sendable>(_ work: @escaping @Sendable () -> R) async throws -> R {
    try await enter()
    defer { leave() }
    executions += 1
    return try await NIOThreadPool.singleton.runIfActive(work)
  }

  /// Runs work that computes in a library of its own scheduling, with the same limits.
  nonisolated func limited<R: Sendable>(_ work: () async throws -> R) async throws -> R {
    try await enter()
    do {
      let result = try await work()
      await leave()
      return result
    } catch {
      await leave()
      throw error
    }
  }

  private func enter() async throws(Refusal) {
    guard running >= limits.concurrent else {
      running += 1
      return
    }
    let client = FetchClient.current
    guard waiting.count < limits.waiting else {
      throw Refusal(
        .unavailable, check: "checks_busy", "Too many proofs are being checked; try again.")
    }
    if let client, waiting.count(where: { $0.client == client }) >= limits.waitingPerClient {
      throw Refusal(
        .tooMany, check: "check_limit",
        "\(limits.waitingPerClient) proofs of this client wait to be checked already: send the next ones "
          + "when these have been answered.")
    }
    await withCheckedContinuation { waiting.append(Waiter(client: client, continuation: $0)) }
  }

  private func leave() {
    if waiting.isEmpty { running -= 1 } else { waiting.removeFirst().continuation.resume() }
  }
}
