import LedgerDomain
import Synchronization

/// Allowances per key that refill steadily, in a table of fixed size.
///
/// A key that is not in the table has its whole allowance. The table holds the keys that used some of
/// theirs. When it is full, the key that used least of several random ones gives way: many new keys
/// cannot remove the few that have nothing left.
final class RateLimiter<Key: Hashable & Sendable>: Sendable {
  /// Keys in the table at most.
  static var capacity: Int { 65_536 }
  private static var shardCount: Int { 16 }
  private static var sampleSize: Int { 8 }

  private struct Bucket {
    let key: Key
    var left: Double
    var refilled: ContinuousClock.Instant
  }

  private struct Shard {
    var buckets: [Bucket] = []
    var places: [Key: Int] = [:]
  }

  /// A lock with its shard, as a reference because a lock cannot be an array's element.
  private final class LockedShard: Sendable {
    let state = Mutex(Shard())
  }

  private let shards: [LockedShard]
  private let perShard: Int
  private let check: String
  private let what: String

  /// - Parameters:
  ///   - check: the check that a refusal names.
  ///   - what: what is counted, as in `bare actions`.
  init(check: String, what: String, capacity: Int = RateLimiter.capacity) {
    self.check = check
    self.what = what
    shards = (0..<Self.shardCount).map { _ in LockedShard() }
    perShard = max(1, capacity / Self.shardCount)
  }

  /// How many keys the table holds now.
  var count: Int { shards.reduce(0) { $0 + $1.state.withLock { $0.buckets.count } } }

  /// Takes an amount from a key's allowance.
  ///
  /// An amount above the whole allowance is taken from a full one.
  ///
  /// Errors: `tooMany` with the seconds after which the amount is available.
  func take(
    _ amount: Double = 1, from key: Key, perHour: Int, now: ContinuousClock.Instant = .now
  ) throws(Refusal) {
    let missing = withBucket(of: key, perHour: perHour, now: now) { bucket -> Double in
      let missing = min(amount, Double(perHour)) - bucket.left
      if missing <= 0 { bucket.left -= amount }
      return missing
    }
    guard missing > 0 else { return }
    let seconds = Int((missing / Double(perHour) * 3600).rounded(.up))
    throw Refusal(
      .tooMany, check: check,
      "The limit is \(perHour) \(what) an hour; try again in \(max(1, seconds)) seconds.",
      retryAfter: max(1, seconds))
  }

  /// Gives back what was taken for nothing.
  func giveBack(_ amount: Double = 1, to key: Key, perHour: Int) {
    withBucket(of: key, perHour: perHour, now: .now) {
      $0.left = min(Double(perHour), $0.left + amount)
    }
  }

  private func withBucket<R: Sendable>(
    of key: Key, perHour: Int, now: ContinuousClock.Instant, _ body: (inout Bucket) -> R
  ) -> R {
    let shard = shards[Int(UInt(bitPattern: key.hashValue) % UInt(Self.shardCount))]
    return shard.state.withLock { shard in
      let place: Int
      if let known = shard.places[key] {
        place = known
        let hours = shard.buckets[place].refilled.duration(to: now) / .seconds(3600)
        shard.buckets[place].left = min(
          Double(perHour), shard.buckets[place].left + max(0, hours) * Double(perHour))
        shard.buckets[place].refilled = now
      } else {
        if shard.buckets.count >= perShard { removeOne(&shard) }
        place = shard.buckets.count
        shard.buckets.append(Bucket(key: key, left: Double(perHour), refilled: now))
        shard.places[key] = place
      }
      return body(&shard.buckets[place])
    }
  }

  /// Removes the fullest of some random buckets: its loss changes least.
  private func removeOne(_ shard: inout Shard) {
    var victim = Int.random(in: shard.buckets.indices)
    for _ in 1..<Self.sampleSize {
      let other = Int.random(in: shard.buckets.indices)
      if shard.buckets[other].left > shard.buckets[victim].left { victim = other }
    }
    shard.places[shard.buckets[victim].key] = nil
    let last = shard.buckets.removeLast()
    if victim < shard.buckets.count {
      shard.buckets[victim] = last
      shard.places[last.key] = victim
    }
  }
}
