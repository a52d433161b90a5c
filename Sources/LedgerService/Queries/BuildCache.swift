import LedgerDomain

/// Results that are dear to compute: each is computed once for all who ask for it at the same time, and kept
/// for a while within a bound.
///
/// Few are computed at once. Others wait in line; when the line is full, the next one is refused.
actor BuildCache<Key: Hashable & Sendable, Value: Sendable> {
  private struct Kept {
    let value: Value
    let cost: Int
    let until: ContinuousClock.Instant
    var used: UInt64
  }

  private let check: String
  private let maxRunning: Int
  private let maxWaiting: Int
  private let maxCost: Int
  private let life: Duration
  private let costOf: @Sendable (Value) -> Int
  private var kept: [Key: Kept] = [:]
  private var cost = 0
  private var uses: UInt64 = 0
  private var building: [Key: Task<Value, any Error>] = [:]
  private var running = 0
  private var waiting: [CheckedContinuation<Void, Never>] = []
  /// How many results were computed.
  private(set) var builds = 0

  /// - Parameters:
  ///   - check: what a refusal names.
  ///   - maxCost: the sum of what is kept, in the unit of `cost`.
  ///   - life: how long a result is kept at most.
  ///   - cost: of one result; each is as dear as another unless it says otherwise.
  init(
    check: String, maxRunning: Int, maxWaiting: Int, maxCost: Int, life: Duration = .seconds(3600),
    cost: @escaping @Sendable (Value) -> Int = { _ in 1 }
  ) {
    self.check = check
    self.maxRunning = maxRunning
    self.maxWaiting = maxWaiting
    self.maxCost = maxCost
    self.life = life
    costOf = cost
  }

  /// The result for a key, computed by `build` where it is not kept.
  ///
  /// Errors: `unavailable` where too many others are being computed; what `build` throws.
  func value(
    for key: Key, build: @Sendable @escaping () async throws -> Value
  ) async throws -> Value {
    uses += 1
    if let known = kept[key] {
      if known.until > .now {
        kept[key]?.used = uses
        return known.value
      }
      drop(key)
    }
    if let build = building[key] { return try await build.value }
    guard building.count < maxRunning + maxWaiting else {
      throw Refusal(
        .unavailable, check: check, "Too many answers of this kind are being computed; try again.")
    }
    // A task of its own: the first request may be cancelled while others still wait for the result.
    let task = Task { try await self.run(build) }
    building[key] = task
    defer { building[key] = nil }
    let value = try await task.value
    keep(value, for: key, cost: costOf(value))
    return value
  }

  /// Lets go of everything that is kept.
  func removeAll() {
    kept = [:]
    cost = 0
  }

  private func run(_ build: @Sendable () async throws -> Value) async throws -> Value {
    if running < maxRunning {
      running += 1
    } else {
      // A build that ends gives its place to the next one.
      await withCheckedContinuation { waiting.append($0) }
    }
    defer {
      if waiting.isEmpty { running -= 1 } else { waiting.removeFirst().resume() }
    }
    builds += 1
    return try await build()
  }

  private func keep(_ value: Value, for key: Key, cost: Int) {
    drop(key)
    guard cost <= maxCost else { return }
    while self.cost + cost > maxCost, let oldest = kept.min(by: { $0.value.used < $1.value.used }) {
      drop(oldest.key)
    }
    kept[key] = Kept(value: value, cost: cost, until: .now + life, used: uses)
    self.cost += cost
  }

  private func drop(_ key: Key) {
    guard let gone = kept.removeValue(forKey: key) else { return }
    cost -= gone.cost
  }
}
