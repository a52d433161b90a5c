import LedgerDomain

/// Limits how many unsigned anchors of one client are pending at one record.
///
/// A record accepts few pending anchors, and one client must not use all of them.
actor PendingAnchorLimits {
  static let perClient = 4
  static let window: Duration = .seconds(86_400)
  /// The largest number of pairs of client and record. Beyond it, the oldest are removed.
  static let capacity = 50_000

  private struct Key: Hashable {
    let client: ClientID
    let record: RecordID
  }

  private var times: [Key: [ContinuousClock.Instant]] = [:]

  /// Refuses if the client has sent its number of anchors in the last day.
  func check(_ client: ClientID, _ record: RecordID) throws(Refusal) {
    guard client != .shell else { return }
    let now = ContinuousClock.now
    let recent = times[Key(client: client, record: record), default: []]
      .filter { $0.duration(to: now) < Self.window }
    guard recent.count >= Self.perClient else { return }
    // The next is accepted when fewer than the limit are younger than a day.
    let oldest = recent[recent.count - Self.perClient]
    let left = Self.window - oldest.duration(to: now)
    throw Refusal(
      .tooMany, check: "pending_anchors",
      "This client has sent \(recent.count) pending unsigned anchors for this record within a day. Sign the next with a "
        + "registered key, or send the complete proof later.",
      retryAfter: Int(clamping: max(1, left.components.seconds + 1)))
  }

  /// Notes an anchor that was accepted and is pending.
  func note(_ client: ClientID, _ record: RecordID) {
    guard client != .shell else { return }
    let now = ContinuousClock.now
    if times.count >= Self.capacity {
      times = times.filter { ($0.value.last?.duration(to: now) ?? Self.window) < Self.window }
      if times.count >= Self.capacity { times.removeAll() }
    }
    let key = Key(client: client, record: record)
    times[key] = times[key, default: []].filter { $0.duration(to: now) < Self.window } + [now]
  }
}
