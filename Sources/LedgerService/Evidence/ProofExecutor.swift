import Encodings
import LedgerDomain
import NIOPosix
import ProofFormats
import ProofVerification
import SafeHTTPClient

/// The result of executing an `.ots` file. It depends on the bytes only.
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

  /// The approximate size in memory, in bytes.
  var size: Int { ends.reduce(256) { $0 + $1.message.count + 64 } }

  /// The heights of the Bitcoin blocks at the ends of its paths.
  var heights: [Int64] {
    ends.compactMap {
      if case .bitcoin(let height) = $0.attestation { Int64(exactly: height) } else { nil }
    }
  }
}

/// Executes proofs and checks tokens on separate threads, a few at a time, and caches the results.
///
/// A check computes for some milliseconds. On the threads of the concurrency runtime, a few of them
/// would delay every request.
actor ProofExecutor {
  struct Limits: Sendable {
    /// Checks that run at the same time.
    var concurrent = 2
    /// The largest number of waiting checks.
    var waiting = 64
    /// The largest number of them for one client.
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
  /// Checks that were not answered from the cache.
  private(set) var executions = 0
  var load: (running: Int, waiting: Int) { (running, waiting.count) }

  typealias CheckedToken = (token: TimestampToken, finding: TimestampToken.Finding)

  init(_ limits: Limits = Limits()) { self.limits = limits }

  /// Parses and executes an `.ots` file.
  ///
  /// Errors: a ``ProofFormatError``; a `Refusal` if too many checks wait.
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

  /// Checks a token against root certificates. The cache distinguishes roots and imprints.
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

  /// Runs other work within the same limits. Its result is not cached.
  func run<R: Sendable>(_ work: @escaping @Sendable () -> R) async throws -> R {
    try await enter()
    defer { leave() }
    executions += 1
    return try await NIOThreadPool.singleton.runIfActive(work)
  }

  /// Runs asynchronous work within the same limits.
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
        "\(limits.waitingPerClient) proofs of this client are waiting for a check. Send further ones after the answers.",
        retryAfter: 1)
    }
    await withCheckedContinuation { waiting.append(Waiter(client: client, continuation: $0)) }
  }

  private func leave() {
    if waiting.isEmpty { running -= 1 } else { waiting.removeFirst().continuation.resume() }
  }
}
