import CoreMetrics
import LedgerDomain
import Synchronization

/// Token buckets by key, in a table of fixed size.
///
/// A key that is not in the table has a full bucket. If the table is full, the fullest of several
/// random buckets is removed. Many new keys therefore do not remove the few with empty buckets.
final class RateLimiter<Key: Hashable & Sendable>: Sendable {
  /// The largest number of keys in the table.
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

  /// A shard with its lock. A class, because a `Mutex` cannot be an array's element.
  private final class LockedShard: Sendable {
    let state = Mutex(Shard())
  }

  private let shards: [LockedShard]
  private let perShard: Int
  private let check: String
  private let what: String
  private let unit: QuotaUse.Quota.Unit
  private let refusals: Counter?

  /// Creates a limiter with an empty table.
  ///
  /// - Parameters:
  ///   - check: the check that a refusal names.
  ///   - what: the counted things, for the refusal's text.
  ///   - refusals: counts refusals.
  init(
    check: String, what: String, unit: QuotaUse.Quota.Unit = .requests,
    capacity: Int = RateLimiter.capacity, refusals: Counter? = nil
  ) {
    self.refusals = refusals
    self.check = check
    self.what = what
    self.unit = unit
    shards = (0..<Self.shardCount).map { _ in LockedShard() }
    perShard = max(1, capacity / Self.shardCount)
  }

  /// The number of keys in the table.
  var count: Int { shards.reduce(0) { $0 + $1.state.withLock { $0.buckets.count } } }

  /// Takes an amount from a key's bucket. An amount above the bucket's size is taken from a full bucket.
  ///
  /// What is left is noted for the request. Errors: `tooMany` with the seconds after which the amount is available.
  func take(
    _ amount: Double = 1, from key: Key, perHour: Int, now: ContinuousClock.Instant = .now
  ) throws(Refusal) {
    let (missing, left) = withBucket(of: key, perHour: perHour, now: now) { bucket in
      let missing = min(amount, Double(perHour)) - bucket.left
      if missing <= 0 { bucket.left -= amount }
      return (missing, bucket.left)
    }
    note(left: left, perHour: perHour)
    guard missing > 0 else { return }
    refusals?.increment()
    let seconds = Int((missing / Double(perHour) * 3600).rounded(.up))
    throw Refusal(
      .tooMany, check: check,
      "The limit is \(perHour) \(what) an hour.",
      retryAfter: max(1, seconds))
  }

  /// Returns an amount to a key's bucket.
  func giveBack(_ amount: Double = 1, to key: Key, perHour: Int) {
    let left = withBucket(of: key, perHour: perHour, now: .now) { bucket in
      bucket.left = min(Double(perHour), bucket.left + amount)
      return bucket.left
    }
    note(left: left, perHour: perHour)
  }

  /// Notes what is left for a key, and takes nothing.
  func show(_ key: Key, perHour: Int) {
    guard QuotaUse.current != nil else { return }
    note(left: withBucket(of: key, perHour: perHour, now: .now) { $0.left }, perHour: perHour)
  }

  private func note(left: Double, perHour: Int) {
    guard let use = QuotaUse.current else { return }
    let missing = (Double(perHour) - left) / Double(perHour) * 3600
    use.note(
      QuotaUse.Quota(
        check: check, unit: unit, limit: perHour, left: max(0, Int(left.rounded(.down))),
        secondsToFull: max(0, Int(missing.rounded(.up)))))
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

  /// Removes the fullest of some random buckets.
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
