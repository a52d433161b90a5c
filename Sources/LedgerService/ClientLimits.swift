import LedgerDomain

/// Whoever sent a request, as far as limits care: a network address, or this machine's shell.
public struct ClientID: Hashable, Sendable {
  public let name: String
  public init(_ name: String) { self.name = name }

  /// The operator's own shell, to which no limit applies.
  public static let shell = ClientID("shell")
}

/// Allowances per client that refill steadily: a bucket of an hour's worth for each kind of request.
actor ClientLimits {
  private struct Bucket {
    var tokens: Double
    var filled: ContinuousClock.Instant
  }

  private var buckets: [ClientID: Bucket] = [:]
  private let perHour: Int
  private let check: String
  private let clock = ContinuousClock()

  init(perHour: Int, check: String) {
    self.perHour = perHour
    self.check = check
  }

  /// Takes one from the client's allowance, or refuses and says when there is one again.
  func take(_ client: ClientID) throws(Refusal) {
    guard client != .shell else { return }
    let now = clock.now
    if buckets.count > 50_000 {
      // Full buckets say nothing that a fresh one would not.
      buckets = buckets.filter { $0.value.filled.duration(to: now) < .seconds(3600) }
    }
    var bucket = buckets[client] ?? Bucket(tokens: Double(perHour), filled: now)
    let elapsed = bucket.filled.duration(to: now) / .seconds(3600)
    bucket.tokens = min(Double(perHour), bucket.tokens + elapsed * Double(perHour))
    bucket.filled = now
    guard bucket.tokens >= 1 else {
      buckets[client] = bucket
      let seconds = Int((1 - bucket.tokens) / Double(perHour) * 3600) + 1
      throw Refusal(
        .tooMany, check: check,
        "This client may do this \(perHour) times an hour; try again in \(seconds) seconds.")
    }
    bucket.tokens -= 1
    buckets[client] = bucket
  }
}

/// Lets one task at a time work on each key, in the order they came.
actor TurnTaking<Key: Hashable & Sendable> {
  private var waiting: [Key: [CheckedContinuation<Void, Never>]] = [:]

  func enter(_ key: Key) async {
    if waiting[key] == nil {
      waiting[key] = []
      return
    }
    await withCheckedContinuation { waiting[key, default: []].append($0) }
  }

  func leave(_ key: Key) {
    guard var queue = waiting[key] else { return }
    if queue.isEmpty {
      waiting[key] = nil
    } else {
      let next = queue.removeFirst()
      waiting[key] = queue
      next.resume()
    }
  }

  nonisolated func turn<R: Sendable>(
    _ key: Key, _ body: () async throws -> R
  ) async throws -> R {
    await enter(key)
    do {
      let result = try await body()
      await leave(key)
      return result
    } catch {
      await leave(key)
      throw error
    }
  }
}
